import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { StoredFile } from './stored-file.entity.js';

/** A piece of a document's text, small enough that several of different places fit into a prompt. */
@Entity('file_passages')
@Index('uq_file_passages_place', ['fileId', 'seq'], { unique: true })
export class FilePassage {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ name: 'file_id', type: 'bigint' })
  fileId!: number;

  @ManyToOne(() => StoredFile, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'file_id' })
  file?: Relation<StoredFile>;

  /** Its place in the document, from 1 without holes. */
  @Column({ type: 'int' })
  seq!: number;

  /** From 1; null where the document has no pages. A passage lies within one page. */
  @Column({ type: 'int', nullable: true })
  page!: number | null;

  /** What its part of the document is called: a sheet, a heading. */
  @Column({ type: 'varchar', length: 200, nullable: true })
  label!: string | null;

  @Column({ type: 'longtext' })
  text!: string;

  /** Of the text, as models count. */
  @Column({ type: 'int' })
  tokens!: number;
}
