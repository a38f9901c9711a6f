import { Redis as Client } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Redis, startRedis } from '../../test/support/redis.js';
import { eventually } from '../../test/support/talk.js';
import { FlexibleRateLimiter } from './flexible-rate-limiter.js';
import { rateLimiterContract } from './rate-limiter.contract.js';
import { RateLimitedError, type RateLimiter } from './rate-limiter.js';

const TEN = { name: 'ten', points: 10, windowSeconds: 600 };

rateLimiterContract('FlexibleRateLimiter in memory', { make: (scale) => new FlexibleRateLimiter({ scale }) });

describe('with Redis', () => {
  let redis: Redis;
  const clients: Client[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  }, 30_000);

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await redis?.stop();
  });

  /** As one process has it, connected. */
  async function make(scale = 1): Promise<RateLimiter> {
    const client = new Client(redis.url, {
      ...{ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1_000 },
      retryStrategy: () => 50,
    });
    client.on('error', () => undefined);
    clients.push(client);
    await eventually(async () => client.status === 'ready');
    return new FlexibleRateLimiter({ scale, redis: client });
  }

  rateLimiterContract('FlexibleRateLimiter in Redis', { make });

  async function left(limiter: RateLimiter, key: string): Promise<number | 'refused'> {
    try {
      return (await limiter.take(TEN, key))!.remaining;
    } catch (error) {
      expect(error).toBeInstanceOf(RateLimitedError);
      return 'refused';
    }
  }

  it('counts for several processes together', async () => {
    const [one, other] = await Promise.all([make(), make()]);
    expect([await left(one, 'shared'), await left(other, 'shared')]).toEqual([9, 8]);
  });

  it('counts alone while Redis is away, and together again when it is back', async () => {
    const [one, other] = await Promise.all([make(), make()]);
    expect(await left(one, 'outage')).toBe(9);
    await redis.kill();
    const away = [];
    for (let n = 0; n < 11; n += 1) away.push(await left(one, 'outage'));
    expect(away).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 'refused']);
    expect(await left(other, 'outage')).toBe(9);
    await redis.start();
    // Redis came back empty: what one has counted there, the other finds.
    await eventually(async () => {
      const key = `back-${performance.now()}`;
      return (await left(one, key)) === 9 && (await left(other, key)) === 8;
    }, 15_000);
  }, 40_000);

  it('is not held up by a Redis that hangs, but for the first moment', async () => {
    const limiter = await make();
    expect(await left(limiter, 'hang')).toBe(9);
    process.kill(redis.pid, 'SIGSTOP');
    try {
      await left(limiter, 'hang');
      const from = performance.now();
      for (let n = 0; n < 200; n += 1) await left(limiter, `hang-${n}`);
      // Two hundred timeouts would take as many seconds.
      expect(performance.now() - from).toBeLessThan(10_000);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await eventually(async () => (await left(await make(), 'hang')) !== 9, 15_000);
  }, 40_000);
});
