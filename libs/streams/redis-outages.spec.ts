import { Logger } from '@nestjs/common';
import { Redis as Client } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { collect, delta, deltas, forever, refusalOf } from '../../test/support/streams.ts';
import { StreamEndedError, StreamNotFoundError } from './event-streams.js';
import { RedisConnections } from './redis-connections.js';
import { RedisEventStreams } from './redis-event-streams.js';

const LIMIT = { timeout: 20_000, interval: 20 };

let redis: Redis;
let log: string[];
const open: RedisEventStreams[] = [];

async function connect(
  options: { maxEvents?: number; patienceMs?: number } = {},
): Promise<RedisEventStreams> {
  const connections = new RedisConnections(redis.url);
  await connections.ready(5_000);
  const streams = new RedisEventStreams(connections, { retentionMs: 60_000, patienceMs: 10_000, ...options });
  open.push(streams);
  return streams;
}

/** Writes `count` events, about one a millisecond, and checks that no append takes long or fails. */
async function write(streams: RedisEventStreams, name: string, count: number, gapMs = 1): Promise<void> {
  const appended: Promise<number>[] = [];
  for (let n = 1; n <= count; n += 1) {
    appended.push(streams.append(name, [delta(n)], { end: n === count }));
    await sleep(gapMs);
  }
  expect(await Promise.all(appended)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
}

beforeEach(async () => {
  redis = await startRedis();
  log = [];
  for (const level of ['warn', 'error'] as const)
    vi.spyOn(Logger.prototype, level).mockImplementation((line: string) => void log.push(line));
}, 30_000);

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((streams) => streams.onApplicationShutdown()));
  await redis.stop();
});

