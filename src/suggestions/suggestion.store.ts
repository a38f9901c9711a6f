import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import type { DataSource, EntityManager, Repository } from 'typeorm';
import { Message } from '../conversations/message.entity.js';
import { isUniqueViolation } from '../database/failures.js';
import { insertRow } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { UsageService } from '../usage/usage.service.js';
import { Suggestion } from './suggestion.entity.js';

/** What became of an attempt. */
export type SuggestionEnding = Pick<Suggestion, 'status' | 'items' | 'reason' | 'dueAt'>;

/** Somebody else was faster: the transaction is taken back. */
class Overtaken extends Error {}

/** The rows of suggestions: one for an answer, and one at a time who has them made. */
@Injectable()
export class SuggestionStore {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Suggestion) private readonly suggestions: Repository<Suggestion>,
    private readonly usage: UsageService,
  ) {}

  find(ownerId: number, messageId: number): Promise<Suggestion | null> {
    return this.suggestions.findOneBy({ ownerId, messageId });
  }

  /**
   * Takes it upon the caller to have them made, until `dueAt`; null where somebody else has done so. Nothing is set
   * aside for it, but there must be room for what it may cost.
   * @param known as it was read; null where there was none
   * @throws AppError quota_exceeded
   */
  async claim(
    { id: messageId, ownerId }: Message,
    known: Suggestion | null,
    terms: { tokens: number; dueAt: Date },
  ): Promise<Suggestion | null> {
    try {
      return await inTransaction(this.dataSource, async (manager) => {
        await this.assertRoom(manager, ownerId, terms.tokens);
        return take(manager, { ownerId, messageId }, known, terms.dueAt);
      });
    } catch (error) {
      if (error instanceof Overtaken || isUniqueViolation(error)) return null;
      throw error;
    }
  }

  /** Writes how the attempt has ended; nothing where another one has begun, or the answer is gone. */
  async end({ id, ownerId, attempt }: Suggestion, ending: SuggestionEnding): Promise<void> {
    await this.suggestions.update({ id, ownerId, attempt, status: 'pending' }, ending);
  }

  private async assertRoom(manager: EntityManager, ownerId: number, tokens: number): Promise<void> {
    if (!this.usage.tokensLimited) return;
    const { day } = await this.usage.hold(manager, ownerId, tokens);
    const nothing = { inputTokens: 0, outputTokens: 0, estimated: false };
    await this.usage.settle(manager, ownerId, day, { reserved: tokens, ...nothing });
  }
}

/** @throws Overtaken where what is known has changed; a unique violation where there is one meanwhile */
async function take(
  manager: EntityManager,
  key: Pick<Suggestion, 'ownerId' | 'messageId'>,
  known: Suggestion | null,
  dueAt: Date,
): Promise<Suggestion> {
  const attempt = (known?.attempt ?? 0) + 1;
  const begun = { status: 'pending' as const, items: null, reason: null, attempt, dueAt };
  const row = Object.assign(new Suggestion(), key, begun, { createdAt: known?.createdAt ?? new Date() });
  if (!known) {
    row.id = await insertRow(manager, Suggestion, row);
    return row;
  }
  const { id, ownerId, status } = known;
  row.id = id;
  const { affected } = await manager.update(
    Suggestion,
    { id, ownerId, status, attempt: known.attempt },
    begun,
  );
  if (affected === 0) throw new Overtaken();
  return row;
}
