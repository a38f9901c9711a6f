import { Inject, Injectable } from '@nestjs/common';
import { RateLimitedError, RateLimiter, type RateRule } from '../../libs/limits/rate-limiter.js';
import { AppError } from '../common/errors.js';
import { noteRateLimit } from '../common/rate-limits.js';
import { ENV, type Env } from '../config/env.js';

/** Bounds how many clips are made for one user in a minute; replaying them is free. */
@Injectable()
export class ClipLimits {
  private readonly rule: RateRule;

  constructor(
    private readonly limiter: RateLimiter,
    @Inject(ENV) env: Env,
  ) {
    this.rule = { name: 'clips', points: env.CLIPS_PER_MINUTE, windowSeconds: 60 };
  }

  /** Counts a clip that is about to be made, and notes what is left for the answer's headers. @throws AppError rate_limited */
  async take(ownerId: number): Promise<void> {
    try {
      noteRateLimit(await this.limiter.take(this.rule, String(ownerId)));
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      noteRateLimit(error.state);
      throw new AppError('rate_limited', { retryAfter: error.retryAfter });
    }
  }
}
