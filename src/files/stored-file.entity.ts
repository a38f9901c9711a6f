import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

export const FILE_KINDS = ['recording', 'clip'] as const;
/** What a user has said, or what was spoken to him. */
export type FileKind = (typeof FILE_KINDS)[number];

/** A file of one user. Its bytes are in the file storage and never change. */
@Entity('stored_files')
@Index('ix_stored_files_owner', ['ownerId', 'id'])
export class StoredFile {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  /** The conversation that it goes with: it is deleted with that. Null where it stands for itself. */
  @Index('ix_stored_files_conversation')
  @Column({ name: 'conversation_id', type: 'bigint', nullable: true })
  conversationId!: number | null;

  @Column({ type: 'varchar', length: 12 })
  kind!: FileKind;

  /** As its owner calls it, without a path. */
  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** As its bytes say, where they do; never as the sender says. */
  @Column({ name: 'media_type', type: 'varchar', length: 100 })
  mediaType!: string;

  /** In bytes. */
  @Column({ type: 'bigint' })
  size!: number;

  /** In hexadecimal. */
  @Column({ type: 'varchar', length: 64 })
  sha256!: string;

  /** Where the file storage has it. */
  @Index('uq_stored_files_key', { unique: true })
  @Column({ name: 'storage_key', type: 'varchar', length: 100 })
  storageKey!: string;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
