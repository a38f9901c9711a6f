import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis as Client } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Line } from '../../test/support/line.ts';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { eventually } from '../../test/support/talk.ts';
import { BullJobQueue } from './bull-job-queue.js';
import { come, idle, logLines, TEST_MS, untilTaken, WAIT_MS } from './job-queue-setup.contract.js';
import { type JobHandler, JobsUnavailableError } from './job-queue.js';

type Options = ConstructorParameters<typeof BullJobQueue>[0];

/** Generous beside the promised two seconds: the machine may be busy. */
const IN_TIME_MS = 5_000;

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

describe('BullJobQueue, while Redis is away', { timeout: TEST_MS }, () => {
  const opened: BullJobQueue[] = [];
  let redis: Redis;

  beforeEach(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queue) => queue.close()));
    vi.restoreAllMocks();
    await redis.stop();
  });

  function join(handler: JobHandler, over: Partial<Options> = {}): BullJobQueue {
    const queue = new BullJobQueue({
      redisUrl: redis.url,
      names: ['work'],
      process: true,
      concurrency: 3,
      graceMs: 1_000,
      prefix: 'test',
      ...over,
    });
    opened.push(queue);
    queue.handle('work', handler);
    queue.start();
    return queue;
  }

  /** Ends the server as a crash does; it comes back with what it held. */
  async function crash(downMs: number): Promise<void> {
    const client = new Client(redis.url);
    await client.save();
    client.disconnect();
    await redis.kill();
    await sleep(downMs);
    await redis.start();
  }

  /** What there is in Redis under the queue's names. */
  async function keysOf(begin: string): Promise<string[]> {
    const client = new Client(redis.url);
    const keys = await client.keys(`test:parley:${begin}*`);
    client.disconnect();
    return keys;
  }

  it('ends when Redis has confirmed how the last jobs ended, however far away it is', async () => {
    logLines();
    const line = new Line();
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    const handler = async ({ data }: { data: unknown }) => {
      begun += 1;
      await gate.promise;
      if (data === 'fails') throw new Error('fails');
    };
    const queue = join(handler, { redisUrl: await line.to(redis.port) });
    await queue.add('work', 'fails', { jobId: 'fails', attempts: 2, backoffMs: 60_000 });
    await queue.add('work', 'succeeds', { jobId: 'succeeds' });
    await come(() => begun === 2);
    line.delayMs = 200;
    const draining = queue.drain();
    gate.resolve();
    await draining;
    expect(await keysOf('job:')).toEqual(['test:parley:job:work:fails']);
    expect(await keysOf('active')).toEqual([]);
    expect(await keysOf('delayed')).toHaveLength(1);
    line.delayMs = 0;
    await queue.close();
    line.end();
  });

  it('refuses to add in time, and does not add it later', async () => {
    const lines = logLines();
    const seen: unknown[] = [];
    const queue = join(async ({ data }) => void seen.push(data));
    await queue.add('work', 'before');
    await come(() => seen.length === 1);
    await redis.kill();
    for (let n = 0; n < 2; n += 1) {
      const adding = () => expect(queue.add('work', 'lost')).rejects.toBeInstanceOf(JobsUnavailableError);
      expect(await msOf(adding)).toBeLessThan(IN_TIME_MS);
    }
    await Promise.all(
      Array.from({ length: 50 }, () =>
        expect(queue.add('work', 'lost')).rejects.toThrow(JobsUnavailableError),
      ),
    );
    await redis.start();
    await untilTaken(
      () => queue.add('work', 'after', { jobId: 'after' }).catch(() => undefined),
      () => seen.includes('after'),
    );
    await sleep(300);
    expect(seen).not.toContain('lost');
    expect(lines.filter((line) => line.startsWith('warn Redis:'))).toEqual(['warn Redis: ECONNREFUSED']);
    expect(lines.filter((line) => line === 'log Redis is back')).toHaveLength(1);
  });

  it('refuses in time when Redis is there but does not answer', async () => {
    logLines();
    const queue = join(idle);
    await queue.add('work', 'before');
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const adding = () => expect(queue.add('work', 1)).rejects.toBeInstanceOf(JobsUnavailableError);
      expect(await msOf(adding)).toBeLessThan(IN_TIME_MS);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
  });

  it('goes on after a crash of Redis while it waits for jobs', async () => {
    logLines();
    const seen: unknown[] = [];
    const queue = join(async ({ data }) => void seen.push(data));
    await queue.add('work', 0);
    await come(() => seen.length === 1);
    for (const round of [1, 2, 3]) {
      await crash(round * 300);
      const other = join(idle, { process: false });
      await other.add('work', round);
      await come(() => seen.length === round + 1);
    }
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('goes on after a crash of Redis in the middle of jobs: they end once, and those that wait follow', async () => {
    logLines();
    const gate = Promise.withResolvers<void>();
    const begun: unknown[] = [];
    const ended: number[] = [];
    const queue = join(async ({ data }) => {
      begun.push(data);
      await gate.promise;
      ended.push(data as number);
    });
    for (let n = 0; n < 8; n += 1) await queue.add('work', n, { jobId: `j${n}` });
    await come(() => begun.length === 3);
    const crashing = crash(1_000);
    await sleep(300);
    gate.resolve();
    await crashing;
    await come(() => ended.length >= 8);
    // Written down in Redis as well, which otherwise gives them out again when their locks have run out.
    await eventually(async () => (await keysOf('job:')).length === 0, WAIT_MS);
    expect(ended.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('starts before Redis does', async () => {
    logLines();
    await redis.kill();
    const seen: unknown[] = [];
    const queue = join(async ({ data }) => void seen.push(data));
    await expect(queue.add('work', 'early')).rejects.toBeInstanceOf(JobsUnavailableError);
    await redis.start();
    await untilTaken(
      () => queue.add('work', 'x', { jobId: 'x' }).catch(() => undefined),
      () => seen.length > 0,
    );
  });

  it('ends in time', async () => {
    logLines();
    let begun = 0;
    const queue = join(async (_job, signal) => {
      begun += 1;
      await sleep(60_000, undefined, { signal });
    });
    await queue.add('work', {});
    await come(() => begun === 1);
    await redis.kill();
    expect(await msOf(() => queue.close())).toBeLessThan(15_000);
  });

  it('ends in time before it ever had a connection, and right after it started', async () => {
    logLines();
    await join(idle).close();
    await redis.kill();
    const queue = join(idle);
    await sleep(300);
    expect(await msOf(() => queue.close())).toBeLessThan(15_000);
  });

  it('gives the job of a process that is cut off to another one', async () => {
    logLines();
    const line = new Line();
    const gate = Promise.withResolvers<void>();
    const runs: string[] = [];
    const lockMs = 1_000;
    const prefix = `test:${randomUUID()}`;
    const lost = join(
      async ({ attempt }) => {
        runs.push(`lost ${attempt}`);
        await gate.promise;
      },
      { lockMs, prefix, concurrency: 1, redisUrl: await line.to(redis.port) },
    );
    await lost.add('work', {}, { jobId: 'a', attempts: 1 });
    await come(() => runs.length === 1);
    line.cut();
    join(async ({ attempt }) => void runs.push(`other ${attempt}`), { lockMs, prefix });
    await come(() => runs.length === 2);
    gate.resolve();
    await sleep(300);
    expect(runs).toEqual(['lost 1', 'other 1']);
    await lost.close();
    line.end();
  });
});
