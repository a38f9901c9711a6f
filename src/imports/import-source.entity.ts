import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { OldSurface } from './old-shapes.js';

/** The database of an older backend that was brought over, or is being. */
@Entity('import_sources')
@Index('uq_import_sources_name', ['surface', 'name'], { unique: true })
export class ImportSource {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  /** Whose tables it has. */
  @Column({ type: 'varchar', length: 12 })
  surface!: OldSurface;

  /** Server and database, or what the operator calls it; never who logs in there. */
  @Column({ type: 'varchar', length: 350 })
  name!: string;

  /** The run that works on it. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 36, nullable: true })
  leaseOwner!: string | null;

  /** From then on the run is taken for dead. */
  @Column({ name: 'lease_expires_at', type: 'datetime', precision: 3, nullable: true })
  leaseExpiresAt!: Date | null;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  /** When a run last came to its end. */
  @Column({ name: 'completed_at', type: 'datetime', precision: 3, nullable: true })
  completedAt!: Date | null;
}
