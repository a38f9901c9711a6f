import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, In, IsNull, LessThan } from 'typeorm';
import { AppError } from '../common/errors.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { MessageFile } from '../conversations/message-file.entity.js';
import { inTransaction } from '../database/transaction.js';
import { FilesService } from '../files/files.service.js';
import { StoredFile, UPLOAD_KINDS } from '../files/stored-file.entity.js';
import { Transcription } from '../speech/transcription.entity.js';
import { TranscriptionsService } from '../speech/transcriptions.service.js';

interface Owned {
  id: number;
  ownerId: number;
}

/**
 * What nobody has used since a time, and how it is deleted: as its owner would, one by one, each in a transaction of its
 * own. Each method returns how many it has found, at most `limit`. What somebody came back to meanwhile stays.
 */
@Injectable()
export class OutdatedData {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly conversations: ConversationsService,
    private readonly transcriptions: TranscriptionsService,
    private readonly files: FilesService,
  ) {}

  /** Those in which nothing was said since, but for pinned ones, with all that goes with them. */
  async pruneConversations(before: Date, limit: number): Promise<number> {
    const old = { pinned: false, lastMessageAt: LessThan(before) };
    const found = await this.dataSource.manager.find(Conversation, {
      where: old,
      select: { id: true, ownerId: true },
      order: { lastMessageAt: 'ASC' },
      take: limit,
    });
    return deleteEach(found, ({ id, ownerId }) =>
      this.conversations.delete(ownerId, id, async (manager) => {
        // Under the row's lock: whoever says something in it has come first, or finds it gone.
        const still = await manager.update(Conversation, { id, ownerId, ...old }, { updatedAt: new Date() });
        if (still.affected === 0) throw new AppError('not_found');
      }),
    );
  }

  /** Those of no conversation that have ended before, with their recordings. */
  async pruneTranscriptions(before: Date, limit: number): Promise<number> {
    const found = await this.dataSource.manager.find(Transcription, {
      where: { conversationId: IsNull(), createdAt: LessThan(before), finishedAt: LessThan(before) },
      select: { id: true, ownerId: true },
      take: limit,
    });
    return deleteEach(found, ({ id, ownerId }) => this.transcriptions.delete(ownerId, id));
  }

  /** Pictures and documents from before that no message carries. */
  async pruneUploads(before: Date, limit: number): Promise<number> {
    const found = await this.unused(this.dataSource.manager, before, {}, limit);
    return deleteEach(found, ({ id, ownerId }) =>
      inTransaction(this.dataSource, async (manager) => {
        if ((await this.unused(manager, before, { id, ownerId }, 1)).length > 0)
          await this.files.discard(manager, ownerId, { ids: [id] });
      }),
    );
  }

  private unused(
    manager: EntityManager,
    before: Date,
    which: Partial<Owned>,
    limit: number,
  ): Promise<StoredFile[]> {
    const carried = manager.createQueryBuilder(MessageFile, 'link').select('1');
    return manager
      .createQueryBuilder(StoredFile, 'file')
      .setFindOptions({
        where: { ...which, kind: In(UPLOAD_KINDS), createdAt: LessThan(before), conversationId: IsNull() },
      })
      .andWhere(`NOT EXISTS (${carried.where('link.fileId = file.id').getQuery()})`)
      .take(limit)
      .getMany();
  }
}

/** What is gone already, or is used again, is no error. */
async function deleteEach<T>(found: T[], remove: (one: T) => Promise<void>): Promise<number> {
  for (const one of found)
    await remove(one).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
  return found.length;
}
