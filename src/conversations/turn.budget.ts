import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type EntityManager, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { TurnLimits } from '../usage/turn-limits.service.js';
import { UsageService } from '../usage/usage.service.js';
import { utcDay } from '../usage/utc-day.js';
import { MESSAGE_OVERHEAD_TOKENS } from './context-window.js';
import { Message } from './message.entity.js';
import { TurnDocuments } from './turn.documents.js';
import { type PromptSetting, TurnPrompt } from './turn.prompt.js';

/** What a user may still spend: set aside where a turn begins, and booked where it ends. */
@Injectable()
export class TurnBudget {
  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly usage: UsageService,
    private readonly limits: TurnLimits,
    private readonly prompt: TurnPrompt,
    private readonly documents: TurnDocuments,
  ) {}

  /** Counts a turn that is asked for. @throws AppError rate_limited */
  async admit(ownerId: number): Promise<void> {
    await this.limits.take(ownerId);
  }

  /**
   * Tokens that a turn may cost at most: what the model may be shown, documents included, and the longest answer that
   * is asked for. 0 where tokens are not limited. Counted for the conversation as it is; branches beside the active one
   * are in.
   */
  async estimate(setting: PromptSetting, promptTokens: number, fileIds: number[] = []): Promise<number> {
    if (!this.usage.tokensLimited) return 0;
    const { id: conversationId, ownerId, summaryUntil } = setting.conversation;
    const { tokens, count } = (await this.messages
      .createQueryBuilder('m')
      .select('SUM(m.contentTokens)', 'tokens')
      .addSelect('COUNT(*)', 'count')
      .where('m.conversationId = :conversationId AND m.ownerId = :ownerId', { conversationId, ownerId })
      .andWhere('m.seq > :summaryUntil', { summaryUntil })
      .getRawOne<{ tokens: unknown; count: unknown }>())!;
    const marks = (Number(count) + 2) * MESSAGE_OVERHEAD_TOKENS;
    const shown = this.prompt.systemTokens(setting) + Number(tokens ?? 0) + promptTokens + marks;
    const documents = await this.documentTokens(setting, fileIds);
    const budget = this.prompt.budget(setting);
    return Math.min(shown + documents, budget) + this.prompt.answerTokens(setting);
  }

  private async documentTokens(setting: PromptSetting, fileIds: number[]): Promise<number> {
    if (!setting.conversation.hasDocuments) return 0;
    const whole = await this.documents.tokens(setting.conversation, fileIds);
    return Math.min(whole, this.prompt.documentRoom(setting));
  }

  /**
   * Sets the tokens aside, in the transaction that stores the turn. Turns of one user come here one by one.
   * @throws AppError quota_exceeded, too_many_turns
   */
  async reserve(manager: EntityManager, ownerId: number, tokens: number, now: Date): Promise<void> {
    await this.usage.reserve(manager, ownerId, tokens, now);
    const { turnsAtOnce } = this.usage.limits;
    if (turnsAtOnce === null) return;
    const running = await manager.countBy(Message, { ownerId, runningIn: Not(IsNull()) });
    if (running >= turnsAtOnce) throw new AppError('too_many_turns', { retryAfter: 1 });
  }

  /** Takes back what is set aside for a running turn whose row is about to go. What it costs is booked at its end. */
  async takeBack(manager: EntityManager, ownerId: number, conversationId: number): Promise<void> {
    const running = await manager.findOneBy(Message, { ownerId, runningIn: conversationId });
    if (!running || running.reservedTokens === 0) return;
    const { id, reservedTokens: reserved, createdAt } = running;
    const settle = (tokens: number) =>
      this.usage.settle(manager, ownerId, utcDay(createdAt), {
        ...{ reserved: tokens, inputTokens: 0, outputTokens: 0, estimated: true },
      });
    // The user's row of the day is locked first, as everywhere; the turn may have ended while that was waited for.
    await settle(reserved);
    const { affected } = await manager.update(
      Message,
      { id, reservedTokens: reserved },
      { reservedTokens: 0 },
    );
    if (affected === 0) await settle(-reserved);
  }
}
