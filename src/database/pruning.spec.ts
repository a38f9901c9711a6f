import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pruning } from './pruning.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BATCH = 500;

const prune = vi.fn<(limit: number) => Promise<number>>();
let pruning: Pruning;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(() => {
  vi.useFakeTimers();
  prune.mockReset().mockResolvedValue(0);
  pruning = new Pruning({ name: 'Housekeeping', what: 'old rows', prune });
  pruning.begin();
});

afterEach(async () => {
  await pruning.end();
  vi.useRealTimers();
});

describe('pruning', () => {
  it('begins a minute after the start, and goes on every hour', async () => {
    await vi.advanceTimersByTimeAsync(MINUTE - 1);
    expect(prune).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(prune).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3 * HOUR);
    expect(prune).toHaveBeenCalledTimes(4);
  });

  it('deletes in batches until a batch is not full', async () => {
    prune.mockResolvedValueOnce(BATCH).mockResolvedValueOnce(BATCH).mockResolvedValueOnce(12);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(prune.mock.calls).toEqual([[BATCH], [BATCH], [BATCH]]);
  });

  it('tries again an hour after a database error', async () => {
    prune.mockRejectedValueOnce(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
    await vi.advanceTimersByTimeAsync(MINUTE);
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(prune).toHaveBeenCalledTimes(2);
  });

  it('waits at its end for the batch that is under way, and begins no further one', async () => {
    let finish!: (pruned: number) => void;
    prune.mockReturnValueOnce(new Promise((resolve) => (finish = resolve)));
    await vi.advanceTimersByTimeAsync(MINUTE);
    let ended = false;
    const end = pruning.end().then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ended).toBe(false);
    finish(BATCH);
    await end;
    await vi.advanceTimersByTimeAsync(3 * HOUR);
    expect(prune).toHaveBeenCalledTimes(1);
  });
});
