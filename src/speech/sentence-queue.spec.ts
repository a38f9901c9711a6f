import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SentenceQueue } from './sentence-queue.js';

/** Work whose sentences take as long as they say, in milliseconds; those that say nothing cannot be made. */
function work() {
  const log = { made: [] as number[], told: [] as number[], atOnce: 0, most: 0 };
  const make = async (index: number, text: string, signal: AbortSignal, _certain: Promise<void>) => {
    log.atOnce += 1;
    log.most = Math.max(log.most, log.atOnce);
    await sleep(Number(text), undefined, { signal }).finally(() => (log.atOnce -= 1));
    if (text === '') throw new RangeError('nothing');
    log.made.push(index);
  };
  const tell = async (index: number) => void log.told.push(index);
  return { log, make, tell };
}

describe('a queue of sentences', () => {
  it('tells them in order, whichever is made first, and makes two at a time', async () => {
    const { log, ...does } = work();
    const queue = new SentenceQueue(does, 0);
    for (const ms of [30, 5, 5, 1]) queue.add(String(ms));
    await queue.whenDone();
    expect(log.told).toEqual([0, 1, 2, 3]);
    expect(log.made[0]).toBe(1);
    expect(log.most).toBe(2);
    expect(queue.told).toBe(4);
  });

  it('passes over what was told before', async () => {
    const { log, ...does } = work();
    const queue = new SentenceQueue(does, 2);
    for (const ms of [1, 1, 1]) queue.add(String(ms));
    await queue.whenDone();
    expect([log.made, log.told, queue.told]).toEqual([[2], [2], 3]);
  });

  it('tells nothing behind one that failed, and says with what', async () => {
    const { log, ...does } = work();
    const queue = new SentenceQueue(does, 0);
    for (const text of ['1', '', '1', '1']) queue.add(text);
    await expect(queue.whenDone()).rejects.toThrow(RangeError);
    queue.add('1');
    await queue.whenDone().catch(() => undefined);
    expect([log.told, queue.told]).toEqual([[0], 1]);
  });

  it('is silent at once when it is stopped', async () => {
    const { log, ...does } = work();
    const queue = new SentenceQueue(does, 0);
    for (const ms of [1, 60_000, 1]) queue.add(String(ms));
    while (log.told.length === 0) await sleep(1);
    queue.stop();
    await queue.whenDone();
    expect([log.told, queue.told]).toEqual([[0], 1]);
  });

  it('begins what is likely, and keeps it where it was right', async () => {
    const { log, ...does } = work();
    const queue = new SentenceQueue(does, 0);
    queue.guess('5');
    queue.guess('5');
    while (log.made.length === 0) await sleep(1);
    expect(log.told).toEqual([]);
    queue.add('5');
    queue.guess('7');
    queue.guess(undefined);
    queue.add('1');
    await queue.whenDone();
    expect([log.made, log.told]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it('drops what was likely and is not, without waiting for it', async () => {
    const { log, ...does } = work();
    const kept: string[] = [];
    const make: typeof does.make = async (index, text, signal, certain) => {
      await does.make(index, text, signal, certain);
      await certain;
      kept.push(text);
    };
    const queue = new SentenceQueue({ ...does, make }, 0);
    queue.guess('2');
    while (log.made.length === 0) await sleep(1);
    queue.guess('60000');
    queue.add('3');
    queue.guess('4');
    queue.stop();
    queue.guess('5');
    await queue.whenDone();
    await sleep(10);
    expect(log.atOnce).toBe(0);
    expect(kept).not.toContain('2');
    expect(kept).not.toContain('4');
  });
});
