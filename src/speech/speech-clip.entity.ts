import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Message } from '../conversations/message.entity.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { User } from '../users/user.entity.js';
import type { SpeechFormat } from './synthesizer.js';

/** What of a message a clip speaks: all of it; its sentences are 1, 2, 3 … */
export const WHOLE_MESSAGE = 0;

/** A message, or a sentence of it, that was spoken: once, and from then on replayed. */
@Entity('speech_clips')
@Index('uq_speech_clips_part', ['messageId', 'part', 'voice', 'format'], { unique: true })
export class SpeechClip {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Index('ix_speech_clips_owner')
  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  @Column({ name: 'message_id', type: 'bigint' })
  messageId!: number;

  @ManyToOne(() => Message, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'message_id' })
  message?: Relation<Message>;

  /** `WHOLE_MESSAGE`, or the place of the sentence, from 1. */
  @Column({ type: 'int' })
  part!: number;

  @Column({ type: 'varchar', length: 60 })
  voice!: string;

  @Column({ type: 'varchar', length: 8 })
  format!: SpeechFormat;

  @Index('ix_speech_clips_file')
  @Column({ name: 'file_id', type: 'bigint' })
  fileId!: number;

  @ManyToOne(() => StoredFile, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'file_id' })
  file?: Relation<StoredFile>;

  @Column({ name: 'duration_ms', type: 'int' })
  durationMs!: number;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
