import { Inject, Injectable } from '@nestjs/common';
import {
  RateLimitedError,
  RateLimiter,
  type RateRule,
  type RateState,
} from '../../libs/limits/rate-limiter.js';
import { AppError } from '../common/errors.js';
import { noteRateLimit } from '../common/rate-limits.js';
import { ENV, type Env } from '../config/env.js';

/** Bounds how many turns one user begins in a minute. */
@Injectable()
export class TurnLimits {
  private readonly rule: RateRule;

  constructor(
    private readonly limiter: RateLimiter,
    @Inject(ENV) env: Env,
  ) {
    this.rule = { name: 'turns', points: env.TURNS_PER_MINUTE, windowSeconds: 60 };
  }

  /**
   * Counts a turn that is about to begin, and notes what is left for the answer's headers. Says what is left;
   * undefined where limits are switched off.
   * @throws AppError rate_limited
   */
  async take(ownerId: number): Promise<RateState | undefined> {
    try {
      const state = await this.limiter.take(this.rule, String(ownerId));
      noteRateLimit(state);
      return state;
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      noteRateLimit(error.state);
      throw new AppError('rate_limited', { retryAfter: error.retryAfter });
    }
  }
}
