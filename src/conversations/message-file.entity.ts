import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { StoredFile } from '../files/stored-file.entity.js';
import { Message } from './message.entity.js';

/** Which message carries which file; both are the same user's. */
@Entity('message_files')
export class MessageFile {
  @PrimaryColumn({ name: 'message_id', type: 'bigint' })
  messageId!: number;

  @ManyToOne(() => Message, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'message_id' })
  message?: Relation<Message>;

  @Index('ix_message_files_file')
  @PrimaryColumn({ name: 'file_id', type: 'bigint' })
  fileId!: number;

  @ManyToOne(() => StoredFile, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'file_id' })
  file?: Relation<StoredFile>;

  /** Place among the message's files, from 0. */
  @Column({ type: 'int' })
  position!: number;
}
