import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import {
  RateLimitedError,
  RateLimiter,
  type RateRule,
  type RateState,
  scaledPoints,
} from './rate-limiter.js';

interface Options {
  /** Multiplies every rule's points; 0 switches all limits off. */
  scale: number;
  /** Begins the names of all keys; `parley` when absent. */
  prefix?: string | undefined;
  /** Counts for all processes together; without it each process counts alone. */
  redis?: Redis;
}

/** One rule's counters: in Redis where there is one, and in memory for as long as it is away. */
interface Counters {
  inMemory: RateLimiterAbstract;
  inRedis?: RateLimiterAbstract;
}

/** How long a Redis that failed is left alone: one that hangs would hold every request up until its timeout. */
const PAUSE_MS = 1_000;

/** Rate limits over `rate-limiter-flexible`: in memory, or in Redis with memory as its stand-in while Redis is away. */
export class FlexibleRateLimiter extends RateLimiter {
  private readonly counters = new Map<string, Counters>();
  private redisAwayUntil = 0;

  constructor(private readonly options: Options) {
    super();
  }

  async take(rule: RateRule, key: string): Promise<RateState | undefined> {
    const points = scaledPoints(rule.points, this.options.scale);
    if (points === null) return undefined;
    try {
      return stateOf(points, await this.count(rule, (counter) => counter.consume(hashed(key))));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw new RateLimitedError(rule.name, { ...stateOf(points, refusal), remaining: 0 });
    }
  }

  async giveBack(rule: RateRule, key: string): Promise<void> {
    if (this.options.scale > 0) await this.count(rule, (counter) => counter.reward(hashed(key)));
  }

  async reset(rule: RateRule, key: string): Promise<void> {
    if (this.options.scale > 0) await this.count(rule, (counter) => counter.delete(hashed(key)));
  }

  /** Counts in Redis; in memory where there is none, it fails, or failed a moment ago. */
  private async count<T>(rule: RateRule, work: (counter: RateLimiterAbstract) => Promise<T>): Promise<T> {
    const { inRedis, inMemory } = this.countersOf(rule);
    if (!inRedis || performance.now() < this.redisAwayUntil) return work(inMemory);
    // After a pause one request finds out whether Redis is back, and the others do not wait for it.
    if (this.redisAwayUntil > 0) this.redisAwayUntil = performance.now() + PAUSE_MS;
    try {
      const result = await work(inRedis);
      this.redisAwayUntil = 0;
      return result;
    } catch (error) {
      const isAnswer = error instanceof RateLimiterRes;
      this.redisAwayUntil = isAnswer ? 0 : performance.now() + PAUSE_MS;
      if (isAnswer) throw error;
      return work(inMemory);
    }
  }

  private countersOf(rule: RateRule): Counters {
    const known = this.counters.get(rule.name);
    if (known) return known;
    const counters = this.create(rule);
    this.counters.set(rule.name, counters);
    return counters;
  }

  private create(rule: RateRule): Counters {
    const settings = {
      keyPrefix: `${this.options.prefix ?? 'parley'}:rate:${rule.name}`,
      points: scaledPoints(rule.points, this.options.scale) ?? 1,
      duration: rule.windowSeconds,
      ...(rule.blockSeconds && { blockDuration: rule.blockSeconds }),
    };
    const inMemory = new RateLimiterMemory(settings);
    if (!this.options.redis) return { inMemory };
    return { inMemory, inRedis: new RateLimiterRedis({ ...settings, storeClient: this.options.redis }) };
  }
}

function stateOf(limit: number, { remainingPoints, msBeforeNext }: RateLimiterRes): RateState {
  return {
    limit,
    remaining: Math.max(0, remainingPoints),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
  };
}

/** Keys hold names and addresses: neither their length nor their content is Redis's business. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
