import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Message } from '../conversations/message.entity.js';
import { User } from '../users/user.entity.js';

/** Why there are no suggestions, where an attempt has failed. */
export const FAILURES = ['timeout', 'model_failed'] as const;
export type SuggestionFailure = (typeof FAILURES)[number];

/**
 * What the user may ask next, after one answer. Whoever holds the row while it is `pending` asks the model for all;
 * where `dueAt` has passed he is gone, and the next one counts `attempt` up. What belongs to an earlier attempt is not
 * written any more. What is `done` stays; what has `failed` is tried again by whoever asks after `dueAt`.
 */
@Entity('suggestions')
export class Suggestion {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Index('ix_suggestions_owner')
  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  /** The answer that they follow. */
  @Index('uq_suggestions_message', { unique: true })
  @Column({ name: 'message_id', type: 'bigint' })
  messageId!: number;

  @ManyToOne(() => Message, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'message_id' })
  message?: Relation<Message>;

  @Column({ type: 'varchar', length: 10 })
  status!: 'pending' | 'done' | 'failed';

  /** JSON of a list of texts; null where there are none yet. */
  @Column({ type: 'longtext', nullable: true })
  items!: string | null;

  @Column({ type: 'varchar', length: 32, nullable: true })
  reason!: SuggestionFailure | null;

  /** How often the model was asked. */
  @Column({ type: 'int' })
  attempt!: number;

  /** Until then nobody else asks; null once they are done. */
  @Column({ name: 'due_at', type: 'datetime', precision: 3, nullable: true })
  dueAt!: Date | null;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
