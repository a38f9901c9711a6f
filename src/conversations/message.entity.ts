import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import type { StoredFile } from '../files/stored-file.entity.js';
import { User } from '../users/user.entity.js';
import { Conversation } from './conversation.entity.js';

export const MESSAGE_STATUSES = [
  'pending',
  'streaming',
  'completed',
  'stopped',
  'interrupted',
  'failed',
] as const;
/** `pending` and `streaming` are on their way; the others are final. */
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];
export type FinalStatus = Exclude<MessageStatus, 'pending' | 'streaming'>;

/** What becomes of a turn that nobody listens to. */
export const ON_DISCONNECT = ['continue', 'cancel'] as const;
export type OnDisconnect = (typeof ON_DISCONNECT)[number];

export type FinishReason = 'stop' | 'length' | 'content_filter';

export function isFinal(status: MessageStatus): status is FinalStatus {
  return status !== 'pending' && status !== 'streaming';
}

/**
 * What a user said, or an answer to it. An answer that is being written holds its conversation's place in
 * `runningIn`, which is unique: one running turn per conversation; and a lease that its process renews: where the
 * lease has run out, the process is gone. It is `pending` until its model is about to be asked, `streaming` from
 * then on: what is pending can be begun again by another process, what is streaming cannot.
 */
@Entity('messages')
@Index('uq_messages_seq', ['conversationId', 'seq'], { unique: true })
@Index('uq_messages_idempotency', ['ownerId', 'idempotencyKey'], { unique: true })
@Index('ix_messages_owner_running', ['ownerId', 'runningIn'])
export class Message {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'conversation_id', type: 'bigint' })
  conversationId!: number;

  @ManyToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'conversation_id' })
  conversation?: Relation<Conversation>;

  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  /** Place in the conversation: 1, 2, 3 … */
  @Column({ type: 'int' })
  seq!: number;

  @Column({ type: 'varchar', length: 10 })
  role!: 'user' | 'assistant';

  @Column({ type: 'longtext' })
  content!: string;

  @Column({ type: 'varchar', length: 12 })
  status!: MessageStatus;

  /**
   * Of an answer: the user's message that it answers. Of a user's message: the answer that it follows, if any. What was
   * recorded follows whatever was before it.
   */
  @Index('ix_messages_reply_to')
  @Column({ name: 'reply_to', type: 'bigint', nullable: true })
  replyTo!: number | null;

  @Column({ name: 'idempotency_key', type: 'varchar', length: 255, nullable: true })
  idempotencyKey!: string | null;

  /** SHA-256 of the request that came with the key. */
  @Column({ name: 'request_hash', type: 'varchar', length: 64, nullable: true })
  requestHash!: string | null;

  @Column({ name: 'error_code', type: 'varchar', length: 64, nullable: true })
  errorCode!: string | null;

  /** The language model provider's own code for the error. */
  @Column({ name: 'provider_code', type: 'varchar', length: 100, nullable: true })
  providerCode!: string | null;

  @Column({ type: 'varchar', length: 20, nullable: true })
  provider!: string | null;

  @Column({ type: 'varchar', length: 100, nullable: true })
  model!: string | null;

  /** Tokens of the content alone, by our own counting: what it takes of a model's context. */
  @Column({ name: 'content_tokens', type: 'int', nullable: true })
  contentTokens!: number | null;

  @Column({ name: 'input_tokens', type: 'int', nullable: true })
  inputTokens!: number | null;

  @Column({ name: 'output_tokens', type: 'int', nullable: true })
  outputTokens!: number | null;

  /** The provider sent no usage: the counts are ours. */
  @Column({ name: 'usage_estimated', type: 'boolean' })
  usageEstimated!: boolean;

  @Column({ type: 'varchar', length: 4, nullable: true })
  feedback!: 'up' | 'down' | null;

  /** What the user said of the answer along with his feedback. */
  @Column({ name: 'feedback_comment', type: 'longtext', nullable: true })
  feedbackComment!: string | null;

  /** When the user first asked to see the text of an answer, which until then he only hears. */
  @Column({ name: 'revealed_at', type: 'datetime', precision: 3, nullable: true })
  revealedAt!: Date | null;

  /** The conversation's id while this answer is being written, null otherwise. */
  @Index('uq_messages_running', { unique: true })
  @Column({ name: 'running_in', type: 'bigint', nullable: true })
  runningIn!: number | null;

  /** The process that writes it. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 36, nullable: true })
  leaseOwner!: string | null;

  @Index('ix_messages_lease')
  @Column({ name: 'lease_expires_at', type: 'datetime', precision: 3, nullable: true })
  leaseExpiresAt!: Date | null;

  /** What happens when nobody listens any more: the turn goes on, or ends after a time of grace. */
  @Column({ name: 'on_disconnect', type: 'varchar', length: 8, default: 'continue' })
  onDisconnect!: OnDisconnect;

  /** How many processes have taken it up; more than one only where they died before they had asked a model. */
  @Column({ type: 'int', default: 0 })
  attempt!: number;

  /** Tokens that are set aside for it until it ends, of the day in which it was made. */
  @Column({ name: 'reserved_tokens', type: 'int', default: 0 })
  reservedTokens!: number;

  /** Why the model ended: `stop`, `length` (its own limit), `content_filter`; null where it did not. */
  @Column({ name: 'finish_reason', type: 'varchar', length: 16, nullable: true })
  finishReason!: FinishReason | null;

  /** Whether `message_files` has rows of it: what has none is read without a look there. */
  @Column({ name: 'has_files', type: 'boolean', default: false })
  hasFiles!: boolean;

  /** Its files in their order, where they were loaded; see message-files.ts. */
  files?: StoredFile[];

  /** Set by a process that wants the answer to stop and is not its writer. */
  @Column({ name: 'stop_requested_at', type: 'datetime', precision: 3, nullable: true })
  stopRequestedAt!: Date | null;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'finished_at', type: 'datetime', precision: 3, nullable: true })
  finishedAt!: Date | null;
}
