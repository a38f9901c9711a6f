import { describe, expect, it } from 'vitest';
import { FlexibleRateLimiter } from '../../libs/limits/flexible-rate-limiter.js';
import type { RateLimiter } from '../../libs/limits/rate-limiter.js';
import { requestContext } from '../common/request-context.js';
import { loadEnv } from '../config/env.js';
import { TurnLimits } from './turn-limits.service.js';

function make(scale: number, limiter: RateLimiter = new FlexibleRateLimiter({ scale })): TurnLimits {
  const env = loadEnv({ TURNS_PER_MINUTE: '3', JWT_SECRET: 'x'.repeat(32) });
  return new TurnLimits(limiter, env);
}

describe('TurnLimits', () => {
  it('let a user begin so many turns, and say what is left', async () => {
    const limits = make(1);
    const left: (number | undefined)[] = [];
    for (let n = 0; n < 3; n += 1) left.push((await limits.take(7))?.remaining);
    expect(left).toEqual([2, 1, 0]);
    await expect(limits.take(7)).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfter: expect.any(Number),
    });
    expect((await limits.take(8))?.remaining).toBe(2);
  });

  it('are scaled, and switched off at 0', async () => {
    expect(await make(2).take(7)).toMatchObject({ limit: 6, remaining: 5 });
    expect(await make(0).take(7)).toBeUndefined();
  });

  it('are noted for the answer’s headers, when they refuse as well', async () => {
    const limits = make(1);
    const noted = (times: number) => {
      const context = { requestId: '1', language: 'en' } as Parameters<typeof requestContext.run>[0];
      return requestContext.run(context, async () => {
        for (let n = 0; n < times; n += 1) await limits.take(9).catch(() => undefined);
        return context.rateLimit;
      });
    };
    expect(await noted(1)).toMatchObject({ limit: 3, remaining: 2 });
    expect(await noted(3)).toMatchObject({ limit: 3, remaining: 0 });
  });

  it('do not take a failure for a refusal', async () => {
    const broken = { take: () => Promise.reject(new Error('broken')) } as unknown as RateLimiter;
    await expect(make(1, broken).take(7)).rejects.toThrow('broken');
  });
});
