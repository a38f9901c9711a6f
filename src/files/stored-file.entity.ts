import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

export const FILE_KINDS = ['recording', 'clip', 'picture', 'document', 'export'] as const;
/**
 * What a user has said, what was spoken to him, what he has uploaded to be looked at or read, and what was put
 * together of his data.
 */
export type FileKind = (typeof FILE_KINDS)[number];

/** What is uploaded for its own sake: its owner has it once, and it is read. */
export const UPLOAD_KINDS = ['picture', 'document'] as const satisfies FileKind[];

export const EXTRACTION_STATES = ['queued', 'running', 'done', 'failed'] as const;
/** How far the reading of a picture or a document is. */
export type ExtractionState = (typeof EXTRACTION_STATES)[number];

/** A file of one user. Its bytes are in the file storage and never change. */
@Entity('stored_files')
@Index('ix_stored_files_owner', ['ownerId', 'id'])
@Index('ix_stored_files_kind', ['ownerId', 'kind', 'id'])
@Index('uq_stored_files_content', ['ownerId', 'contentKey'], { unique: true })
@Index('ix_stored_files_extraction', ['extractionDueAt'])
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

  /** The SHA-256 of what its owner has at most once; null of what may be there several times. */
  @Column({ name: 'content_key', type: 'varchar', length: 64, nullable: true })
  contentKey!: string | null;

  /** Null where there is nothing to read in it. */
  @Column({ type: 'varchar', length: 12, nullable: true })
  extraction!: ExtractionState | null;

  /** Why it could not be read: a stable code. */
  @Column({ name: 'extraction_error', type: 'varchar', length: 50, nullable: true })
  extractionError!: string | null;

  /** How often its reading was begun. */
  @Column({ name: 'extraction_attempt', type: 'int', default: 0 })
  extractionAttempt!: number;

  /** When somebody has to look at its reading again; null where nothing is left to be done. */
  @Column({ name: 'extraction_due_at', type: 'datetime', precision: 3, nullable: true })
  extractionDueAt!: Date | null;

  /** Pages of a document that has pages, sheets of a workbook. */
  @Column({ type: 'int', nullable: true })
  pages!: number | null;

  /** Of a picture, in pixels, as it is shown. */
  @Column({ type: 'int', nullable: true })
  width!: number | null;

  @Column({ type: 'int', nullable: true })
  height!: number | null;

  /** Where the file storage has a picture as models are shown it: scaled down, as JPEG. */
  @Index('uq_stored_files_preview', { unique: true })
  @Column({ name: 'preview_key', type: 'varchar', length: 100, nullable: true })
  previewKey!: string | null;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;
}
