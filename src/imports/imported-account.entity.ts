import { Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ImportSource } from './import-source.entity.js';

/**
 * That an account was brought over once. It says nothing of whose it was, and stays when the account is deleted: an
 * account that its owner has deleted does not come back with the next run.
 */
@Entity('imported_accounts', { withoutRowid: true })
export class ImportedAccount {
  @PrimaryColumn({ name: 'source_id', type: 'bigint' })
  sourceId!: number;

  @ManyToOne(() => ImportSource, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'source_id' })
  source?: Relation<ImportSource>;

  /** SHA-256 of the account's key there, in hexadecimal. */
  @PrimaryColumn({ name: 'key_hash', type: 'varchar', length: 64 })
  keyHash!: string;
}