describe('RedisEventStreams, when Redis goes and comes', { timeout: 60_000 }, () => {
  const outages: Record<string, () => Promise<void>> = {
    'is killed and starts empty': async () => {
      await redis.kill();
      await sleep(300);
      await redis.start();
    },
    'is stopped and starts empty': () => redis.restart(1_000),
    hangs: async () => {
      process.kill(redis.pid, 'SIGSTOP');
      await sleep(2_500);
      process.kill(redis.pid, 'SIGCONT');
    },
  };
  for (const [what, outage] of Object.entries(outages)) {
    it(`loses and doubles nothing for anybody when it ${what}`, async () => {
      const streams = await connect();
      const other = await connect();
      await streams.append('busy', [delta(1)]);
      await streams.append('waiting', [delta(1)]);
      await streams.append('ends', [delta(1)]);
      const sides = [streams, other];
      const followed = ['busy', 'waiting', 'ends'].flatMap((name) =>
        sides.map((side) => collect(side.read(name, 0, forever()))),
      );
      await sleep(50);
      const down = outage();
      for (let n = 2; n <= 2_000; n += 1) {
        void streams.append('busy', [delta(n)]);
        if (n === 1_000) void streams.append('ends', [delta(2)], { end: true });
        await sleep(1);
      }
      await down;
      await vi.waitFor(() => expect(sides.map((side) => side.available())).toEqual([true, true]), LIMIT);
      await vi.waitFor(async () => expect(await other.snapshot('waiting')).toEqual(deltas(1)), LIMIT);
      expect(await streams.append('busy', [delta(2_001)], { end: true })).toBe(2_001);
      expect(await streams.append('waiting', [delta(2)], { end: true })).toBe(2);
      const [busy, waiting, ends] = [2_001, 2, 2].map(deltas);
      expect(await Promise.all(followed)).toEqual([busy, busy, waiting, waiting, ends, ends]);
      await vi.waitFor(async () => expect(await other.snapshot('ends')).toEqual(ends), LIMIT);
      expect(await (await connect()).snapshot('busy')).toEqual(busy);
      expect(await streams.snapshot('waiting')).toEqual(waiting);
    });
  }

  it('appends without hanging and says that it is not available, when Redis hangs or is gone', async () => {
    const streams = await connect();
    await streams.append('a', [delta(1)]);
    for (const [down, up] of [
      [() => process.kill(redis.pid, 'SIGSTOP'), () => process.kill(redis.pid, 'SIGCONT')],
      [() => redis.kill(), () => redis.start()],
    ] as const) {
      const began = performance.now();
      await down();
      const last = (await streams.snapshot('a')).length;
      expect(await streams.append('a', [delta(last + 1)])).toBe(last + 1);
      expect(performance.now() - began).toBeLessThan(4_000);
      await vi.waitFor(() => expect(streams.available()).toBe(false), LIMIT);
      expect(performance.now() - began).toBeLessThan(4_000);
      expect(await streams.append('a', [delta(last + 2)])).toBe(last + 2);
      await sleep(1_500);
      expect(streams.available()).toBe(false);
      await up();
      const back = performance.now();
      await vi.waitFor(() => expect(streams.available()).toBe(true), LIMIT);
      expect(performance.now() - back).toBeLessThan(5_000);
    }
    const other = await connect();
    await vi.waitFor(async () => expect(await other.snapshot('a')).toEqual(deltas(5)), LIMIT);
    expect(log.filter((line) => line.startsWith('away'))).toHaveLength(2);
  });

  it('begins and ends a stream while Redis is away, and delivers it afterwards', async () => {
    const streams = await connect();
    const other = await connect();
    await redis.kill();
    await vi.waitFor(() => expect(streams.available()).toBe(false), LIMIT);
    await write(streams, 'a', 20);
    await expect(streams.append('a', [delta(21)])).rejects.toBeInstanceOf(StreamEndedError);
    expect(await collect(streams.read('a', 0, forever()))).toEqual(deltas(20));
    await expect(collect(other.read('a', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
    await redis.start();
    await vi.waitFor(async () => expect(await other.snapshot('a')).toEqual(deltas(20)), LIMIT);
  });

  it('begins a stream anew with what it still has, where Redis has lost a long one', async () => {
    const streams = await connect({ maxEvents: 100 });
    const other = await connect({ maxEvents: 100 });
    for (let n = 1; n <= 1_000; n += 1) void streams.append('a', [delta(n)]);
    await streams.append('a', [delta(1_001)]);
    const reader = collect(other.read('a', 1_001, forever()));
    await sleep(100);
    await redis.kill();
    await redis.start();
    await vi.waitFor(
      () => expect([streams, other].map((side) => side.available())).toEqual([true, true]),
      LIMIT,
    );
    await streams.append('a', [delta(1_002)], { end: true });
    expect(await reader).toEqual(deltas(1_002).slice(1_001));
    await vi.waitFor(
      async () => expect(await collect(other.read('a', 950, forever()))).toEqual(deltas(1_002).slice(950)),
      LIMIT,
    );
    await expect(other.snapshot('a')).rejects.toBeInstanceOf(StreamNotFoundError);
  });

  it('lets a reader of another process go, after some patience', async () => {
    const streams = await connect();
    const other = await connect({ patienceMs: 500 });
    await streams.append('a', [delta(1)]);
    const gone = refusalOf(collect(other.read('a', 0, forever())));
    await sleep(100);
    await redis.kill();
    const began = performance.now();
    expect(await gone).toBeInstanceOf(StreamNotFoundError);
    expect(performance.now() - began).toBeLessThan(10_000);
    const again = performance.now();
    await expect(other.snapshot('a')).rejects.toBeInstanceOf(StreamNotFoundError);
    expect(performance.now() - again).toBeLessThan(4_000);
  });

  it('asks at once for what a lost message had, when the next one gives it away', async () => {
    const client = new Client(redis.url);
    const streams = await connect();
    await streams.append('a', [delta(1)]);
    const reader = (await connect()).read('a', 1, forever())[Symbol.asyncIterator]();
    const began = performance.now();
    for (let n = 2; n < 10; n += 2) {
      const next = reader.next();
      await sleep(50);
      for (const id of [n, n + 1]) {
        const { type, data } = delta(id);
        const fields = ['v', '1', 'w', 'x', 't', type, 'd', JSON.stringify(data)];
        await client.xadd('parley:stream:{a}', `${id}-0`, ...fields);
      }
      const { type, data } = delta(n + 1);
      const message = { v: 1, first: n + 1, end: false, events: [[type, data]] };
      await client.publish('parley:0:stream:a', JSON.stringify(message));
      expect((await next).value).toEqual(deltas(n + 1).slice(-2));
    }
    expect(performance.now() - began).toBeLessThan(5_000);
    client.disconnect();
    await reader.return?.();
  });
});
