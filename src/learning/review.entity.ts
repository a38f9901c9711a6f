import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Message } from '../conversations/message.entity.js';
import { Transcription } from '../speech/transcription.entity.js';
import { User } from '../users/user.entity.js';

export const REVIEW_KINDS = ['expression', 'pronunciation', 'gloss'] as const;
/** How a learner put something, how he said it, and what an answer to him means. */
export type ReviewKind = (typeof REVIEW_KINDS)[number];

export const REVIEW_STATUSES = ['pending', 'done', 'failed'] as const;
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];

/**
 * What a learner is told of a message, or of a recording alone. There is one of a kind in a language; to make it again counts `attempt` up, and
 * what belongs to an earlier attempt is not written any more.
 */
@Entity('reviews')
@Index('uq_reviews_message', ['messageId', 'kind', 'language'], { unique: true })
@Index('uq_reviews_transcription', ['transcriptionId', 'kind', 'language'], { unique: true })
export class Review {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Index('ix_reviews_owner')
  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  /** What it is about: this, or the transcription, and never both. */
  @Column({ name: 'message_id', type: 'bigint', nullable: true })
  messageId!: number | null;

  @ManyToOne(() => Message, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'message_id' })
  message?: Relation<Message> | null;

  @Column({ name: 'transcription_id', type: 'bigint', nullable: true })
  transcriptionId!: number | null;

  @ManyToOne(() => Transcription, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'transcription_id' })
  transcription?: Relation<Transcription> | null;

  @Column({ type: 'varchar', length: 16 })
  kind!: ReviewKind;

  /** The learner's, that it is written in. */
  @Column({ type: 'varchar', length: 20 })
  language!: string;

  @Column({ type: 'varchar', length: 10 })
  status!: ReviewStatus;

  /** The sentence that was to be said; of the kind `pronunciation` only. */
  @Column({ type: 'longtext', nullable: true })
  target!: string | null;

  /** How often it was asked for. */
  @Column({ type: 'int' })
  attempt!: number;

  /** How often this attempt was taken up. */
  @Column({ type: 'int' })
  runs!: number;

  /** When its job is looked after, while it is pending: by then it should have ended. */
  @Index('ix_reviews_due')
  @Column({ name: 'due_at', type: 'datetime', precision: 3, nullable: true })
  dueAt!: Date | null;

  /** Tokens that are set aside for it while a model is asked, */
  @Column({ name: 'reserved_tokens', type: 'int' })
  reservedTokens!: number;

  /** and of which day in UTC. */
  @Column({ name: 'reserved_on', type: 'varchar', length: 10, nullable: true })
  reservedOn!: string | null;

  /** JSON of `Expression`, `Gloss` or `PronunciationEstimate`, by the kind; null where there is none yet. */
  @Column({ type: 'longtext', nullable: true })
  content!: string | null;

  @Column({ name: 'error_code', type: 'varchar', length: 64, nullable: true })
  errorCode!: string | null;

  @Column({ type: 'varchar', length: 20, nullable: true })
  provider!: string | null;

  @Column({ type: 'varchar', length: 100, nullable: true })
  model!: string | null;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'finished_at', type: 'datetime', precision: 3, nullable: true })
  finishedAt!: Date | null;
}
