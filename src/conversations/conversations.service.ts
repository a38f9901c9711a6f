import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { ChatbotsService } from '../chatbots/chatbots.service.js';
import { decodeCursor, type Page, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import { isUniqueViolation } from '../database/failures.js';
import { inTransaction } from '../database/transaction.js';
import { FilesService } from '../files/files.service.js';
import { TopicsService } from '../topics/topics.service.js';
import { Branches } from './branches.js';
import { Conversation } from './conversation.entity.js';
import { ConversationSearch } from './conversation.search.js';
import { ConversationMatchDto } from './dto/conversation-match.dto.js';
import {
  type ChangeConversationDto,
  ConversationDto,
  type ConversationPageDto,
  type ConversationQueryDto,
  type CreateConversationDto,
} from './dto/conversation.dto.js';

/** A page of the list, whatever is searched for in it. */
type PlainQuery = Omit<ConversationQueryDto, 'q' | 'cursor'> & { cursor?: string | undefined };

/** In a cursor the id of a pinned one is negative: whoever had a cursor before there were any can go on. */
const positionOf = ({ lastMessageAt, pinned, id }: Conversation) => [
  ...[lastMessageAt.getTime(), pinned ? -id : id],
];

/** More than this are no longer found at a glance; and so many are read before the first page of the others. */
const MAX_PINNED = 50;

/** Whether it is pinned already, or fewer than so many are. MySQL reads the table it changes only behind a LIMIT. */
const ROOM_FOR_A_PIN =
  '(pinned = 1 OR (SELECT COUNT(*) FROM (SELECT id FROM conversations ' +
  `WHERE owner_id = :owner AND pinned = 1 LIMIT ${MAX_PINNED}) AS others) < ${MAX_PINNED})`;

type Owned = Pick<Conversation, 'id' | 'ownerId'>;
type Changes = Partial<Omit<Conversation, 'owner' | 'chatbot' | 'topic'>>;

/** Conversations of their owners. */
@Injectable()
export class ConversationsService {
  constructor(
    @InjectRepository(Conversation) private readonly conversations: Repository<Conversation>,
    private readonly chatbots: ChatbotsService,
    private readonly topics: TopicsService,
    private readonly branches: Branches,
    private readonly files: FilesService,
    private readonly search: ConversationSearch,
  ) {}

  /** @throws AppError not_found (chatbot or topic), external_id_taken */
  async create(ownerId: number, dto: CreateConversationDto): Promise<ConversationDto> {
    await this.assertOwned(ownerId, dto);
    const conversation = this.conversations.create({
      ...{
        ownerId,
        chatbotId: dto.chatbotId ?? null,
        topicId: dto.topicId ?? null,
        externalId: dto.externalId ?? null,
      },
      ...{ title: dto.title ?? '', titleSource: dto.title === undefined ? 'none' : 'user' },
      ...{ summary: null, summaryUntil: 0, lastSeq: 0, activeSeq: 0, lastMessageAt: new Date() },
      ...{ indexedSeq: 0, isIndexed: true },
      ...{ archived: false, pinned: false, hasDocuments: false },
    });
    try {
      return ConversationDto.from(await this.conversations.save(conversation));
    } catch (error) {
      throw isUniqueViolation(error) ? new AppError('external_id_taken') : error;
    }
  }

  /** Conversations of this user: pinned ones before the others, of each the one last talked in first. */
  async list(ownerId: number, query: ConversationQueryDto): Promise<ConversationPageDto> {
    const { q } = query;
    if (q !== undefined) return this.found(ownerId, { ...query, q });
    const { items, nextCursor } = await this.page(ownerId, query);
    return { items: items.map((conversation) => ConversationDto.from(conversation)), nextCursor };
  }

  /** Those of the list in which something was said. */
  private async found(
    ownerId: number,
    query: ConversationQueryDto & { q: string },
  ): Promise<ConversationPageDto> {
    const { items, nextCursor } = await this.search.page(query, {
      page: (cursor, limit) => this.page(ownerId, { ...query, limit, cursor }),
      position: positionOf,
    });
    const found = items.map((item) =>
      ConversationDto.from(item.conversation, ConversationMatchDto.from(item)),
    );
    return { items: found, nextCursor };
  }

  /** Pinned ones are a part of the list of their own, before the others. */
  private async page(ownerId: number, query: PlainQuery): Promise<Page<Conversation>> {
    const [time, id = -1] = decodeCursor(query.cursor, 2) ?? [];
    const behind = time === undefined ? [] : [time, Math.abs(id)];
    const isPinned = id < 0;
    const rows = isPinned ? await this.part(ownerId, query, { pinned: 1, behind }) : [];
    const left = query.limit + 1 - rows.length;
    if (left > 0) {
      const others = { pinned: 0, behind: isPinned ? [] : behind } as const;
      rows.push(...(await this.part(ownerId, query, others, left)));
    }
    return pageOf(rows, query.limit, positionOf);
  }

  async find(ownerId: number, id: number): Promise<ConversationDto> {
    return ConversationDto.from(await this.findOwned(ownerId, id));
  }

  /** @throws AppError not_found (also chatbot or topic), too_many_pinned */
  async change(ownerId: number, id: number, dto: ChangeConversationDto): Promise<ConversationDto> {
    await this.findOwned(ownerId, id);
    await this.assertOwned(ownerId, dto);
    const { title, chatbotId, topicId, activeSeq, archived, pinned } = dto;
    const changes = {
      ...(title !== undefined && { title, titleSource: 'user' as const }),
      ...(chatbotId !== undefined && { chatbotId }),
      ...(topicId !== undefined && { topicId }),
      ...(archived !== undefined && { archived }),
      ...(pinned !== undefined && { pinned }),
      updatedAt: new Date(),
    };
    if (activeSeq === undefined) await this.update({ id, ownerId }, changes);
    else while (!(await this.changeBranch(ownerId, id, activeSeq, changes)));
    return this.find(ownerId, id);
  }

  /**
   * Deletes the conversation with its messages and files; a running turn notices and ends.
   * @param before done in the same transaction, while everything is still there
   * @throws AppError not_found
   */
  async delete(
    ownerId: number,
    id: number,
    before: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    await inTransaction(this.conversations.manager.dataSource, async (manager) => {
      await before(manager);
      const { affected } = await manager.delete(Conversation, { id, ownerId });
      if (affected === 0) throw new AppError('not_found');
      // Behind the row: who is about to add a file to the conversation waits for it, or has done so.
      await this.files.discard(manager, ownerId, { conversationId: id });
    });
  }

  /** @throws AppError not_found */
  async findOwned(ownerId: number, id: number): Promise<Conversation> {
    const conversation = await this.conversations.findOneBy({ id, ownerId });
    if (!conversation) throw new AppError('not_found');
    return conversation;
  }

  /** Whose it is: for closed networks only, where a request need not show who sends it (`LEGACY_TRUST_CALLER`). */
  ownerOf(id: number): Promise<number | undefined> {
    return this.ownerWhere({ id });
  }

  /** As `ownerOf`, by the client's own id; of several the one last talked in. */
  ownerOfExternalId(externalId: string): Promise<number | undefined> {
    return this.ownerWhere({ externalId });
  }

  /** As `ownerOf`, by the title; of several the one last talked in. */
  ownerOfTitle(title: string): Promise<number | undefined> {
    return this.ownerWhere({ title });
  }

  private async ownerWhere(
    where: { id: number } | { externalId: string } | { title: string },
  ): Promise<number | undefined> {
    const order = { lastMessageAt: 'DESC', id: 'DESC' } as const;
    const found = await this.conversations.findOne({ where, order, select: { id: true, ownerId: true } });
    return found?.ownerId;
  }

  /**
   * Makes this message's branch the active one; a summary of another branch is dropped. False where something was said
   * or summarized meanwhile: then the branch, or its summary, is not what was looked at.
   */
  private async changeBranch(ownerId: number, id: number, seq: number, changes: Changes): Promise<boolean> {
    const conversation = await this.findOwned(ownerId, id);
    const { lastSeq, summaryUntil } = conversation;
    const activeSeq = await this.branches.newestBehind(conversation, seq);
    const end = await this.branches.activeEnd(Object.assign(new Conversation(), conversation, { activeSeq }));
    const isSummarized = await this.branches.isSummarized(conversation, end);
    return this.update(
      { id, ownerId, lastSeq, summaryUntil },
      { ...changes, activeSeq, ...(!isSummarized && { summary: null, summaryUntil: 0 }) },
    );
  }

  /**
   * Changes the row where it is as `where` says; false where it is not. One statement decides whether there is room for
   * one more pinned conversation, so that several at once do not pass the limit.
   * @throws AppError too_many_pinned
   */
  private async update(where: Owned & Partial<Conversation>, changes: Changes): Promise<boolean> {
    const update = this.conversations.createQueryBuilder().update().set(changes).where(where);
    if (changes.pinned) update.andWhere(ROOM_FOR_A_PIN, { owner: where.ownerId });
    if ((await update.execute()).affected !== 0) return true;
    const { id, ownerId } = where;
    const isRefused = changes.pinned && !(await this.findOwned(ownerId, id)).pinned;
    if (isRefused && (await this.conversations.countBy({ ownerId, pinned: true })) >= MAX_PINNED)
      throw new AppError('too_many_pinned', { params: { max: MAX_PINNED } });
    return false;
  }

  private async assertOwned(ownerId: number, { chatbotId, topicId }: ChangeConversationDto): Promise<void> {
    if (chatbotId) await this.chatbots.findOwned(ownerId, chatbotId);
    if (topicId) await this.topics.findOwned(ownerId, topicId);
  }

  /** The pinned conversations, or the others: each part of the list is read in the order of an index. */
  private part(
    ownerId: number,
    { chatbotId, topicId, archived, limit }: PlainQuery,
    { pinned, behind: [time, id] }: { pinned: 0 | 1; behind: number[] },
    take = limit + 1,
  ): Promise<Conversation[]> {
    const select = this.conversations.createQueryBuilder('c');
    select.where('c.ownerId = :ownerId AND c.pinned = :pinned', { ownerId, pinned });
    if (archived !== 'all')
      select.andWhere('c.archived = :archived', { archived: Number(archived === 'true') });
    if (chatbotId !== undefined) select.andWhere('c.chatbotId = :chatbotId', { chatbotId });
    if (topicId !== undefined) select.andWhere('c.topicId = :topicId', { topicId });
    if (time !== undefined && id !== undefined) {
      // The first comparison alone is a range of the index; with an OR around it, SQLite would read from the beginning.
      select.andWhere('c.lastMessageAt <= :at AND (c.lastMessageAt < :at OR c.id < :id)', {
        at: this.timeParameter(time),
        id,
      });
    }
    return select.orderBy('c.lastMessageAt', 'DESC').addOrderBy('c.id', 'DESC').take(take).getMany();
  }

  /** A raw parameter is not prepared by its column: the driver is asked to, since SQLite keeps times as text. */
  private timeParameter(time: number): unknown {
    const column = this.conversations.metadata.findColumnWithPropertyName('lastMessageAt')!;
    return this.conversations.manager.dataSource.driver.preparePersistentValue(new Date(time), column);
  }
}
