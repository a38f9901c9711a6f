import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { RateLimitedError, RateLimiter, type RateRule } from './rate-limiter.js';

interface Options {
  /** Multiplies every rule's points; 0 switches all limits off. */
  scale: number;
  /** Counts for all processes together; without it each process counts alone. */
  redis?: Redis;
}

/** Rate limits over `rate-limiter-flexible`: in memory, or in Redis with memory as its stand-in while Redis is away. */
export class FlexibleRateLimiter extends RateLimiter {
  private readonly limiters = new Map<string, RateLimiterAbstract>();

  constructor(private readonly options: Options) {
    super();
  }

  async take(rule: RateRule, key: string): Promise<void> {
    if (this.options.scale === 0) return;
    try {
      await this.limiterOf(rule).consume(hashed(key));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw new RateLimitedError(rule.name, Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)));
    }
  }

  async giveBack(rule: RateRule, key: string): Promise<void> {
    if (this.options.scale > 0) await this.limiterOf(rule).reward(hashed(key));
  }

  async reset(rule: RateRule, key: string): Promise<void> {
    if (this.options.scale > 0) await this.limiterOf(rule).delete(hashed(key));
  }

  private limiterOf(rule: RateRule): RateLimiterAbstract {
    const known = this.limiters.get(rule.name);
    if (known) return known;
    const limiter = this.create(rule);
    this.limiters.set(rule.name, limiter);
    return limiter;
  }

  private create(rule: RateRule): RateLimiterAbstract {
    const settings = {
      keyPrefix: `parley:rate:${rule.name}`,
      points: Math.max(1, Math.round(rule.points * this.options.scale)),
      duration: rule.windowSeconds,
      ...(rule.blockSeconds && { blockDuration: rule.blockSeconds }),
    };
    const inMemory = new RateLimiterMemory(settings);
    if (!this.options.redis) return inMemory;
    return new RateLimiterRedis({ ...settings, storeClient: this.options.redis, insuranceLimiter: inMemory });
  }
}

/** Keys hold names and addresses: neither their length nor their content is Redis's business. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
