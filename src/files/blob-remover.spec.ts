import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BlobRemoval } from './blob-removal.entity.js';
import type { BlobRemovals } from './blob-removals.js';
import { BlobRemover } from './blob-remover.js';
import { StorageUnavailableError } from './file-storage.js';

const SWEEP_MS = 2_000;
const BATCH = 100;

const due = vi.fn<BlobRemovals['due']>();
const remove = vi.fn<BlobRemovals['remove']>();
const warn = vi.fn();
let remover: BlobRemover;

const removals = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ storageKey: `key-${n}`, attempts: 0 }) as BlobRemoval);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Logger.prototype, 'warn').mockImplementation(warn);
  for (const mock of [due, remove, warn]) mock.mockReset();
  due.mockResolvedValue([]);
  remove.mockResolvedValue(undefined);
  remover = new BlobRemover({ due, remove } as unknown as BlobRemovals);
  remover.onApplicationBootstrap();
});

afterEach(async () => {
  await remover.onModuleDestroy();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('BlobRemover', () => {
  it('looks every two seconds, and at once again while there is more', async () => {
    due.mockResolvedValueOnce(removals(BATCH)).mockResolvedValueOnce(removals(3));
    await vi.advanceTimersByTimeAsync(SWEEP_MS - 1);
    expect(due).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(due.mock.calls).toEqual([[BATCH], [BATCH]]);
    expect(remove).toHaveBeenCalledTimes(BATCH + 3);
    await vi.advanceTimersByTimeAsync(5 * SWEEP_MS);
    expect(due).toHaveBeenCalledTimes(7);
  });

  it('goes on with the others where one fails, and says so once', async () => {
    due.mockResolvedValueOnce(removals(20));
    remove.mockRejectedValueOnce(new StorageUnavailableError({ code: 'EIO' }));
    remove.mockRejectedValueOnce(new StorageUnavailableError({ code: 'EIO' }));
    await vi.advanceTimersByTimeAsync(SWEEP_MS);
    expect(remove).toHaveBeenCalledTimes(20);
    expect(warn.mock.calls).toEqual([['2 blobs are removed later: the file storage is unavailable: EIO']]);
  });

  it('looks again after an error of the database', async () => {
    due.mockRejectedValueOnce(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
    await vi.advanceTimersByTimeAsync(2 * SWEEP_MS);
    expect(due).toHaveBeenCalledTimes(2);
    expect(warn.mock.calls).toEqual([['cannot look for blobs to remove: ECONNREFUSED']]);
  });

  it('waits at its end for what is under way, and begins nothing more', async () => {
    const finish: (() => void)[] = [];
    due.mockResolvedValueOnce(removals(20));
    remove.mockImplementation(() => new Promise((resolve) => finish.push(resolve)));
    await vi.advanceTimersByTimeAsync(SWEEP_MS);
    const begun = finish.length;
    let ended = false;
    const end = remover.onModuleDestroy().then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ended).toBe(false);
    for (const one of finish) one();
    await end;
    await vi.advanceTimersByTimeAsync(5 * SWEEP_MS);
    expect([remove.mock.calls.length, due.mock.calls.length]).toEqual([begun, 1]);
    expect(begun).toBeLessThan(20);
  });
});
