import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MergedBatches } from './merged-batches.js';

async function* numbers(upTo: number, everyMs: number): AsyncGenerator<number[]> {
  for (let n = 1; n <= upTo; n += 1) {
    if (everyMs > 0) await sleep(everyMs);
    yield [n];
  }
}

describe('merged batches', () => {
  it('give everything of each source in its order, and its end once', async () => {
    const merged = new MergedBatches<string, number>();
    merged.add('slow', numbers(5, 4));
    merged.add('fast', numbers(20, 1));
    const seen: Record<string, (number | 'end')[]> = { slow: [], fast: [], late: [] };
    for (let given = await merged.next(); given; given = await merged.next()) {
      seen[given.name]!.push(...(given.batch ?? ['end' as const]));
      if (given.name === 'slow' && given.batch?.[0] === 2) merged.add('late', numbers(3, 0));
    }
    const upTo = (count: number) => [...Array.from({ length: count }, (_, index) => index + 1), 'end'];
    expect(seen).toEqual({ slow: upTo(5), fast: upTo(20), late: upTo(3) });
  });

  it('ask a source for one batch more than was taken, and no further', async () => {
    let asked = 0;
    async function* source(): AsyncGenerator<number[]> {
      for (;;) yield [(asked += 1)];
    }
    const merged = new MergedBatches<'a', number>();
    merged.add('a', source());
    for (let taken = 0; taken < 5; taken += 1) await merged.next();
    await sleep(5);
    expect(asked).toBe(6);
  });

  it('throw what a source throws', async () => {
    async function* broken(): AsyncGenerator<number[]> {
      yield [1];
      throw new RangeError('broken');
    }
    const merged = new MergedBatches<'a', number>();
    merged.add('a', broken());
    expect(await merged.next()).toEqual({ name: 'a', batch: [1] });
    await expect(merged.next()).rejects.toThrow(RangeError);
  });
});
