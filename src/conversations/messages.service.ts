import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, Not, type Repository } from 'typeorm';
import { decodeCursor, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import type { PageQueryDto } from '../common/page-query.dto.js';
import { ConversationsService } from './conversations.service.js';
import { type FeedbackDto, MessageDto, type MessagePageDto } from './dto/message.dto.js';
import { Message } from './message.entity.js';

/** Messages, as their owners read them. */
@Injectable()
export class MessagesService {
  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly conversations: ConversationsService,
  ) {}

  /** A page of a conversation, oldest first; the first page is the newest. @throws AppError not_found */
  async list(
    ownerId: number,
    conversationId: number,
    { limit, cursor }: PageQueryDto,
  ): Promise<MessagePageDto> {
    await this.conversations.findOwned(ownerId, conversationId);
    const before = decodeCursor(cursor, 1)?.[0];
    const rows = await this.messages.find({
      where: { conversationId, ownerId, ...(before !== undefined && { seq: LessThan(before) }) },
      order: { seq: 'DESC' },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, ({ seq }) => [seq]);
    return { items: items.reverse().map((message) => MessageDto.from(message)), nextCursor };
  }

  async find(ownerId: number, id: number): Promise<MessageDto> {
    return MessageDto.from(await this.findOwned(ownerId, id));
  }

  /** Keeps what the user thinks of an answer. @throws AppError not_found, also for the user's own message */
  async rate(ownerId: number, id: number, { value }: FeedbackDto): Promise<MessageDto> {
    const { affected } = await this.messages.update({ id, ownerId, role: 'assistant' }, { feedback: value });
    if (affected === 0) throw new AppError('not_found');
    return this.find(ownerId, id);
  }

  /** @throws AppError not_found */
  async findOwned(ownerId: number, id: number): Promise<Message> {
    const message = await this.messages.findOneBy({ id, ownerId });
    if (!message) throw new AppError('not_found');
    return message;
  }

  /** An answer, whose events can be read. @throws AppError not_found, also for the user's own message */
  async findAnswer(ownerId: number, id: number): Promise<Message> {
    const message = await this.findOwned(ownerId, id);
    if (message.role !== 'assistant') throw new AppError('not_found');
    return message;
  }

  /** The answer that is being written in this conversation, if one is. */
  findRunning(ownerId: number, conversationId: number): Promise<Message | null> {
    return this.messages.findOneBy({ runningIn: conversationId, ownerId });
  }

  /** Leaves word for the process that writes this answer. */
  async requestStop(ownerId: number, id: number): Promise<void> {
    await this.messages.update({ id, ownerId, runningIn: Not(IsNull()) }, { stopRequestedAt: new Date() });
  }
}
