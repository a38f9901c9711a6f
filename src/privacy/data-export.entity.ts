import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { StoredFile } from '../files/stored-file.entity.js';
import { User } from '../users/user.entity.js';

export const EXPORT_STATUSES = ['queued', 'running', 'done', 'failed'] as const;
/** `queued` and `running` are on their way; the others are final. */
export type ExportStatus = (typeof EXPORT_STATUSES)[number];

export const EXPORT_ERRORS = ['storage_unavailable', 'internal_error', 'process_ended'] as const;
export type ExportErrorCode = (typeof EXPORT_ERRORS)[number];

/**
 * All that a user has, put together for him, or the way there. While it is on its way it holds his place in
 * `activeFor`, which is unique: one at a time. A job that takes it up counts `runs` up; what an earlier run writes
 * finds nothing.
 */
@Entity('data_exports')
@Index('ix_data_exports_owner', ['ownerId', 'id'])
export class DataExport {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  /** The owner's id while it is on its way, null otherwise. */
  @Index('uq_data_exports_active', { unique: true })
  @Column({ name: 'active_for', type: 'bigint', nullable: true })
  activeFor!: number | null;

  @Column({ type: 'varchar', length: 10 })
  status!: ExportStatus;

  /** How often it was taken up. */
  @Column({ type: 'int' })
  runs!: number;

  /** Which part is done, 0 to 1. */
  @Column({ type: 'double' })
  progress!: number;

  /** The archive, once it is done; without it there is no export. */
  @Index('ix_data_exports_file')
  @Column({ name: 'file_id', type: 'bigint', nullable: true })
  fileId!: number | null;

  @ManyToOne(() => StoredFile, { onDelete: 'CASCADE', nullable: true })
  @JoinColumn({ name: 'file_id' })
  file?: Relation<StoredFile> | null;

  @Column({ name: 'error_code', type: 'varchar', length: 64, nullable: true })
  errorCode!: ExportErrorCode | null;

  /** When it is looked after: on its way, its job may be lost; ended, it is removed. */
  @Index('ix_data_exports_due')
  @Column({ name: 'due_at', type: 'datetime', precision: 3 })
  dueAt!: Date;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'finished_at', type: 'datetime', precision: 3, nullable: true })
  finishedAt!: Date | null;

  /** From then on it cannot be fetched any more. */
  @Column({ name: 'expires_at', type: 'datetime', precision: 3, nullable: true })
  expiresAt!: Date | null;
}
