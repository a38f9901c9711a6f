import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, MoreThanOrEqual, type Repository } from 'typeorm';
import { noteRateLimit } from '../common/rate-limits.js';
import { ENV, type Env } from '../config/env.js';
import { execute } from '../database/statements.js';
import { UsageDto } from './dto/usage.dto.js';
import { tokensTaken, UsageDay } from './usage-day.entity.js';
import { quotaRefusal } from './quota-refusal.js';
import { type UsageLimits, usageLimits } from './usage-limits.js';
import { firstDayOf, secondsToMidnight, utcDay } from './utc-day.js';

/** How many users are remembered to have begun their day. */
const MAX_BEGUN = 100_000;

/** What a turn was let in with: to be settled for the same day. */
export interface Reservation {
  /** In UTC: `2026-11-21`. */
  day: string;
  tokens: number;
}

/** What is asked of the quotas of a day. */
interface Wanted {
  requests: 0 | 1;
  tokens: number;
}

/** How a turn ended, for the books. */
export interface Settlement {
  /** What was reserved for it. */
  reserved: number;
  inputTokens: number;
  outputTokens: number;
  /** Whether the counts are our own, because the provider sent none. */
  estimated: boolean;
}

/**
 * Daily quotas of requests, tokens and audio, by UTC day: reserved before a turn, settled when it has ended. The methods
 * that write run in the caller's transaction, so that books and turns agree whatever happens. They lock the user's row
 * of the day until its end; a transaction calls them before it touches anything else, so that all of them lock in the
 * same order.
 */
@Injectable()
export class UsageService {
  /** What one user may use. */
  readonly limits: UsageLimits;
  /** Users whose row of the day is there, as far as this process knows. */
  private readonly begun = new Set<number>();
  private begunDay = '';

  constructor(
    @InjectRepository(UsageDay) private readonly days: Repository<UsageDay>,
    @Inject(ENV) env: Env,
  ) {
    this.limits = usageLimits(env);
  }

  /** Whether there is a quota of tokens: only then is it worth estimating what a turn will need. */
  get tokensLimited(): boolean {
    return this.limits.tokensPerDay !== null;
  }

  /**
   * Takes one request and `tokens` from the user's quotas of the day, or nothing.
   * @throws AppError quota_exceeded with the quota, its limit, what of it is used, and when it is new
   */
  async reserve(
    manager: EntityManager,
    ownerId: number,
    tokens: number,
    now = new Date(),
  ): Promise<Reservation> {
    const reservation = await this.letIn(manager, ownerId, { requests: 1, tokens }, now);
    if (this.limits.requestsPerDay !== null) await this.note(manager, ownerId, now);
    return reservation;
  }

  /**
   * Takes one request, where there is room for so many tokens, and sets none of them aside: what is to be done is
   * done later, and takes them then (`hold`).
   * @throws AppError quota_exceeded, as `reserve`
   */
  async admit(manager: EntityManager, ownerId: number, tokens: number, now = new Date()): Promise<void> {
    const { day } = await this.reserve(manager, ownerId, tokens, now);
    const settlement = { reserved: tokens, inputTokens: 0, outputTokens: 0, estimated: false };
    if (tokens > 0) await this.settle(manager, ownerId, day, settlement);
  }

  /** Sets tokens aside for what was admitted before. @throws AppError quota_exceeded, as `reserve` */
  hold(manager: EntityManager, ownerId: number, tokens: number, now = new Date()): Promise<Reservation> {
    return this.letIn(manager, ownerId, { requests: 0, tokens }, now);
  }

  private async letIn(
    manager: EntityManager,
    ownerId: number,
    wanted: Wanted,
    now: Date,
  ): Promise<Reservation> {
    const day = utcDay(now);
    const isIn =
      (this.hasBegun(ownerId, day) && (await this.take(manager, ownerId, day, wanted))) ||
      (await this.begin(manager, ownerId, day, wanted));
    if (!isIn) await this.refuse(manager, ownerId, now);
    return { day, tokens: wanted.tokens };
  }

  /** Gives back what was reserved and books what was used. */
  async settle(manager: EntityManager, ownerId: number, day: string, settlement: Settlement): Promise<void> {
    const { reserved, inputTokens, outputTokens, estimated } = settlement;
    await execute(
      manager,
      'UPDATE usage_days SET reserved_tokens = reserved_tokens - ?, input_tokens = input_tokens + ?, ' +
        'output_tokens = output_tokens + ?, estimated_tokens = estimated_tokens + ? WHERE user_id = ? AND day = ?',
      [reserved, inputTokens, outputTokens, estimated ? inputTokens + outputTokens : 0, ownerId, day],
    );
  }

  /** Books what was used beside the turns, for today. */
  async book(
    ownerId: number,
    used: Omit<Settlement, 'reserved'>,
    now = new Date(),
    manager = this.days.manager,
  ): Promise<void> {
    await this.makeRow(manager, ownerId, utcDay(now));
    await this.settle(manager, ownerId, utcDay(now), { reserved: 0, ...used });
  }

