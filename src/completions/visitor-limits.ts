import { Inject, Injectable } from '@nestjs/common';
import { RateLimitedError, RateLimiter, type RateRule } from '../../libs/limits/rate-limiter.js';
import { AppError } from '../common/errors.js';
import { networkOf } from '../common/network.js';
import { noteRateLimit } from '../common/rate-limits.js';
import { ENV, type Env } from '../config/env.js';
import { nextMidnight, secondsToMidnight, utcDay } from '../usage/utc-day.js';

const MINUTE = 60;
const DAY = 86_400;
/** Seconds after which it is worth asking again where all places are taken. */
const BUSY = 5;

/**
 * Bounds what people without an account may ask: how often in a minute from one address, how much at once from one and
 * over all in this process, and how often in a day (UTC) over all addresses.
 */
@Injectable()
export class VisitorLimits {
  private readonly minute: RateRule;
  private readonly day: RateRule | undefined;
  /** Answers that are being written, by address. */
  private readonly seats = new Map<string, number>();
  private taken = 0;

  constructor(
    private readonly limiter: RateLimiter,
    @Inject(ENV) private readonly env: Env,
  ) {
    this.minute = { name: 'visitors', points: env.WIDGET_RATE, windowSeconds: MINUTE };
    const perDay = env.WIDGET_REQUESTS_PER_DAY;
    if (perDay !== undefined) this.day = { name: 'visitors-day', points: perDay, windowSeconds: DAY };
  }

  /**
   * Lets a question in, until what it returns is called.
   * @throws AppError rate_limited, quota_exceeded, completions_busy
   */
  async enter(address: string): Promise<() => void> {
    const network = networkOf(address);
    const leave = this.sit(network);
    try {
      await this.takeOfMinute(network);
      await this.takeOfDay(new Date());
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  private sit(network: string): () => void {
    const mine = this.seats.get(network) ?? 0;
    if (this.env.RATE_LIMIT_SCALE > 0) {
      if (mine >= this.env.WIDGET_ANSWERS_PER_ADDRESS)
        throw new AppError('rate_limited', { retryAfter: BUSY });
      if (this.taken >= this.env.WIDGET_ANSWERS_AT_ONCE)
        throw new AppError('completions_busy', { retryAfter: BUSY });
    }
    this.seats.set(network, mine + 1);
    this.taken += 1;
    return () => {
      const left = (this.seats.get(network) ?? 1) - 1;
      if (left === 0) this.seats.delete(network);
      else this.seats.set(network, left);
      this.taken -= 1;
    };
  }

  private async takeOfMinute(network: string): Promise<void> {
    try {
      noteRateLimit(await this.limiter.take(this.minute, network));
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      noteRateLimit(error.state);
      throw new AppError('rate_limited', { retryAfter: error.retryAfter });
    }
  }

  private async takeOfDay(now: Date): Promise<void> {
    if (!this.day) return;
    try {
      await this.limiter.take(this.day, utcDay(now));
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      const resetsAt = nextMidnight(now).toISOString();
      throw new AppError('quota_exceeded', {
        retryAfter: secondsToMidnight(now),
        params: { quota: 'requests', resetsAt },
      });
    }
  }
}
