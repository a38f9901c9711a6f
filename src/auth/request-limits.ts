import { Inject, Injectable } from '@nestjs/common';
import { RateLimitedError, RateLimiter, type RateRule } from '../../libs/limits/rate-limiter.js';
import { AppError } from '../common/errors.js';
import { networkOf } from '../common/network.js';
import { noteRateLimit } from '../common/rate-limits.js';
import { ENV, type Env } from '../config/env.js';

const MINUTE = 60;

/** Bounds how many requests of any kind come from one address, and from one user, in a minute. */
@Injectable()
export class RequestLimits {
  private readonly address: RateRule;
  private readonly user: RateRule;

  constructor(
    private readonly limiter: RateLimiter,
    @Inject(ENV) env: Env,
  ) {
    this.address = {
      name: 'requests-address',
      points: env.ADDRESS_REQUESTS_PER_MINUTE,
      windowSeconds: MINUTE,
    };
    this.user = { name: 'requests-user', points: env.REQUESTS_PER_MINUTE, windowSeconds: MINUTE };
  }

  /** Counts a request, both times at once: with Redis it waits for one round trip. @throws AppError rate_limited */
  async take(address: string, userId: number | undefined): Promise<void> {
    await Promise.all([
      this.count(this.address, networkOf(address)),
      ...(userId === undefined ? [] : [this.count(this.user, String(userId))]),
    ]);
  }

  private async count(rule: RateRule, key: string): Promise<void> {
    try {
      noteRateLimit(await this.limiter.take(rule, key));
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      noteRateLimit(error.state);
      throw new AppError('rate_limited', { retryAfter: error.retryAfter });
    }
  }
}
