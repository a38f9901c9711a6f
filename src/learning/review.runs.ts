import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, IsNull, LessThanOrEqual, type Repository } from 'typeorm';
import { isMissingReference } from '../database/failures.js';
import { waitForDatabase } from '../database/patience.js';
import { inTransaction } from '../database/transaction.js';
import { type Settlement, UsageService } from '../usage/usage.service.js';
import { Review } from './review.entity.js';

/** How a review ended. */
export interface ReviewEnding {
  status: 'done' | 'failed';
  content: string | null;
  errorCode: string | null;
  provider: string | null;
  model: string | null;
}

/** Tokens that a model took for it; undefined where none was asked. */
export type ReviewCost = Omit<Settlement, 'reserved'> | undefined;

/** How long a run may be silent before its process is taken for gone. */
export const LEASE_MS = 15_000;

const PATIENCE_MS = 60_000;

/** Somebody else has it by now, or it is gone: the transaction is taken back. */
class NotOurs extends Error {}

/**
 * The runs of a review, one after the other. Each begins where the one before it has ended, or was silent for longer
 * than its lease; then `runs` is counted up, and an earlier run can write nothing any more. What is set aside for a
 * run, and what it used, is booked in the transaction that writes what became of it.
 */
@Injectable()
export class ReviewRuns {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Review) private readonly reviews: Repository<Review>,
    private readonly usage: UsageService,
  ) {}

  /** The review, where it still waits for this very run. */
  find(id: number, ownerId: number, attempt: number, runs: number): Promise<Review | null> {
    return this.reviews.findOneBy({ id, ownerId, attempt, runs, status: 'pending' });
  }

  /**
   * Takes it up, and sets tokens aside for it. Null where somebody else has done so.
   * @throws AppError quota_exceeded
   */
  async claim(review: Review, tokens: number, now = new Date()): Promise<Review | null> {
    const reserved = this.usage.tokensLimited ? tokens : 0;
    return this.ours(async (manager) => {
      await this.giveBack(manager, review);
      const held = reserved > 0 ? await this.usage.hold(manager, review.ownerId, reserved, now) : undefined;
      const claimed = {
        runs: review.runs + 1,
        dueAt: new Date(now.getTime() + LEASE_MS),
        reservedTokens: reserved,
        reservedOn: held?.day ?? null,
      };
      await this.change(manager, review, claimed);
      return Object.assign(new Review(), review, claimed);
    });
  }

  /** Says that the run goes on; false where it is nobody's business any more. */
  async renew(review: Review): Promise<boolean> {
    const { affected } = await this.reviews.update(heldBy(review), {
      dueAt: new Date(Date.now() + LEASE_MS),
    });
    return affected !== 0;
  }

  /** Ends the run and with it the review. A database that is away is waited for, for a minute. */
  async finish(review: Review, ending: ReviewEnding, cost: ReviewCost): Promise<void> {
    await this.end(review, { ...ending, finishedAt: new Date(), dueAt: null }, cost);
  }

  /** Ends the run; the review waits for the next one. */
  async postpone(review: Review, cost: ReviewCost, waitMs: number): Promise<void> {
    await this.end(review, { dueAt: new Date(Date.now() + waitMs) }, cost);
  }

  /** Reviews whose run, or the way of their job to a worker, takes longer than it should. */
  overdue(limit: number): Promise<Review[]> {
    const where = { status: 'pending' as const, dueAt: LessThanOrEqual(new Date()) };
    return this.reviews.find({ where, order: { dueAt: 'ASC' }, take: limit });
  }

  /** Looks after it again later; false where another process does so, or its run has come back. */
  async putOff(review: Review, waitMs: number): Promise<boolean> {
    const { affected } = await this.reviews.update(
      { ...heldBy(review), dueAt: LessThanOrEqual(new Date()) },
      { dueAt: new Date(Date.now() + waitMs) },
    );
    return affected !== 0;
  }

  private async end(review: Review, changes: Partial<Review>, cost: ReviewCost): Promise<void> {
    const free = { reservedTokens: 0, reservedOn: null };
    const ended = await waitForDatabase(
      () =>
        this.ours(async (manager) => {
          await this.giveBack(manager, review);
          if (cost) await this.usage.book(review.ownerId, cost, new Date(), manager);
          await this.change(manager, review, { ...changes, ...free });
          return true;
        }),
      PATIENCE_MS,
    );
    if (!ended) await this.bookTheRest(review, cost);
  }

  /** It was overtaken: what it cost was spent all the same. It was deleted: nobody else gives back what was set aside. */
  private async bookTheRest(review: Review, cost: ReviewCost): Promise<void> {
    const isGone = !(await this.reviews.existsBy({ id: review.id }));
    await inTransaction(this.dataSource, async (manager) => {
      if (isGone) await this.giveBack(manager, review);
      if (cost) await this.usage.book(review.ownerId, cost, new Date(), manager);
    }).catch((error: unknown) => {
      // With the account everything is gone.
      if (!isMissingReference(error)) throw error;
    });
  }

  private async giveBack(manager: EntityManager, review: Review): Promise<void> {
    const { ownerId, reservedTokens: reserved, reservedOn } = review;
    if (reserved === 0 || reservedOn === null) return;
    const nothing = { inputTokens: 0, outputTokens: 0, estimated: false };
    await this.usage.settle(manager, ownerId, reservedOn, { reserved, ...nothing });
  }

  private async change(manager: EntityManager, review: Review, changes: Partial<Review>): Promise<void> {
    const { affected } = await manager.update(Review, heldBy(review), changes);
    if (affected === 0) throw new NotOurs();
  }

  /** One transaction, in which the user's row of the day is locked first, as everywhere. Null where it is not ours. */
  private async ours<T>(work: (manager: EntityManager) => Promise<T>): Promise<T | null> {
    try {
      return await inTransaction(this.dataSource, work);
    } catch (error) {
      if (error instanceof NotOurs || isMissingReference(error)) return null;
      throw error;
    }
  }
}

/** The row while nobody has taken it up since it was read, with what is set aside for it. */
function heldBy({ id, ownerId, attempt, runs, reservedTokens, reservedOn }: Review) {
  const reservation = { reservedTokens, reservedOn: reservedOn ?? IsNull() };
  return { id, ownerId, attempt, runs, status: 'pending' as const, ...reservation };
}
