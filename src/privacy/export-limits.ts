import { Inject, Injectable } from '@nestjs/common';
import { RateLimitedError, RateLimiter, type RateRule } from '../../libs/limits/rate-limiter.js';
import { AppError } from '../common/errors.js';
import { ENV, type Env } from '../config/env.js';

const DAY_SECONDS = 86_400;

/** Bounds how many exports one user asks for in a day: each reads all that he has. */
@Injectable()
export class ExportLimits {
  private readonly rule: RateRule;

  constructor(
    private readonly limiter: RateLimiter,
    @Inject(ENV) env: Env,
  ) {
    this.rule = { name: 'exports', points: env.EXPORTS_PER_DAY, windowSeconds: DAY_SECONDS };
  }

  /** Counts one that is about to begin. @throws AppError too_many_exports */
  async take(ownerId: number): Promise<void> {
    try {
      await this.limiter.take(this.rule, String(ownerId));
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      throw new AppError('too_many_exports', { retryAfter: error.retryAfter });
    }
  }

  /** It did not begin. */
  async giveBack(ownerId: number): Promise<void> {
    await this.limiter.giveBack(this.rule, String(ownerId));
  }
}
