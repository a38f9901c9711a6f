import { BeforeInsert, BeforeUpdate, Column, PrimaryGeneratedColumn } from 'typeorm';

/** A row with an id and the times of its making and last change. */
export abstract class TimedRow {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'created_at', type: 'datetime', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'datetime', precision: 3 })
  updatedAt!: Date;

  /** Times are the process's own: both dialects keep the same milliseconds. */
  @BeforeInsert()
  stampCreation(): void {
    this.createdAt ??= new Date();
    this.updatedAt = this.createdAt;
  }

  @BeforeUpdate()
  stampChange(): void {
    this.updatedAt = new Date();
  }
}
