import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';
import { ImportSource } from './import-source.entity.js';

/** What has a mark of its own; the messages of a chat are known by how far the chat has been brought over. */
export type MarkKind = 'user' | 'bot' | 'topic' | 'chat' | 'prompt';

/** That something of an older backend is here; written in the transaction that brings it. */
@Entity('import_marks', { withoutRowid: true })
export class ImportMark {
  @PrimaryColumn({ name: 'source_id', type: 'bigint' })
  sourceId!: number;

  @ManyToOne(() => ImportSource, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'source_id' })
  source?: Relation<ImportSource>;

  @PrimaryColumn({ type: 'varchar', length: 12 })
  kind!: MarkKind;

  /** Its key there; the SHA-256 of one that is too long. */
  @PrimaryColumn({ name: 'old_key', type: 'varchar', length: 191 })
  oldKey!: string;

  /** What it became. That may be gone by now: then it is not brought again. */
  @Column({ name: 'new_id', type: 'bigint' })
  newId!: number;

  /** Whose it is; null of what is shared. */
  @Index('ix_import_marks_owner')
  @Column({ name: 'owner_id', type: 'bigint', nullable: true })
  ownerId!: number | null;

  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: true })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User> | null;

  /** Of a chat: the place of its last message that is here (JSON); null where none is yet. */
  @Column({ type: 'varchar', length: 255, nullable: true })
  reached!: string | null;
}
