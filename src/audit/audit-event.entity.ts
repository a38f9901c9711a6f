import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

export const SECURITY_EVENT_TYPES = [
  'registered',
  'login',
  'login_failed',
  'logout',
  'refresh_reuse_detected',
  'username_changed',
  'email_changed',
  'password_changed',
  'role_changed',
  'account_deactivated',
  'account_reactivated',
  'api_key_created',
  'api_key_revoked',
  'data_exported',
] as const;
export type SecurityEventType = (typeof SECURITY_EVENT_TYPES)[number];

/** What else is to be known of an event: few, short values. Neither secrets nor what people wrote. */
export type SecurityEventDetails = Record<string, string | number>;

/** Something that happened to an account and that its owner may want to look into. It is written once and never changed. */
@Entity('audit_events')
@Index('ix_audit_events_user', ['userId', 'id'])
@Index('ix_audit_events_type', ['userId', 'type', 'id'])
export class AuditEvent {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  /** Whose account it is. */
  @Column({ name: 'user_id', type: 'bigint' })
  userId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id' })
  user?: Relation<User>;

  /** The admin who did it; null where it was the owner, or somebody who gave himself out to be him. */
  @Index('ix_audit_events_actor')
  @Column({ name: 'actor_id', type: 'bigint', nullable: true })
  actorId!: number | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL', nullable: true })
  @JoinColumn({ name: 'actor_id' })
  actor?: Relation<User> | null;

  @Column({ type: 'varchar', length: 40 })
  type!: SecurityEventType;

  /** Where the request came from; null for an admin's, and where there was none. */
  @Column({ type: 'varchar', length: 45, nullable: true })
  address!: string | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 255, nullable: true })
  userAgent!: string | null;

  /** A number, no reference: it stays when the login's row is gone. */
  @Column({ name: 'session_id', type: 'bigint', nullable: true })
  sessionId!: number | null;

  /** As well. */
  @Column({ name: 'api_key_id', type: 'bigint', nullable: true })
  apiKeyId!: number | null;

  @Column({
    type: 'longtext',
    nullable: true,
    transformer: {
      to: (details: SecurityEventDetails | null | undefined) => details && JSON.stringify(details),
      from: (text: string | null) => text && (JSON.parse(text) as SecurityEventDetails),
    },
  })
  details!: SecurityEventDetails | null;

  @Index('ix_audit_events_created')
  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
