import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, In, IsNull, Not, type Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import { isUniqueViolation } from '../database/failures.js';
import { insertRow } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { TurnLimits } from '../usage/turn-limits.service.js';
import { UsageService } from '../usage/usage.service.js';
import { Review } from './review.entity.js';
import { LEASE_MS } from './review.runs.js';

/** Which review is meant: there is at most one. */
export type ReviewKey = Pick<Review, 'ownerId' | 'messageId' | 'transcriptionId' | 'kind' | 'language'>;

const MAX_LISTED = 100;
/** Ids in one query. */
const BATCH = 500;

/** A review of nothing yet. */
const BLANK = {
  ...{ target: null, attempt: 1, runs: 0, reservedTokens: 0, reservedOn: null, dueAt: null },
  ...{ content: null, errorCode: null, provider: null, model: null, finishedAt: null },
};

/** Somebody else was faster. */
class Overtaken extends Error {}

/** The rows of reviews, and what is asked of the quotas before there is one. */
@Injectable()
export class ReviewStore {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Review) private readonly reviews: Repository<Review>,
    private readonly usage: UsageService,
    private readonly limits: TurnLimits,
  ) {}

  find({ messageId, transcriptionId, ...key }: ReviewKey): Promise<Review | null> {
    const about = { messageId: messageId ?? IsNull(), transcriptionId: transcriptionId ?? IsNull() };
    return this.reviews.findOneBy({ ...key, ...about });
  }

  /** @throws AppError not_found */
  async findOwned(ownerId: number, id: number): Promise<Review> {
    const review = await this.reviews.findOneBy({ id, ownerId });
    if (!review) throw new AppError('not_found');
    return review;
  }

  /** All of a message, or of a transcription, the newest first. */
  listOf(
    about: { ownerId: number } & ({ messageId: number } | { transcriptionId: number }),
  ): Promise<Review[]> {
    return this.reviews.find({ where: about, order: { id: 'DESC' }, take: MAX_LISTED });
  }

  /** Those of these messages that are done. */
  async listKept(
    key: Pick<ReviewKey, 'ownerId' | 'kind' | 'language'>,
    messageIds: number[],
  ): Promise<Review[]> {
    const kept: Review[] = [];
    for (let at = 0; at < messageIds.length; at += BATCH) {
      const messageId = In(messageIds.slice(at, at + BATCH));
      kept.push(
        ...(await this.reviews.findBy({ ...key, messageId, status: 'done', content: Not(IsNull()) })),
      );
    }
    return kept;
  }

  /**
   * Has a review made, or made again where it is known; whoever comes second gets the first one's.
   * @param tokens what it may cost
   * @throws AppError rate_limited, quota_exceeded; a missing reference where the message is gone
   */
  async begin(
    key: ReviewKey,
    known: Review | null,
    tokens: number,
  ): Promise<{ review: Review; isBegun: boolean }> {
    try {
      await this.limits.take(key.ownerId);
      const review = await inTransaction(this.dataSource, async (manager) => {
        const now = new Date();
        await this.usage.admit(manager, key.ownerId, this.usage.tokensLimited ? tokens : 0, now);
        return write(manager, key, known, {
          ...{ status: 'pending', createdAt: now, dueAt: new Date(now.getTime() + LEASE_MS) },
        });
      });
      return { review, isBegun: true };
    } catch (error) {
      if (!(isUniqueViolation(error) || error instanceof Overtaken || error instanceof AppError)) throw error;
      const other = await this.find(key);
      if (other && other.attempt !== known?.attempt) return { review: other, isBegun: false };
      throw error instanceof AppError ? error : new AppError('not_found', { cause: error });
    }
  }

  /** Writes a review down that is done at once; one that is there is replaced. */
  async keep(key: ReviewKey, content: string, target: string | null): Promise<Review> {
    const now = new Date();
    const done = { status: 'done' as const, content, target, createdAt: now, finishedAt: now };
    for (;;) {
      const known = await this.find(key);
      try {
        return await write(this.dataSource.manager, key, known, done);
      } catch (error) {
        if (!isUniqueViolation(error) && !(error instanceof Overtaken)) throw error;
      }
    }
  }
}

/** @throws Overtaken where what is known has changed; a unique violation where there is one meanwhile */
async function write(
  manager: EntityManager,
  key: ReviewKey,
  known: Review | null,
  values: Pick<Review, 'status' | 'createdAt'> & Partial<Review>,
): Promise<Review> {
  const attempt = (known?.attempt ?? 0) + 1;
  const row = Object.assign(new Review(), BLANK, key, values, { attempt });
  if (!known) {
    row.id = await insertRow(manager, Review, row);
    return row;
  }
  row.id = known.id;
  const unchanged = {
    id: known.id,
    ownerId: key.ownerId,
    attempt: known.attempt,
    status: Not('pending' as const),
  };
  const { affected } = await manager.update(Review, unchanged, { ...BLANK, ...values, attempt });
  if (affected === 0) throw new Overtaken();
  return row;
}
