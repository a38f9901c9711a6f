import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, In, IsNull, LessThan, type Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import { Branches } from './branches.js';
import type { Conversation } from './conversation.entity.js';
import { ConversationsService } from './conversations.service.js';
import {
  type FeedbackDto,
  MessageDto,
  type MessagePageDto,
  type MessageQueryDto,
} from './dto/message.dto.js';
import { MessageFiles } from './message-files.js';
import { Message } from './message.entity.js';
import { type MessageRecord, MessageRecords } from './message-records.js';

/** Messages may be long. */
const BRANCH_PAGE = 40;

/** Messages, as their owners read them. */
@Injectable()
export class MessagesService {
  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly conversations: ConversationsService,
    private readonly branches: Branches,
    private readonly files: MessageFiles,
    private readonly records: MessageRecords,
  ) {}

  /** A page of a conversation, oldest first; the first page is the newest. @throws AppError not_found */
  async list(ownerId: number, conversationId: number, query: MessageQueryDto): Promise<MessagePageDto> {
    const conversation = await this.conversations.findOwned(ownerId, conversationId);
    const isActive = query.branch === 'active';
    const { items, nextCursor } = await (isActive
      ? this.activePage(conversation, query)
      : this.page(conversation, query));
    await this.files.load(items);
    return { items: items.reverse().map((message) => MessageDto.from(message)), nextCursor };
  }

  private async page(
    { id: conversationId, ownerId }: Conversation,
    { limit, cursor }: MessageQueryDto,
  ): Promise<Page<Message>> {
    const before = decodeCursor(cursor, 1)?.[0];
    const rows = await this.messages.find({
      where: { conversationId, ownerId, ...(before !== undefined && { seq: LessThan(before) }) },
      order: { seq: 'DESC' },
      take: limit + 1,
    });
    return pageOf(rows, limit, ({ seq }) => [seq]);
  }

  /** Its cursor names the next message of the branch: a page goes on where it began, whatever is active by then. */
  private async activePage(
    conversation: Conversation,
    { limit, cursor }: MessageQueryDto,
  ): Promise<Page<Message>> {
    const position = decodeCursor(cursor, 2);
    const end = position ? undefined : await this.branches.activeEnd(conversation);
    const [below, id] = position ?? [(end?.seq ?? 0) + 1, end?.id ?? null];
    const rows: Message[] = [];
    for await (const message of this.branches.back(conversation, { id: id!, below: below! })) {
      if (rows.push(message) > limit) break;
    }
    return pageOf(rows, limit, ({ seq, replyTo }) => [seq, replyTo ?? 0]);
  }

  /**
   * The active branch of a conversation, oldest message first, page by page: of all of it there are only ids in memory.
   * @throws AppError not_found
   */
  async *activeBranch(
    ownerId: number,
    conversationId: number,
  ): AsyncGenerator<MessageDto[], void, undefined> {
    const conversation = await this.conversations.findOwned(ownerId, conversationId);
    const end = await this.branches.activeEnd(conversation);
    const ids = end ? (await this.branches.line(conversation, end)).map(({ id }) => id).reverse() : [];
    for (let from = 0; from < ids.length; from += BRANCH_PAGE) {
      const where = { id: In(ids.slice(from, from + BRANCH_PAGE)), ownerId };
      const rows = await this.messages.find({ where, order: { seq: 'ASC' } });
      await this.files.load(rows);
      yield rows.map((message) => MessageDto.from(message));
    }
  }

  /** The same, message by message. @throws AppError not_found */
  async *history(ownerId: number, conversationId: number): AsyncIterable<MessageDto> {
    for await (const page of this.activeBranch(ownerId, conversationId)) yield* page;
  }

  /** The first messages of a conversation from one place to another, in their order; none where it is gone. */
  async between(
    { id: conversationId, ownerId }: Pick<Conversation, 'id' | 'ownerId'>,
    [first, last]: [number, number],
    limit: number,
  ): Promise<MessageDto[]> {
    const where = { conversationId, ownerId, seq: Between(first, last) };
    const rows = await this.messages.find({ where, order: { seq: 'ASC' }, take: limit });
    await this.files.load(rows);
    return rows.map((message) => MessageDto.from(message));
  }

  async find(ownerId: number, id: number): Promise<MessageDto> {
    return MessageDto.from(await this.findOwned(ownerId, id));
  }

  /** Keeps what the user thinks of an answer. @throws AppError not_found, also for the user's own message */
  async rate(ownerId: number, id: number, { value, comment }: FeedbackDto): Promise<MessageDto> {
    const said = value !== null && comment?.trim() ? comment : null;
    const { affected } = await this.messages.update(
      { id, ownerId, role: 'assistant' },
      { feedback: value, feedbackComment: said },
    );
    if (affected === 0) throw new AppError('not_found');
    return this.find(ownerId, id);
  }

  /** Notes that the text of an answer was asked for; the first time counts. @throws AppError not_found, see `rate` */
  async reveal(ownerId: number, id: number): Promise<MessageDto> {
    const hidden = { id, ownerId, role: 'assistant' as const, revealedAt: IsNull() };
    await this.messages.update(hidden, { revealedAt: new Date() });
    return MessageDto.from(await this.findAnswer(ownerId, id));
  }

  /**
   * Keeps messages as they are behind the end of the active branch, all or none, the oldest first: nothing is asked of a
   * model. Any order of roles is taken.
   * @throws AppError not_found (also a file), invalid_input (files of an answer); turn_running with the running
   *   message's id
   */
  async record(ownerId: number, conversationId: number, items: MessageRecord[]): Promise<MessageDto[]> {
    const messages = await this.records.add(ownerId, conversationId, items);
    return messages.map((message) => MessageDto.from(message));
  }

  /**
   * Gives a user's message that has no answer another text.
   * @throws AppError not_found, also for an answer; message_answered
   */
  async reword(ownerId: number, id: number, content: string): Promise<MessageDto> {
    await this.records.reword(ownerId, await this.findOwned(ownerId, id), content);
    return this.find(ownerId, id);
  }

  /** A user's message: this one, or the one that this answer answers. @throws AppError not_found where it answers none */
  async findPrompt(ownerId: number, id: number): Promise<Message> {
    const named = await this.findOwned(ownerId, id);
    const prompt = named.role === 'user' ? named : await this.findOwned(ownerId, named.replyTo ?? 0);
    if (prompt.role !== 'user') throw new AppError('not_found');
    return prompt;
  }

  /** The user's message that this is the answer to; null where it was recorded without one. */
  promptOf({ ownerId, replyTo }: Message): Promise<Message | null> {
    return this.messages.findOneBy({ id: replyTo ?? 0, ownerId, role: 'user' });
  }

  /** Whether a conversation can go on from this message. @throws AppError not_found, invalid_input; see `Branches` */
  async assertParent(ownerId: number, conversationId: number, id: number): Promise<void> {
    await this.branches.parent({ id: conversationId, ownerId }, id);
  }

  /** With its files. @throws AppError not_found */
  async findOwned(ownerId: number, id: number): Promise<Message> {
    const message = await this.messages.findOneBy({ id, ownerId });
    if (!message) throw new AppError('not_found');
    await this.files.load([message]);
    return message;
  }

  /** An answer, whose events can be read. @throws AppError not_found, also for the user's own message */
  async findAnswer(ownerId: number, id: number): Promise<Message> {
    const message = await this.findOwned(ownerId, id);
    if (message.role !== 'assistant') throw new AppError('not_found');
    return message;
  }

  /** Whose it is: for closed networks only, where a request need not show who sends it (`LEGACY_TRUST_CALLER`). */
  async ownerOf(id: number): Promise<number | undefined> {
    return (await this.messages.findOne({ where: { id }, select: { ownerId: true } }))?.ownerId;
  }

  /** The answer that is being written in this conversation, if one is. */
  findRunning(ownerId: number, conversationId: number): Promise<Message | null> {
    return this.messages.findOneBy({ runningIn: conversationId, ownerId });
  }
}
