import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

/** What one user has used on one day. Its row is the lock of whoever reserves or settles for this user. */
@Entity('usage_days')
export class UsageDay {
  @PrimaryColumn({ name: 'user_id', type: 'bigint' })
  userId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id' })
  user?: Relation<User>;

  /** In UTC: `2026-11-21`. */
  @PrimaryColumn({ type: 'varchar', length: 10 })
  day!: string;

  /** Turns begun. */
  @Column({ type: 'int' })
  requests!: number;

  @Column({ name: 'input_tokens', type: 'bigint' })
  inputTokens!: number;

  @Column({ name: 'output_tokens', type: 'bigint' })
  outputTokens!: number;

  /** How many of the input and output tokens are our own estimate. */
  @Column({ name: 'estimated_tokens', type: 'bigint' })
  estimatedTokens!: number;

  /** Kept for turns that are running; back to 0 when all of them are settled. */
  @Column({ name: 'reserved_tokens', type: 'bigint' })
  reservedTokens!: number;

  /** Milliseconds of recordings that were transcribed. */
  @Column({ name: 'audio_ms', type: 'bigint', default: 0 })
  audioMs!: number;
}

/** What counts against a quota of tokens: used, or kept for turns that are running. */
export function tokensTaken({ inputTokens, outputTokens, reservedTokens }: UsageDay): number {
  return inputTokens + outputTokens + reservedTokens;
}