  /**
   * Whether recordings of this user are still taken today. Locks his row of the day until the transaction's end: who
   * counts what he has under way counts it once.
   * @throws AppError quota_exceeded where nothing is left
   */
  async admitAudio(manager: EntityManager, ownerId: number, now = new Date()): Promise<void> {
    await this.makeRow(manager, ownerId, utcDay(now));
    if (this.limits.audioPerDay === null) return;
    const { audioMs } = await manager.findOneByOrFail(UsageDay, { userId: ownerId, day: utcDay(now) });
    if (audioMs >= this.limits.audioPerDay * 1_000)
      throw quotaRefusal('audio', this.limits.audioPerDay, Math.ceil(audioMs / 1_000), now);
  }

  /** Books a recording, for today; false where it does not fit into what is left, and then nothing is booked. */
  async bookAudio(
    manager: EntityManager,
    ownerId: number,
    audioMs: number,
    now = new Date(),
  ): Promise<boolean> {
    const day = utcDay(now);
    const { audioPerDay } = this.limits;
    let sql = 'UPDATE usage_days SET audio_ms = audio_ms + ? WHERE user_id = ? AND day = ?';
    const values = [audioMs, ownerId, day];
    if (audioPerDay !== null) {
      sql += ' AND audio_ms <= ?';
      values.push(audioPerDay * 1_000 - audioMs);
    }
    await this.makeRow(manager, ownerId, day);
    return (await execute(manager, sql, values)).affected === 1;
  }

  /** For the user himself: today with its limits, and the last `days` days, newest first. */
  async report(ownerId: number, days: number, now = new Date()): Promise<UsageDto> {
    const rows = await this.days.find({
      where: { userId: ownerId, day: MoreThanOrEqual(firstDayOf(days, now)) },
      order: { day: 'DESC' },
    });
    return UsageDto.from(rows, this.limits, now);
  }

  /** One statement decides between those who come at once: the row is locked by whoever was let in. */
  private async take(
    manager: EntityManager,
    ownerId: number,
    day: string,
    { requests, tokens }: Wanted,
  ): Promise<boolean> {
    const { requestsPerDay, tokensPerDay } = this.limits;
    let sql =
      'UPDATE usage_days SET requests = requests + ?, reserved_tokens = reserved_tokens + ? ' +
      'WHERE user_id = ? AND day = ?';
    const values = [requests, tokens, ownerId, day];
    if (requestsPerDay !== null && requests > 0) {
      sql += ' AND requests < ?';
      values.push(requestsPerDay);
    }
    if (tokensPerDay !== null) {
      sql += ' AND input_tokens + output_tokens + reserved_tokens <= ?';
      values.push(tokensPerDay - tokens);
    }
    return (await execute(manager, sql, values)).affected === 1;
  }

  /**
   * Makes the row of the day where it is missing, then takes. Not the other way round: to update a row that is not
   * there locks a gap, and two users at midnight would wait for each other. A row that is there is locked by this as
   * for an update; to ignore it would lock it for reading only, and two who then update it would wait for each other.
   */
  private async begin(
    manager: EntityManager,
    ownerId: number,
    day: string,
    wanted: Wanted,
  ): Promise<boolean> {
    await this.makeRow(manager, ownerId, day);
    return this.take(manager, ownerId, day, wanted);
  }

  private async makeRow(manager: EntityManager, ownerId: number, day: string): Promise<void> {
    const tokens = { inputTokens: 0, outputTokens: 0, estimatedTokens: 0, reservedTokens: 0 };
    await manager
      .createQueryBuilder()
      .insert()
      .into(UsageDay)
      .values({ userId: ownerId, day, requests: 0, ...tokens, audioMs: 0 })
      .orUpdate(['day'], ['user_id', 'day'])
      .updateEntity(false)
      .execute();
    this.begun.add(ownerId);
  }

  /** Whether the row of the day was there: it may be gone again with the transaction that made it. */
  private hasBegun(ownerId: number, day: string): boolean {
    if (day !== this.begunDay || this.begun.size > MAX_BEGUN) this.begun.clear();
    this.begunDay = day;
    return this.begun.has(ownerId);
  }

  private async refuse(manager: EntityManager, ownerId: number, now: Date): Promise<never> {
    const { requestsPerDay, tokensPerDay } = this.limits;
    const row = await manager.findOneByOrFail(UsageDay, { userId: ownerId, day: utcDay(now) });
    const isRequests = requestsPerDay !== null && row.requests >= requestsPerDay;
    const quota = isRequests ? 'requests' : 'tokens';
    const limit = isRequests ? requestsPerDay : (tokensPerDay ?? 0);
    throw quotaRefusal(quota, limit, isRequests ? row.requests : tokensTaken(row), now);
  }

  /** For the answer's headers. */
  private async note(manager: EntityManager, ownerId: number, now: Date): Promise<void> {
    const limit = this.limits.requestsPerDay ?? 0;
    const { requests } = await manager.findOneByOrFail(UsageDay, { userId: ownerId, day: utcDay(now) });
    noteRateLimit({ limit, remaining: limit - requests, resetSeconds: secondsToMidnight(now) });
  }
}
