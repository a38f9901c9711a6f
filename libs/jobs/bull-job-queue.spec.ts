import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis as Client } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { BullJobQueue } from './bull-job-queue.js';
import { come, idle, logLines, TEST_MS } from './job-queue-setup.contract.js';
import { jobQueueContract } from './job-queue.contract.js';
import type { JobHandler } from './job-queue.js';

type Options = ConstructorParameters<typeof BullJobQueue>[0];

let redis: Redis;
let client: Client;

beforeAll(async () => {
  redis = await startRedis();
  client = new Client(redis.url);
});

afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

function settings(over: Partial<Options> = {}): Options {
  return {
    redisUrl: redis.url,
    names: ['work'],
    process: true,
    concurrency: 4,
    graceMs: 5_000,
    prefix: `test:${randomUUID()}`,
    ...over,
  };
}

jobQueueContract('BullJobQueue', { make: (over) => new BullJobQueue(settings(over)) });

describe('BullJobQueue', { timeout: TEST_MS }, () => {
  const opened: BullJobQueue[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queue) => queue.close()));
    vi.restoreAllMocks();
  });

  /** One process of several that share `shared`. */
  function join(shared: Options, handler: JobHandler = idle, over: Partial<Options> = {}): BullJobQueue {
    const queue = new BullJobQueue({ ...shared, ...over });
    opened.push(queue);
    for (const name of over.names ?? shared.names) queue.handle(name, handler);
    queue.start();
    return queue;
  }

  it('is shared by processes: each job runs once, and all of them work', async () => {
    const shared = settings({ concurrency: 2 });
    const runs: string[][] = [[], [], []];
    const queues = runs.map((own) =>
      join(shared, async ({ id }) => {
        await sleep(2);
        own.push(id);
      }),
    );
    const ids = Array.from({ length: 300 }, (_, n) => `job-${n}`);
    await Promise.all(ids.map((jobId, n) => queues[n % 3]!.add('work', n, { jobId })));
    await come(() => runs.flat().length >= 300);
    await sleep(200);
    expect(runs.flat().toSorted()).toEqual(ids.toSorted());
    for (const own of runs) expect(own.length).toBeGreaterThan(0);
  });

  it('adds without running where it is told so, and needs no handlers there', async () => {
    const shared = settings();
    const api = new BullJobQueue({ ...shared, process: false });
    opened.push(api);
    api.start();
    await api.add('work', 1);
    await sleep(200);
    const seen: unknown[] = [];
    join(shared, async ({ data }) => void seen.push(data));
    await come(() => seen.length === 1);
  });

  it('keeps what waits when its process ends', async () => {
    const shared = settings({ concurrency: 1 });
    const gate = Promise.withResolvers<void>();
    const first: unknown[] = [];
    const queue = join(shared, async ({ data }) => {
      first.push(data);
      await gate.promise;
    });
    await queue.add('work', 1);
    await come(() => first.length === 1);
    await queue.add('work', 2);
    await queue.add('work', 3, { delayMs: 300 });
    const closing = queue.close();
    gate.resolve();
    await closing;
    expect(first).toEqual([1]);
    const second: number[] = [];
    join(shared, async ({ data }) => void second.push(data as number));
    await come(() => second.length === 2);
    expect(second.toSorted((a, b) => a - b)).toEqual([2, 3]);
  });

  it('gives a job that the end of its process broke off to another one, as the attempt that it was', async () => {
    const shared = settings({ graceMs: 50 });
    let begun = 0;
    const queue = join(shared, async (_job, signal) => {
      begun += 1;
      await sleep(60_000, undefined, { signal });
    });
    await queue.add('work', 'x', { jobId: 'a', attempts: 1 });
    await come(() => begun === 1);
    await queue.close();
    const seen: unknown[] = [];
    join(shared, async ({ id, data, attempt }) => void seen.push([id, data, attempt]));
    await come(() => seen.length === 1);
    expect(seen).toEqual([['a', 'x', 1]]);
  });

  it('keeps jobs that failed for good to be looked at, without what was thrown', async () => {
    const lines = logLines();
    const shared = settings();
    const queue = join(shared, () =>
      Promise.reject(Object.assign(new Error('a private text'), { code: 'E_FULL' })),
    );
    await queue.add('work', { id: 7 }, { jobId: 'a', attempts: 2, backoffMs: 10 });
    await come(() => lines.some((line) => line.startsWith('error')));
    const prefix = `${shared.prefix}:parley:`;
    await vi.waitFor(async () =>
      expect(await client.zrange(`${prefix}failed`, 0, -1)).toEqual(['job:work:a']),
    );
    const kept = await client.hgetall(`${prefix}job:work:a`);
    expect(kept).toMatchObject({
      data: '{"v":1,"data":{"id":7}}',
      failedReason: 'E_FULL',
      attemptsMade: '2',
    });
    expect(JSON.stringify(kept)).not.toContain('private');
    expect(kept['stacktrace']).toBe('[]');
  });

  it('leaves no trace of a job that succeeded', async () => {
    const shared = settings();
    let done = 0;
    const queue = join(shared, async () => void (done += 1));
    await queue.add('work', {});
    await come(() => done === 1);
    await vi.waitFor(async () => expect(await client.keys(`${shared.prefix}:parley:job:*`)).toEqual([]));
  });

  it('leaves a job of a name that it does not know to a process that does, with all its attempts', async () => {
    const lines = logLines();
    const shared = settings({ unknownMs: 200 });
    join(shared);
    const newer = new BullJobQueue({ ...shared, names: ['work', 'novel'], process: false });
    opened.push(newer);
    await newer.add('novel', 'x', { jobId: 'a', attempts: 1 });
    await come(() => lines.length > 0);
    await sleep(600);
    expect(lines).toEqual(['warn a job that is not known here: novel, version 1']);
    const seen: unknown[] = [];
    const handler: JobHandler = async ({ name, data, attempt }) => void seen.push([name, data, attempt]);
    await Promise.all(opened.splice(0).map((queue) => queue.close()));
    join(shared, handler, { names: ['work', 'novel'] });
    await come(() => seen.length === 1);
    expect(seen).toEqual([['novel', 'x', 1]]);
  });

  it('does not run a message of a version that it does not know, nor lose it', async () => {
    const lines = logLines();
    const shared = settings({ unknownMs: 200 });
    const seen: unknown[] = [];
    const queue = join(shared, async ({ data }) => void seen.push(data));
    await queue.add('work', 'later', { jobId: 'a', delayMs: 300 });
    const key = `${shared.prefix}:parley:job:work:a`;
    await client.hset(key, 'data', '{"v":2,"text":"of tomorrow"}');
    await come(() => lines.includes('warn a job that is not known here: work, version 2'));
    await sleep(500);
    expect(seen).toEqual([]);
    await client.hset(key, 'data', '{"v":1,"data":"of today"}');
    await come(() => seen.length === 1);
    expect(seen).toEqual(['of today']);
  });

  it('takes over what a killed process left, but not a job that was lost with four of them', async () => {
    const lines = logLines();
    const shared = settings({ lockMs: 500 });
    const api = new BullJobQueue({ ...shared, process: false });
    opened.push(api);
    const prefix = `${shared.prefix}:parley:`;
    for (const [jobId, lost] of Object.entries({ third: 2, fourth: 3 })) {
      await api.add('work', {}, { jobId });
      // A process that is killed leaves its job here, and in time without a lock.
      await client.rpoplpush(`${prefix}wait`, `${prefix}active`);
      await client.hset(`${prefix}job:work:${jobId}`, 'stalledCounter', lost);
    }
    const seen: string[] = [];
    join(shared, async ({ id }) => void seen.push(id));
    await come(() => seen.length > 0 && lines.some((line) => line.startsWith('error')));
    await sleep(300);
    expect(seen).toEqual(['third']);
    expect(lines).toEqual(['error job work fourth was lost with its process too often; not tried again']);
    expect(await client.zrange(`${prefix}failed`, 0, -1)).toEqual(['job:work:fourth']);
  });
});
