import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Transcription } from './transcription.entity.js';

/** A piece of a long recording, kept while the recording is transcribed: what is done is not done again. */
@Entity('transcription_pieces')
export class TranscriptionPiece {
  @PrimaryColumn({ name: 'transcription_id', type: 'bigint' })
  transcriptionId!: number;

  @ManyToOne(() => Transcription, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'transcription_id' })
  transcription?: Relation<Transcription>;

  /** Place in the recording, from 0. */
  @PrimaryColumn({ type: 'int' })
  idx!: number;

  /** In milliseconds from the beginning of the recording. */
  @Column({ name: 'start_ms', type: 'bigint' })
  startMs!: number;

  @Column({ name: 'end_ms', type: 'bigint' })
  endMs!: number;

  /** JSON of `WhisperResult`; null until it is there. */
  @Column({ type: 'longtext', nullable: true })
  result!: string | null;
}
