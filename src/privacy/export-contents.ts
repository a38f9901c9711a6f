import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Readable } from 'node:stream';
import { type DataSource, Not } from 'typeorm';
import { AppError } from '../common/errors.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { ConversationDto } from '../conversations/dto/conversation.dto.js';
import { Message } from '../conversations/message.entity.js';
import { MessagesService } from '../conversations/messages.service.js';
import { FilesService } from '../files/files.service.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { UserDto } from '../users/dto/user.dto.js';
import { User } from '../users/user.entity.js';
import type { DataExport } from './data-export.entity.js';
import type { ExportArchive } from './export-archive.js';
import { EXPORT_LISTS, filesOf, pagesOf, placeOf } from './export-lists.js';
import { jsonDocument, jsonList } from '../common/json-stream.js';

const FORMAT = { format: 'parley-export', version: 1 };
const PAGE = 100;
/** What a message weighs beside the bytes of files, for the progress. */
const MESSAGE_BYTES = 1_000;
/** Sound, pictures and office documents are compressed in themselves. */
const COMPRESSED = /^(?:audio|video|image)\/|zip|pdf|openxml/;

/** How far an export is, in bytes that are read: an estimate. */
export interface ExportProgress {
  done: number;
  total: number;
}

/** What the archive says of itself, at its end. */
interface Manifest {
  /** How many of each kind are in it. */
  counts: Record<string, number>;
  /** Files that could not be had: deleted meanwhile, or lost. */
  skipped: { fileId: number; name: string; reason: 'deleted' | 'lost' }[];
}

/**
 * Puts what a user has into an archive. Each list is read page by page, each conversation up to the message that was
 * its last when it was begun: what changes meanwhile is in it or not, and nothing is in it twice.
 */
@Injectable()
export class ExportContents {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly messages: MessagesService,
    private readonly files: FilesService,
  ) {}

  /** @throws StorageUnavailableError, whatever the archive does */
  async fill(archive: ExportArchive, row: DataExport, progress: ExportProgress): Promise<void> {
    const { ownerId } = row;
    const manifest: Manifest = { counts: {}, skipped: [] };
    progress.total = await this.weigh(ownerId);
    const user = await this.dataSource.manager.findOneByOrFail(User, { id: ownerId });
    const account = { ...UserDto.from(user), updatedAt: user.updatedAt };
    await archive.add('account.json', jsonDocument(account), { date: user.updatedAt });
    for (const list of EXPORT_LISTS) {
      const pages = counted(list.pages(this.dataSource.manager, ownerId), list.name, manifest);
      await archive.add(`${list.name}.json`, jsonList(pages), { date: row.createdAt });
    }
    await this.addConversations(archive, ownerId, manifest, progress);
    await this.addFiles(archive, ownerId, manifest, progress);
    const about = { ...FORMAT, exportId: row.id, askedAt: row.createdAt, writtenAt: new Date(), ...manifest };
    await archive.add('manifest.json', jsonDocument(about), { date: new Date() });
  }

  private async weigh(ownerId: number): Promise<number> {
    const { manager } = this.dataSource;
    const messages = await manager.countBy(Message, { ownerId });
    const bytes = await manager.sum(StoredFile, 'size', { ownerId, kind: Not('export') });
    return messages * MESSAGE_BYTES + Number(bytes ?? 0) + 1;
  }

  private async addConversations(
    archive: ExportArchive,
    ownerId: number,
    manifest: Manifest,
    progress: ExportProgress,
  ): Promise<void> {
    manifest.counts['conversations'] = 0;
    manifest.counts['messages'] = 0;
    for await (const conversations of pagesOf(this.dataSource.manager, Conversation, { ownerId })) {
      for (const conversation of conversations) {
        const { id, summary, lastMessageAt } = conversation;
        const about = JSON.stringify({ ...ConversationDto.from(conversation), summary });
        const pages = this.messagesOf(conversation, progress);
        const list = jsonList(
          counted(pages, 'messages', manifest),
          `{"conversation":${about},\n"messages":[`,
          ']}\n',
        );
        await archive.add(`conversations/${id}.json`, list, { date: lastMessageAt });
        manifest.counts['conversations'] += 1;
      }
    }
  }

  private async *messagesOf(conversation: Conversation, progress: ExportProgress) {
    for (let next = 1; next <= conversation.lastSeq;) {
      const page = await this.messages.between(conversation, [next, conversation.lastSeq], PAGE);
      yield page;
      if (page.length < PAGE) return;
      progress.done += page.length * MESSAGE_BYTES;
      next = page.at(-1)!.seq + 1;
    }
  }

  private async addFiles(
    archive: ExportArchive,
    ownerId: number,
    manifest: Manifest,
    progress: ExportProgress,
  ): Promise<void> {
    for await (const files of pagesOf(this.dataSource.manager, StoredFile, filesOf(ownerId))) {
      for (const file of files) {
        const bytes = await this.open(file, manifest);
        const isCompressed = COMPRESSED.test(file.mediaType);
        if (bytes) await archive.add(placeOf(file), bytes, { date: file.createdAt, isCompressed });
        progress.done += file.size;
      }
    }
  }

  /** Null where it is gone since its row was read, or its bytes are: the rest is worth having all the same. */
  private async open(file: StoredFile, { skipped }: Manifest): Promise<Readable | null> {
    try {
      return await this.files.open(file);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const reason = error.code === 'not_found' ? 'deleted' : 'lost';
      skipped.push({ fileId: file.id, name: file.name, reason });
      return null;
    }
  }
}

async function* counted<T>(
  pages: AsyncIterable<T[]>,
  name: string,
  { counts }: Manifest,
): AsyncGenerator<T[]> {
  counts[name] ??= 0;
  for await (const page of pages) {
    counts[name] += page.length;
    yield page;
  }
}
