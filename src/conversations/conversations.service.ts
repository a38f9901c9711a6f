import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository, SelectQueryBuilder } from 'typeorm';
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

const positionOf = ({ lastMessageAt, id }: Conversation) => [lastMessageAt.getTime(), id];

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
    });
    try {
      return ConversationDto.from(await this.conversations.save(conversation));
    } catch (error) {
      throw isUniqueViolation(error) ? new AppError('external_id_taken') : error;
    }
  }

  /** Conversations of this user, the one last talked in first. */
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
    const { items, nextCursor } = await this.search.page(ownerId, query, {
      page: (cursor, limit) => this.page(ownerId, { ...query, limit, cursor }),
      position: positionOf,
    });
    const found = items.map((item) =>
      ConversationDto.from(item.conversation, ConversationMatchDto.from(item)),
    );
    return { items: found, nextCursor };
  }

  private async page(ownerId: number, query: PlainQuery): Promise<Page<Conversation>> {
    const rows = await this.listQuery(ownerId, query).getMany();
    return pageOf(rows, query.limit, positionOf);
  }

  async find(ownerId: number, id: number): Promise<ConversationDto> {
    return ConversationDto.from(await this.findOwned(ownerId, id));
  }

  /** @throws AppError not_found (also chatbot or topic) */
  async change(ownerId: number, id: number, dto: ChangeConversationDto): Promise<ConversationDto> {
    await this.findOwned(ownerId, id);
    await this.assertOwned(ownerId, dto);
    const { title, chatbotId, topicId, activeSeq } = dto;
    const changes = {
      ...(title !== undefined && { title, titleSource: 'user' as const }),
      ...(chatbotId !== undefined && { chatbotId }),
      ...(topicId !== undefined && { topicId }),
      updatedAt: new Date(),
    };
    if (activeSeq === undefined) await this.conversations.update({ id, ownerId }, changes);
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

  /**
   * Makes this message's branch the active one; a summary of another branch is dropped. False where something was said
   * or summarized meanwhile: then the branch, or its summary, is not what was looked at.
   */
  private async changeBranch(
    ownerId: number,
    id: number,
    seq: number,
    changes: Partial<Conversation>,
  ): Promise<boolean> {
    const conversation = await this.findOwned(ownerId, id);
    const { lastSeq, summaryUntil } = conversation;
    const activeSeq = await this.branches.newestBehind(conversation, seq);
    const end = await this.branches.activeEnd(Object.assign(new Conversation(), conversation, { activeSeq }));
    const isSummarized = await this.branches.isSummarized(conversation, end);
    const { affected } = await this.conversations.update(
      { id, ownerId, lastSeq, summaryUntil },
      { ...changes, activeSeq, ...(!isSummarized && { summary: null, summaryUntil: 0 }) },
    );
    return affected !== 0;
  }

  private async assertOwned(ownerId: number, { chatbotId, topicId }: ChangeConversationDto): Promise<void> {
    if (chatbotId) await this.chatbots.findOwned(ownerId, chatbotId);
    if (topicId) await this.topics.findOwned(ownerId, topicId);
  }

  private listQuery(ownerId: number, query: PlainQuery): SelectQueryBuilder<Conversation> {
    const { limit, cursor, chatbotId, topicId } = query;
    const select = this.conversations.createQueryBuilder('c').where('c.ownerId = :ownerId', { ownerId });
    if (chatbotId !== undefined) select.andWhere('c.chatbotId = :chatbotId', { chatbotId });
    if (topicId !== undefined) select.andWhere('c.topicId = :topicId', { topicId });
    const position = decodeCursor(cursor, 2);
    if (position) {
      const [time, id] = position as [number, number];
      select.andWhere('(c.lastMessageAt < :at OR (c.lastMessageAt = :at AND c.id < :id))', {
        at: this.timeParameter(time),
        id,
      });
    }
    return select
      .orderBy('c.lastMessageAt', 'DESC')
      .addOrderBy('c.id', 'DESC')
      .take(limit + 1);
  }

  /** A raw parameter is not prepared by its column: the driver is asked to, since SQLite keeps times as text. */
  private timeParameter(time: number): unknown {
    const column = this.conversations.metadata.findColumnWithPropertyName('lastMessageAt')!;
    return this.conversations.manager.dataSource.driver.preparePersistentValue(new Date(time), column);
  }
}
