import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Conversation } from '../conversations/conversation.entity.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { User } from '../users/user.entity.js';

export const TRANSCRIPTION_STATUSES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
/** `queued` and `running` are on their way; the others are final. */
export type TranscriptionStatus = (typeof TRANSCRIPTION_STATUSES)[number];

export const TRANSCRIPTION_TASKS = ['transcribe', 'translate'] as const;
/** `transcribe` writes down what was said, `translate` says it in English. */
export type TranscriptionTask = (typeof TRANSCRIPTION_TASKS)[number];

export const TRANSCRIPTION_ERRORS = [
  'audio_unreadable',
  'audio_empty',
  'audio_too_long',
  'quota_exceeded',
  'speech_failed',
  'speech_unavailable',
  'interrupted',
] as const;
export type TranscriptionErrorCode = (typeof TRANSCRIPTION_ERRORS)[number];

export function isFinal(status: TranscriptionStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

/**
 * What was said in a recording, or the way there. It is `queued` until a job takes it up, which is when a claim of its
 * own stands in `leaseOwner`: whatever that job writes later is written only while the claim stands. A job whose lease
 * ran out is taken for lost, and the next one is another `attempt`.
 */
@Entity('transcriptions')
@Index('uq_transcriptions_idempotency', ['ownerId', 'idempotencyKey'], { unique: true })
@Index('ix_transcriptions_owner_status', ['ownerId', 'status'])
@Index('ix_transcriptions_status', ['status', 'id'])
export class Transcription {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  /** The conversation that it goes with; null where it stands for itself. */
  @Index('ix_transcriptions_conversation')
  @Column({ name: 'conversation_id', type: 'bigint', nullable: true })
  conversationId!: number | null;

  @ManyToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'conversation_id' })
  conversation?: Relation<Conversation> | null;

  /** The recording; null where it was deleted. */
  @Index('ix_transcriptions_file')
  @Column({ name: 'file_id', type: 'bigint', nullable: true })
  fileId!: number | null;

  @ManyToOne(() => StoredFile, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'file_id' })
  file?: Relation<StoredFile> | null;

  @Column({ type: 'varchar', length: 10 })
  status!: TranscriptionStatus;

  /** Which job is the one that counts; jobs of earlier attempts find nothing to do. */
  @Column({ type: 'int' })
  attempt!: number;

  /** How many jobs were lost in succession without a single piece done. */
  @Column({ type: 'int' })
  losses!: number;

  /** The claim of the job that works on it. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 36, nullable: true })
  leaseOwner!: string | null;

  /**
   * When somebody else may take care of it: `queued`, its job is added again; `running`, its job is taken for lost;
   * ended, its last event is still to be written. Null where nothing is left to do.
   */
  @Index('ix_transcriptions_due')
  @Column({ name: 'due_at', type: 'datetime', precision: 3, nullable: true })
  dueAt!: Date | null;

  @Column({ type: 'varchar', length: 12 })
  task!: TranscriptionTask;

  /** ISO 639-1 code of what is spoken, where it was said. */
  @Column({ type: 'varchar', length: 8, nullable: true })
  language!: string | null;

  /** Words that are likely to come. */
  @Column({ type: 'longtext', nullable: true })
  prompt!: string | null;

  @Column({ name: 'wants_words', type: 'boolean' })
  wantsWords!: boolean;

  @Column({ type: 'longtext', nullable: true })
  text!: string | null;

  /** ISO 639-1 code of what is spoken for most of the time. */
  @Column({ name: 'detected_language', type: 'varchar', length: 8, nullable: true })
  detectedLanguage!: string | null;

  /** JSON of `SpokenSegment[]`. */
  @Column({ type: 'longtext', nullable: true })
  segments!: string | null;

  /** Of the recording; null until it was decoded. From then on its length is booked to its owner. */
  @Column({ name: 'duration_ms', type: 'bigint', nullable: true })
  durationMs!: number | null;

  /** Which part is done, 0 to 1. */
  @Column({ type: 'double' })
  progress!: number;

  /** Technology and model. */
  @Column({ type: 'varchar', length: 100, nullable: true })
  engine!: string | null;

  @Column({ name: 'error_code', type: 'varchar', length: 64, nullable: true })
  errorCode!: TranscriptionErrorCode | null;

  @Column({ name: 'idempotency_key', type: 'varchar', length: 255, nullable: true })
  idempotencyKey!: string | null;

  /** SHA-256 of the request that came with the key. */
  @Column({ name: 'request_hash', type: 'varchar', length: 64, nullable: true })
  requestHash!: string | null;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'finished_at', type: 'datetime', precision: 3, nullable: true })
  finishedAt!: Date | null;
}
