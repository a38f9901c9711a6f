import { Injectable } from '@nestjs/common';
import type { Message } from '../conversations/message.entity.js';
import { MessagesService } from '../conversations/messages.service.js';
import { AppError } from '../common/errors.js';
import type { LlmMessage } from '../llm/language-model.js';
import { countTokens } from '../llm/token-counter.js';
import {
  type Expression,
  expressionRequest,
  expressionTokens,
  readExpression,
  salvageExpression,
} from './expression.js';
import { type Gloss, glossRequest, glossTokens, readGloss, salvageGloss } from './gloss.js';
import type { Review } from './review.entity.js';

/** What a model is asked for a review, and how its answer is read. */
export interface ReviewTask {
  messages: LlmMessage[];
  maxOutputTokens: number;
  /** Null where the answer cannot be read. */
  read: (answer: string) => Expression | Gloss | null;
  /** What can be read of an answer that was cut; null where nothing can. */
  salvage: (answer: string) => Expression | Gloss | null;
}

/** Tokens that stand around a message. */
const OVERHEAD_TOKENS = 6;

/** The most that it costs to ask once. */
export function tokensOf({ messages, maxOutputTokens }: ReviewTask): number {
  const shown = messages.reduce((sum, { content }) => sum + countTokens(content) + OVERHEAD_TOKENS, 0);
  return shown + maxOutputTokens;
}

/** Knows which text a review is about. */
@Injectable()
export class ReviewTasks {
  constructor(private readonly messages: MessagesService) {}

  /** Null where the message is gone. */
  async of({ ownerId, messageId, kind, language }: Review): Promise<ReviewTask | null> {
    const message = messageId === null ? null : await this.find(ownerId, messageId);
    return message && this.for(message, kind, language);
  }

  async for(message: Message, kind: Review['kind'], language: string): Promise<ReviewTask> {
    const text = message.content;
    if (kind === 'gloss') {
      return {
        messages: glossRequest(text, language),
        maxOutputTokens: glossTokens(text),
        read: (answer) => readGloss(answer, text),
        salvage: (answer) => salvageGloss(answer, text),
      };
    }
    const said = { text, before: await this.before(message) };
    return {
      messages: expressionRequest(said, language),
      maxOutputTokens: expressionTokens(text),
      read: (answer) => readExpression(answer, said),
      salvage: (answer) => salvageExpression(answer, said),
    };
  }

  /** What the learner was answering. */
  private async before({ ownerId, replyTo }: Message): Promise<string | null> {
    const before = replyTo === null ? null : await this.find(ownerId, replyTo);
    return before?.content ?? null;
  }

  private async find(ownerId: number, id: number): Promise<Message | null> {
    try {
      return await this.messages.findOwned(ownerId, id);
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return null;
      throw error;
    }
  }
}
