import { describe, expect, it } from 'vitest';
import { EventBatches } from './event-batches.js';

describe('EventBatches', () => {
  let left = false;
  async function* source(fail = false): AsyncGenerator<number[], void> {
    left = false;
    try {
      yield [1, 2];
      yield [];
      yield [3];
      if (fail) throw new Error('broken');
    } finally {
      left = true;
    }
  }

  it('gives the items in order, and passes over empty batches', async () => {
    const items: number[] = [];
    for await (const item of new EventBatches(source())) items.push(item);
    expect(items).toEqual([1, 2, 3]);
  });

  it('fails with its source, after everything that came before', async () => {
    const items: number[] = [];
    const read = async () => {
      for await (const item of new EventBatches(source(true))) items.push(item);
    };
    await expect(read()).rejects.toThrow('broken');
    expect(items).toEqual([1, 2, 3]);
  });

  it('leaves its source when it is left, and gives nothing after that', async () => {
    const batches = new EventBatches(source());
    for await (const item of batches) if (item === 1) break;
    expect(left).toBe(true);
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });
});
