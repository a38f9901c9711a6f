import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * A blob that has to go. The row is there before the blob is: it goes away in the transaction that makes the file's
 * row, and comes back in the one that deletes it. Whatever ends in between, there is no blob that nobody knows of.
 */
@Entity('blob_removals')
export class BlobRemoval {
  @PrimaryColumn({ name: 'storage_key', type: 'varchar', length: 100 })
  storageKey!: string;

  /** Not before then. */
  @Index('ix_blob_removals_due')
  @Column({ name: 'due_at', type: 'datetime', precision: 3 })
  dueAt!: Date;

  /** How often its removal was begun; from the first time on the blob cannot be kept any more. */
  @Column({ type: 'int' })
  attempts!: number;
}
