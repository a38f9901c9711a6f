import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { BullJobQueue } from './bull-job-queue.js';
import { InProcessJobQueue } from './in-process-job-queue.js';
import { come, idle, logLines, type QueueSettings, TEST_MS } from './job-queue-setup.contract.js';
import { jobQueueContract } from './job-queue.contract.js';
import { InvalidJobError, type JobQueue } from './job-queue.js';
import { type Lane, LanedJobQueue } from './laned-job-queue.js';

let redis: Redis;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis.stop());

/** Each job in a lane of its own. */
function laned(lanes: Lane[], graceMs = 5_000): JobQueue {
  const prefix = `test:${randomUUID()}`;
  const shared = { redisUrl: redis.url, prefix, process: true, graceMs };
  return new LanedJobQueue(
    lanes,
    ({ name, jobs, concurrency }) => new BullJobQueue({ ...shared, names: jobs, concurrency, lane: name }),
  );
}

function oneEach({ names, concurrency }: QueueSettings): Lane[] {
  return names.map((name, index) => ({ name: `lane${index}`, jobs: [name], concurrency }));
}

jobQueueContract('LanedJobQueue over Redis', {
  make: (settings) => laned(oneEach(settings), settings.graceMs),
});
jobQueueContract('LanedJobQueue in one process', {
  make: (settings) =>
    new LanedJobQueue(
      oneEach(settings),
      ({ jobs, concurrency }) =>
        new InProcessJobQueue({ names: jobs, concurrency, graceMs: settings.graceMs }),
    ),
});

describe('LanedJobQueue', { timeout: TEST_MS }, () => {
  const opened: JobQueue[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queue) => queue.close()));
    vi.restoreAllMocks();
  });

  function open(lanes: Lane[]): JobQueue {
    const queue = laned(lanes);
    opened.push(queue);
    return queue;
  }

  it('runs jobs of one lane while another one is full', async () => {
    const queue = open([
      { name: 'slow', jobs: ['a', 'b'], concurrency: 2 },
      { name: 'swift', jobs: ['c'], concurrency: 1 },
    ]);
    const gate = Promise.withResolvers<void>();
    const begun: string[] = [];
    for (const name of ['a', 'b'])
      queue.handle(name, async () => {
        begun.push(name);
        await gate.promise;
      });
    queue.handle('c', async () => void begun.push('c'));
    queue.start();
    await queue.add('a', 1);
    await queue.add('b', 1);
    await come(() => begun.length === 2);
    await queue.add('a', 2);
    await queue.add('c', 1);
    await queue.add('c', 2);
    await come(() => begun.length === 4);
    await sleep(100);
    expect(begun.slice(2)).toEqual(['c', 'c']);
    gate.resolve();
    await come(() => begun.length === 5);
  });

  it('ends all lanes together, each in its own time', async () => {
    logLines();
    const queue = open([
      { name: 'one', jobs: ['a'], concurrency: 1 },
      { name: 'two', jobs: ['b'], concurrency: 1 },
    ]);
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let begun = 0;
    for (const [index, name] of ['a', 'b'].entries())
      queue.handle(name, async () => {
        begun += 1;
        await gates[index]!.promise;
      });
    queue.start();
    await Promise.all([queue.add('a', 1), queue.add('b', 1)]);
    await come(() => begun === 2);
    let drained = false;
    const draining = queue.drain().then(() => (drained = true));
    gates[0]!.resolve();
    await sleep(100);
    expect(drained).toBe(false);
    gates[1]!.resolve();
    await draining;
  });

  it('takes a lane and a job name once', () => {
    const twice: Lane[][] = [
      [
        { name: 'one', jobs: ['a'], concurrency: 1 },
        { name: 'one', jobs: ['b'], concurrency: 1 },
      ],
      [
        { name: 'one', jobs: ['a'], concurrency: 1 },
        { name: 'two', jobs: ['a'], concurrency: 1 },
      ],
      [{ name: 'a:b', jobs: ['a'], concurrency: 1 }],
    ];
    for (const lanes of twice) expect(() => open(lanes)).toThrow(InvalidJobError);
    const queue = open([{ name: 'one', jobs: ['a'], concurrency: 1 }]);
    expect(() => queue.handle('b', idle)).toThrow(InvalidJobError);
  });
});
