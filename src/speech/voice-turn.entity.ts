import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Conversation } from '../conversations/conversation.entity.js';
import type { OnDisconnect } from '../conversations/message.entity.js';
import { User } from '../users/user.entity.js';
import type { SpeechFormat } from './synthesizer.js';
import { Transcription } from './transcription.entity.js';

export const VOICE_TURN_STATUSES = ['transcribing', 'answering', 'done', 'failed', 'cancelled'] as const;
/** `transcribing` and `answering` (which the speaking belongs to) are on their way; the others are final. */
export type VoiceTurnStatus = (typeof VOICE_TURN_STATUSES)[number];
export type VoiceTurnEnd = Exclude<VoiceTurnStatus, 'transcribing' | 'answering'>;

export function isOver(status: VoiceTurnStatus): status is VoiceTurnEnd {
  return status !== 'transcribing' && status !== 'answering';
}

/**
 * A turn that begins with a recording: its transcription, the turn itself, and the speaking of the answer. While it is
 * on its way it holds its conversation's place in `activeIn`, which is unique: one voice turn at a time. Once it is
 * `answering` a job works on it, whose claim stands in `leaseOwner`: whatever that job writes is written only while the
 * claim stands.
 */
@Entity('voice_turns')
@Index('uq_voice_turns_idempotency', ['ownerId', 'idempotencyKey'], { unique: true })
export class VoiceTurn {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  @Index('ix_voice_turns_conversation')
  @Column({ name: 'conversation_id', type: 'bigint' })
  conversationId!: number;

  @ManyToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'conversation_id' })
  conversation?: Relation<Conversation>;

  @Index('uq_voice_turns_transcription', { unique: true })
  @Column({ name: 'transcription_id', type: 'bigint', nullable: true })
  transcriptionId!: number | null;

  @ManyToOne(() => Transcription, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'transcription_id' })
  transcription?: Relation<Transcription> | null;

  @Column({ name: 'user_message_id', type: 'bigint', nullable: true })
  userMessageId!: number | null;

  @Index('ix_voice_turns_answer')
  @Column({ name: 'assistant_message_id', type: 'bigint', nullable: true })
  assistantMessageId!: number | null;

  @Column({ type: 'varchar', length: 12 })
  status!: VoiceTurnStatus;

  /** The conversation's id while it is on its way, null otherwise. */
  @Index('uq_voice_turns_active', { unique: true })
  @Column({ name: 'active_in', type: 'bigint', nullable: true })
  activeIn!: number | null;

  /** Whether it is answered; without, what was said is a message that waits for its answer. */
  @Column({ type: 'boolean', default: true })
  answer!: boolean;

  /** Whether the answer is spoken. */
  @Column({ type: 'boolean' })
  speak!: boolean;

  /** The voice that was asked for; null leaves it to the server. */
  @Column({ type: 'varchar', length: 60, nullable: true })
  voice!: string | null;

  @Column({ type: 'varchar', length: 8 })
  format!: SpeechFormat;

  /** Where in the conversation it was asked to go: an answer's id, 0 for the beginning, null for the active branch. */
  @Column({ name: 'reply_to', type: 'bigint', nullable: true })
  replyTo!: number | null;

  @Column({ name: 'on_disconnect', type: 'varchar', length: 8 })
  onDisconnect!: OnDisconnect;

  /** How many sentences were told; counted when it has ended. */
  @Column({ type: 'int' })
  sentences!: number;

  /** Why it failed. */
  @Column({ name: 'error_code', type: 'varchar', length: 64, nullable: true })
  errorCode!: string | null;

  /** Why not all of the answer was spoken. */
  @Column({ name: 'speech_error_code', type: 'varchar', length: 64, nullable: true })
  speechErrorCode!: string | null;

  @Column({ name: 'idempotency_key', type: 'varchar', length: 255, nullable: true })
  idempotencyKey!: string | null;

  /** SHA-256 of the request that came with the key. */
  @Column({ name: 'request_hash', type: 'varchar', length: 64, nullable: true })
  requestHash!: string | null;

  /** Which job is the one that counts; jobs of earlier attempts find nothing to do. */
  @Column({ type: 'int' })
  attempt!: number;

  /** The claim of the job that works on it. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 36, nullable: true })
  leaseOwner!: string | null;

  /**
   * When somebody else may take care of it: `transcribing`, whether that has ended is looked at; `answering`, its job is
   * added again or, where it has a claim, taken for lost; ended, its last event is still to be written. Null where
   * nothing is left to do.
   */
  @Index('ix_voice_turns_due')
  @Column({ name: 'due_at', type: 'datetime', precision: 3, nullable: true })
  dueAt!: Date | null;

  @Column({ name: 'stop_requested_at', type: 'datetime', precision: 3, nullable: true })
  stopRequestedAt!: Date | null;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'finished_at', type: 'datetime', precision: 3, nullable: true })
  finishedAt!: Date | null;
}
