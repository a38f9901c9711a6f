import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { isUniqueViolation } from '../database/failures.js';
import { inTransaction } from '../database/transaction.js';
import { FilesService } from '../files/files.service.js';
import { Branches } from './branches.js';
import { Conversation } from './conversation.entity.js';
import { ConversationList } from './conversation.list.js';
import { ConversationPartners } from './conversation.partners.js';
import {
  type ChangeConversationDto,
  ConversationDto,
  type ConversationPageDto,
  type ConversationQueryDto,
  type CreateConversationDto,
} from './dto/conversation.dto.js';
import { newConversation } from './new-conversation.js';
import { RunningConversations, type RunningWith } from './running-conversations.js';

/** More than this are no longer found at a glance; and so many are read before the first page of the others. */
const MAX_PINNED = 50;

/** Whether it is pinned already, or fewer than so many are. MySQL reads the table it changes only behind a LIMIT. */
const ROOM_FOR_A_PIN =
  '(pinned = 1 OR (SELECT COUNT(*) FROM (SELECT id FROM conversations ' +
  `WHERE owner_id = :owner AND pinned = 1 LIMIT ${MAX_PINNED}) AS others) < ${MAX_PINNED})`;

const NEWEST = { lastMessageAt: 'DESC', id: 'DESC' } as const;

type Owned = Pick<Conversation, 'id' | 'ownerId'>;
type Changes = Partial<Omit<Conversation, 'owner' | 'chatbot' | 'topic'>>;

/** Conversations of their owners. */
@Injectable()
export class ConversationsService {
  constructor(
    @InjectRepository(Conversation) private readonly conversations: Repository<Conversation>,
    private readonly partners: ConversationPartners,
    private readonly running: RunningConversations,
    private readonly lists: ConversationList,
    private readonly branches: Branches,
    private readonly files: FilesService,
  ) {}

  /** @throws AppError not_found (chatbot or topic), external_id_taken */
  async create(ownerId: number, dto: CreateConversationDto): Promise<ConversationDto> {
    await this.partners.assertOwned(ownerId, dto);
    const { chatbotId = null, topicId = null, externalId = null, title } = dto;
    const named = title === undefined ? {} : { title, titleSource: 'user' as const };
    const conversation = newConversation(ownerId, { chatbotId, topicId, externalId, ...named });
    try {
      return ConversationDto.from(await this.conversations.save(conversation));
    } catch (error) {
      throw isUniqueViolation(error) ? new AppError('external_id_taken') : error;
    }
  }

  /** Conversations of this user: pinned ones before the others, of each the one last talked in first. */
  list(ownerId: number, query: ConversationQueryDto): Promise<ConversationPageDto> {
    return this.lists.read(ownerId, query);
  }

  /** All that are not put away, the one last talked in first, whether pinned or not; page by page. */
  newest(ownerId: number): AsyncIterable<ConversationDto[]> {
    return this.lists.newest(ownerId);
  }

  async find(ownerId: number, id: number): Promise<ConversationDto> {
    return ConversationDto.from(await this.findOwned(ownerId, id));
  }

  /**
   * The one running conversation of a user with a chatbot, or on a topic. Where there is none yet, the one last talked
   * in with it becomes it, or else a new one; of several who ask at once all get the same.
   * @throws AppError not_found (chatbot or topic)
   */
  async runningWith(ownerId: number, partner: RunningWith): Promise<ConversationDto> {
    return ConversationDto.from(await this.running.of(ownerId, partner));
  }

  /**
   * The running conversation, also with a deleted chatbot; where none is marked, the one that would become it. Null
   * where there is none: nothing is made.
   */
  async findRunningWith(ownerId: number, partner: RunningWith): Promise<ConversationDto | null> {
    return dtoOf(await this.running.find(ownerId, partner));
  }

  /** As `findRunningWith`. @throws AppError not_found where there is none */
  async readRunningWith(ownerId: number, partner: RunningWith): Promise<ConversationDto> {
    const running = await this.findRunningWith(ownerId, partner);
    if (!running) throw new AppError('not_found');
    return running;
  }

  /** What is remembered of the user's running conversations on topics, by topic. */
  summariesByTopic(ownerId: number): Promise<Map<number, string>> {
    return this.running.summaries(ownerId);
  }

  /** The conversation that the user's client calls so. */
  async findByExternalId(ownerId: number, externalId: string): Promise<ConversationDto | null> {
    return dtoOf(await this.conversations.findOneBy({ ownerId, externalId }));
  }

  /** The user's conversation of this title; of several the one last talked in. */
  async findByTitle(ownerId: number, title: string): Promise<ConversationDto | null> {
    return dtoOf(await this.conversations.findOne({ where: { ownerId, title }, order: NEWEST }));
  }

  /** @throws AppError not_found (also chatbot or topic), too_many_pinned */
  async change(ownerId: number, id: number, dto: ChangeConversationDto): Promise<ConversationDto> {
    const known = await this.findOwned(ownerId, id);
    await this.partners.assertOwned(ownerId, dto);
    const { title, activeSeq, archived, pinned } = dto;
    const changes = {
      ...(title !== undefined && { title, titleSource: 'user' as const }),
      ...otherPartners(known, dto),
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
    const found = await this.conversations.findOne({
      where,
      order: NEWEST,
      select: { id: true, ownerId: true },
    });
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
}

/** Another chatbot, or another topic: with that one it is not the running conversation. */
function otherPartners(known: Conversation, { chatbotId, topicId }: ChangeConversationDto): Changes {
  return {
    ...(chatbotId !== undefined && chatbotId !== known.chatbotId && { chatbotId, runningChatbot: null }),
    ...(topicId !== undefined && topicId !== known.topicId && { topicId, runningTopic: null }),
  };
}

function dtoOf(conversation: Conversation | null): ConversationDto | null {
  return conversation && ConversationDto.from(conversation);
}
