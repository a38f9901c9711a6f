import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { insertRow } from '../database/statements.js';
import { StoredFile } from '../files/stored-file.entity.js';
import { MessageFile } from './message-file.entity.js';
import type { Message } from './message.entity.js';

/** The files that messages carry. */
@Injectable()
export class MessageFiles {
  constructor(@InjectRepository(MessageFile) private readonly links: Repository<MessageFile>) {}

  /** Gives one owner's messages their files: in one query, and in none where no message has any. */
  async load(messages: Message[]): Promise<void> {
    const carrying = messages.filter(({ hasFiles }) => hasFiles);
    const [first] = carrying;
    if (!first) return;
    const ids = carrying.map(({ id }) => id);
    const links = await this.links.find({
      where: { messageId: In(ids), file: { ownerId: first.ownerId } },
      relations: { file: true },
      order: { position: 'ASC' },
    });
    for (const message of carrying)
      message.files = links.filter(({ messageId }) => messageId === message.id).map(({ file }) => file!);
  }

  /** The documents that messages of one owner carry and that were read, those of the newest message first. */
  async documents(ownerId: number, messageIds: number[]): Promise<StoredFile[]> {
    if (messageIds.length === 0) return [];
    const file = { ownerId, kind: 'document', extraction: 'done' } as const;
    return distinct(
      await this.links.find({ where: { messageId: In(messageIds), file }, relations: { file: true } }),
    );
  }

  /** Ids of all documents of a conversation that were read. */
  async documentsIn(ownerId: number, conversationId: number): Promise<number[]> {
    const file = { ownerId, kind: 'document', extraction: 'done' } as const;
    const links = await this.links.find({
      where: { message: { conversationId, ownerId }, file },
      select: { messageId: true, fileId: true },
    });
    return [...new Set(links.map(({ fileId }) => fileId))];
  }
}

/** Each once, those of the newest message first. */
function distinct(links: MessageFile[]): StoredFile[] {
  const newest = links.toSorted((a, b) => b.messageId - a.messageId || a.position - b.position);
  return [...new Map(newest.map(({ file }) => [file!.id, file!])).values()];
}

/**
 * In the manager's transaction: has a new message, which says so of itself, carry these files, in this order.
 * @throws AppError not_found where one of them is not there, or not the message's owner's
 */
export async function attachFiles(manager: EntityManager, message: Message, ids: number[]): Promise<void> {
  const { id: messageId, ownerId } = message;
  const found = await manager.findBy(StoredFile, { id: In(ids), ownerId });
  message.files = ids.map((id) => {
    const file = found.find((one) => one.id === id);
    if (!file) throw new AppError('not_found');
    return file;
  });
  for (const [position, fileId] of ids.entries())
    await insertRow(manager, MessageFile, Object.assign(new MessageFile(), { messageId, fileId, position }));
}
