import { describe, expect, it } from 'vitest';
import { RateLimitedError, type RateLimiter, type RateRule, type RateState } from './rate-limiter.js';

interface Subject {
  /** An adapter at this scale; every one of a suite counts in the same place. */
  make(scale: number): RateLimiter | Promise<RateLimiter>;
}

let rules = 0;

/** A rule that nobody else counts by. */
function rule(values: Partial<RateRule> = {}): RateRule {
  rules += 1;
  return { name: `rule-${process.pid}-${rules}`, points: 3, windowSeconds: 60, ...values };
}

async function takeMany(limiter: RateLimiter, of: RateRule, times: number, key = 'a') {
  const states: (RateState | undefined)[] = [];
  for (let n = 0; n < times; n += 1) states.push(await limiter.take(of, key));
  return states;
}

async function refusal(deed: Promise<unknown>): Promise<RateLimitedError> {
  const error: unknown = await deed.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RateLimitedError);
  return error as RateLimitedError;
}

/** What every adapter of `RateLimiter` promises. */
export function rateLimiterContract(name: string, { make }: Subject): void {
  describe(`${name} keeps the contract of RateLimiter`, () => {
    it('says what is left, and refuses when nothing is', async () => {
      const limiter = await make(1);
      const three = rule();
      const states = await takeMany(limiter, three, 3);
      expect(states.map((state) => [state?.limit, state?.remaining])).toEqual(
        [3, 3, 3].map((l, n) => [l, 2 - n]),
      );
      for (const state of states) {
        expect(state?.resetSeconds).toBeGreaterThan(30);
        expect(state?.resetSeconds).toBeLessThanOrEqual(60);
      }
      const { rule: refusedBy, state, retryAfter } = await refusal(limiter.take(three, 'a'));
      expect([refusedBy, state.limit, state.remaining]).toEqual([three.name, 3, 0]);
      expect(retryAfter).toBe(state.resetSeconds);
      expect(retryAfter).toBeGreaterThan(30);
      expect(retryAfter).toBeLessThanOrEqual(60);
    });

    it('keeps keys apart, and rules', async () => {
      const limiter = await make(1);
      const [one, other] = [rule({ points: 1 }), rule({ points: 1 })];
      await limiter.take(one, 'a');
      await limiter.take(one, 'b');
      await limiter.take(other, 'a');
      await refusal(limiter.take(one, 'a'));
    });

    it('lets no more in of many at once than one after the other', async () => {
      const limiter = await make(1);
      const ten = rule({ points: 10 });
      const all = await Promise.allSettled(Array.from({ length: 50 }, () => limiter.take(ten, 'a')));
      const left = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value?.remaining] : []));
      expect(left.toSorted((a, b) => a! - b!)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('locks a key for longer than the window where the rule says so', async () => {
      const limiter = await make(1);
      const locking = rule({ points: 1, blockSeconds: 900 });
      await limiter.take(locking, 'a');
      expect((await refusal(limiter.take(locking, 'a'))).retryAfter).toBeGreaterThan(800);
    });

    it('begins anew after the window', async () => {
      const limiter = await make(1);
      const short = rule({ points: 1, windowSeconds: 1 });
      await limiter.take(short, 'a');
      const { retryAfter } = await refusal(limiter.take(short, 'a'));
      expect(retryAfter).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect((await limiter.take(short, 'a'))?.remaining).toBe(0);
    });

    it('gives a point back, and forgets all of them', async () => {
      const limiter = await make(1);
      const two = rule({ points: 2 });
      await takeMany(limiter, two, 2);
      await limiter.giveBack(two, 'a');
      expect((await limiter.take(two, 'a'))?.remaining).toBe(0);
      await refusal(limiter.take(two, 'a'));
      await limiter.reset(two, 'a');
      expect((await limiter.take(two, 'a'))?.remaining).toBe(1);
    });

    it('multiplies by its scale, and has no limit at 0', async () => {
      const [half, double, none] = await Promise.all([make(0.1), make(2), make(0)]);
      expect((await half.take(rule(), 'a'))?.limit).toBe(1);
      expect((await double.take(rule(), 'a'))?.limit).toBe(6);
      expect(await takeMany(none, rule(), 20)).toEqual(Array(20).fill(undefined));
    });
  });
}
