import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

/**
 * One refresh token of one login. Rotation adds a row of the same `family` and stamps the old one; the old token
 * coming back means that somebody copied it, and revokes the family.
 */
@Entity('sessions')
export class Session {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Index('ix_sessions_user')
  @Column({ name: 'user_id', type: 'bigint' })
  userId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id' })
  user?: Relation<User>;

  @Index('ix_sessions_family')
  @Column({ type: 'varchar', length: 36 })
  family!: string;

  /** SHA-256 of the refresh token, hexadecimal; the token itself is kept nowhere. */
  @Index('uq_sessions_refresh', { unique: true })
  @Column({ name: 'refresh_hash', type: 'varchar', length: 64 })
  refreshHash!: string;

  @Index('ix_sessions_expires')
  @Column({ name: 'expires_at', type: 'datetime', precision: 3 })
  expiresAt!: Date;

  /** When the token was exchanged for the next one. */
  @Column({ name: 'rotated_at', type: 'datetime', precision: 3, nullable: true })
  rotatedAt!: Date | null;

  /** When the whole login ended: logout, reuse of an old token, a changed password. */
  @Column({ name: 'revoked_at', type: 'datetime', precision: 3, nullable: true })
  revokedAt!: Date | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 255 })
  userAgent!: string;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
