import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, In } from 'typeorm';
import { AppError } from '../common/errors.js';
import { insertRow } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { MessageFile } from './message-file.entity.js';
import { Message } from './message.entity.js';

/** The recordings in which users said their messages. */
@Injectable()
export class MessageRecordings {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Gives a user's message another recording. Those that it had are its no more; they are still there.
   * @returns ids of the files that it had
   * @throws AppError not_found: message or recording
   */
  replace(ownerId: number, messageId: number, fileId: number): Promise<number[]> {
    return inTransaction(this.dataSource, async (manager) => {
      // The first statement takes the row's lock: of two at once one finds what the other has put there.
      const said = { id: messageId, ownerId, role: 'user' as const };
      const { affected } = await manager.update(Message, said, { hasFiles: true });
      const recording = { ownerId, kind: 'recording' as const };
      if (!affected || !(await manager.existsBy(StoredFile, { ...recording, id: fileId })))
        throw new AppError('not_found');
      const links = await manager.findBy(MessageFile, { messageId, file: recording });
      const before = links.map((link) => link.fileId).filter((id) => id !== fileId);
      if (before.length > 0) await manager.delete(MessageFile, { messageId, fileId: In(before) });
      if (before.length === links.length)
        await insertRow(
          manager,
          MessageFile,
          Object.assign(new MessageFile(), { messageId, fileId, position: 0 }),
        );
      return before;
    });
  }
}
