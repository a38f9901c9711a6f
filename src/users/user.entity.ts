import { Column, Entity, Index } from 'typeorm';
import type { UserRole } from '../common/current-user.js';
import { TimedRow } from '../database/timed-row.js';

/** A person with an account. */
@Entity('users')
export class User extends TimedRow {
  /** As he wrote it; 3 to 50 characters. */
  @Column({ type: 'varchar', length: 50 })
  username!: string;

  /** What makes it unique: compatibility-normalised, without regard to case. */
  @Index('uq_users_username', { unique: true })
  @Column({ name: 'username_key', type: 'varchar', length: 200 })
  usernameKey!: string;

  @Column({ type: 'varchar', length: 254, nullable: true })
  email!: string | null;

  @Index('uq_users_email', { unique: true })
  @Column({ name: 'email_key', type: 'varchar', length: 254, nullable: true })
  emailKey!: string | null;

  @Column({ name: 'password_hash', type: 'varchar', length: 255 })
  passwordHash!: string;

  @Column({ type: 'varchar', length: 10 })
  role!: UserRole;

  /** Since when he may not log in; null for everybody else. */
  @Column({ name: 'deactivated_at', type: 'datetime', precision: 3, nullable: true })
  deactivatedAt!: Date | null;

  /** While the account is being deleted: when another process has to go on with it; null for everybody else. */
  @Index('ix_users_leaving')
  @Column({ name: 'leaving_due_at', type: 'datetime', precision: 3, nullable: true })
  leavingDueAt!: Date | null;
}
