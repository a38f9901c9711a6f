import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThanOrEqual, MoreThanOrEqual, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { selectRows } from '../database/statements.js';
import type { Conversation } from './conversation.entity.js';
import { Message } from './message.entity.js';

const PAGE = 40;

/** A place on a branch: the message with this id, or the beginning of the conversation. */
export interface BranchPoint {
  id: number;
  seq: number;
}

/** From where a branch is read backwards. */
export interface BranchStart {
  /** The message to begin with; null gives nothing. */
  id: number | null;
  /** A place behind it. */
  below: number;
  /** Messages up to this place are left out. */
  until?: number;
}

/**
 * The branches of conversations. Each message names the one before it (`replyTo`), which has a lower `seq`; an
 * answer that was made again, or a message that was said otherwise, begins a branch beside the first one.
 */
@Injectable()
export class Branches {
  constructor(@InjectRepository(Message) private readonly messages: Repository<Message>) {}

  /** The messages of one branch, newest first. */
  async *back(
    { ownerId, id: conversationId }: Conversation,
    { id, below, until = 0 }: BranchStart,
    manager = this.messages.manager,
  ): AsyncIterable<Message> {
    for (let wanted = id, before = below; wanted !== null;) {
      const where = 'conversation_id = ? AND owner_id = ? AND seq < ? AND seq > ?';
      const tail = `WHERE ${where} ORDER BY seq DESC LIMIT ${PAGE}`;
      const values = [conversationId, ownerId, before, until];
      const page = await selectRows(manager, Message, tail, values);
      for (const message of page) {
        if (message.id !== wanted) continue;
        yield message;
        wanted = message.replyTo;
      }
      if (page.length < PAGE) return;
      before = page.at(-1)!.seq;
    }
  }

  /** A message and those before it on its branch, newest first, without what they say. */
  async line(
    { id: conversationId, ownerId }: Conversation,
    { id, seq }: BranchPoint,
  ): Promise<Pick<Message, 'id' | 'role' | 'replyTo' | 'hasFiles'>[]> {
    const rows = await this.messages.find({
      where: { conversationId, ownerId, seq: LessThanOrEqual(seq) },
      select: { id: true, role: true, replyTo: true, hasFiles: true },
      order: { seq: 'DESC' },
    });
    let wanted: number | null = id;
    return rows.filter((row) => {
      if (row.id !== wanted) return false;
      wanted = row.replyTo;
      return true;
    });
  }

  /** The message that the conversation goes on from, mostly an answer; null while it is empty. */
  async activeEnd(
    { id: conversationId, ownerId, activeSeq: seq }: Conversation,
    manager = this.messages.manager,
  ): Promise<BranchPoint | null> {
    if (seq === 0) return null;
    const where = { conversationId, ownerId, seq };
    return manager.findOne(Message, { where, select: { id: true, seq: true } });
  }

  /**
   * A message of this conversation to go on from: an answer, or what was recorded without one.
   * @throws AppError not_found; invalid_input for a user's message that was answered
   */
  async parent(
    { id: conversationId, ownerId }: Pick<Conversation, 'id' | 'ownerId'>,
    id: number,
  ): Promise<BranchPoint> {
    const message = await this.messages.findOneBy({ id, conversationId, ownerId });
    if (!message) throw new AppError('not_found');
    if (message.role === 'assistant' || (await this.isGoneOnFrom(message))) return message;
    throw new AppError('invalid_input', {
      errors: [{ field: 'replyTo', message: fieldMessage('isAnswer') }],
    });
  }

  /** A user's message that nothing follows yet, or another one of his. */
  private async isGoneOnFrom({ id: replyTo, ownerId }: Message): Promise<boolean> {
    const next = await this.messages.find({ where: { replyTo, ownerId }, select: { id: true, role: true } });
    return next.length === 0 || next.some(({ role }) => role === 'user');
  }

  /** `seq` of the newest message behind the one with this `seq`, or of itself. @throws AppError not_found */
  async newestBehind({ id: conversationId, ownerId }: Conversation, seq: number): Promise<number> {
    const rows = await this.messages.find({
      where: { conversationId, ownerId, seq: MoreThanOrEqual(seq) },
      select: { id: true, seq: true, replyTo: true },
      order: { seq: 'ASC' },
    });
    const [first] = rows;
    if (first?.seq !== seq) throw new AppError('not_found');
    const behind = new Set([first.id]);
    let newest = seq;
    for (const row of rows) {
      if (row.replyTo === null || !behind.has(row.replyTo)) continue;
      behind.add(row.id);
      newest = row.seq;
    }
    return newest;
  }

  /** Whether the conversation's summary tells of the branch that ends here; where there is none, it does. */
  async isSummarized(
    conversation: Conversation,
    end: BranchPoint | null,
    manager = this.messages.manager,
  ): Promise<boolean> {
    const { summaryUntil } = conversation;
    if (summaryUntil === 0) return true;
    if (end === null || end.seq < summaryUntil) return false;
    const start = { id: end.id, below: end.seq + 1, until: summaryUntil - 1 };
    for await (const { seq } of this.back(conversation, start, manager))
      if (seq === summaryUntil) return true;
    return false;
  }
}
