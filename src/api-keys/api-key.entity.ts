import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import type { ApiScope } from '../common/api-scopes.js';
import { User } from '../users/user.entity.js';

/** A key that a machine shows in place of a person's login. It is never changed; to revoke it deletes it. */
@Entity('api_keys')
@Index('ix_api_keys_user', ['userId', 'id'])
export class ApiKey {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'user_id', type: 'bigint' })
  userId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id' })
  user?: Relation<User>;

  @Column({ type: 'varchar', length: 100 })
  name!: string;

  /** Separated by commas. */
  @Column({
    type: 'varchar',
    length: 50,
    transformer: {
      to: (scopes: ApiScope[] | undefined) => scopes && scopes.join(','),
      from: (text: string) => scopesOf(text),
    },
  })
  scopes!: ApiScope[];

  /** SHA-256 of the key, hexadecimal; the key itself is kept nowhere. */
  @Index('uq_api_keys_secret', { unique: true })
  @Column({ name: 'secret_hash', type: 'varchar', length: 64 })
  secretHash!: string;

  /** What is shown of it: `parley_…` and its last four characters. */
  @Column({ type: 'varchar', length: 20 })
  hint!: string;

  /** Null: never. */
  @Column({ name: 'expires_at', type: 'datetime', precision: 3, nullable: true })
  expiresAt!: Date | null;

  /** To the minute. */
  @Column({ name: 'last_used_at', type: 'datetime', precision: 3, nullable: true })
  lastUsedAt!: Date | null;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}

/** Scopes as they stand in their column. */
export function scopesOf(text: string): ApiScope[] {
  return text.split(',') as ApiScope[];
}
