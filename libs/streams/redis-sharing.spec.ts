import { Redis as Client } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { collect, delta, deltas, forever, refusalOf, Wire } from '../../test/support/streams.ts';
import { StreamEndedError, StreamNotFoundError } from './event-streams.js';
import { RedisConnections } from './redis-connections.js';
import { RedisEventStreams, type RedisStreamOptions } from './redis-event-streams.js';
import { SharedStreams } from './shared-streams.js';

const LIMIT = { timeout: 20_000, interval: 20 };

let redis: Redis;
let client: Client;
let count = 0;
let prefix: string;
const open: RedisEventStreams[] = [];
const connections: RedisConnections[] = [];

async function link(url = redis.url): Promise<RedisConnections> {
  const made = new RedisConnections(url);
  connections.push(made);
  await made.ready(5_000);
  return made;
}

async function connect(options: Partial<RedisStreamOptions> = {}, url?: string): Promise<RedisEventStreams> {
  const streams = new RedisEventStreams(await link(url), {
    retentionMs: 60_000,
    patienceMs: 2_000,
    prefix,
    ...options,
  });
  open.push(streams);
  return streams;
}

beforeAll(async () => {
  redis = await startRedis();
  client = new Client(redis.url);
}, 30_000);

afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

beforeEach(() => {
  count += 1;
  prefix = `test${count}`;
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((streams) => streams.onApplicationShutdown()));
  for (const each of connections.splice(0)) each.close();
});

describe('RedisEventStreams, between processes', { timeout: 60_000 }, () => {
  it('loses and doubles nothing when connections break all the time', async () => {
    const streams = await connect({ patienceMs: 20_000 });
    const other = await connect({ patienceMs: 20_000 });
    await streams.append('a', [delta(1)]);
    const readers = [streams, other].map((side) => collect(side.read('a', 0, forever())));
    let over = false;
    const breaking = (async () => {
      for (; !over; await sleep(70))
        for (const kind of ['normal', 'pubsub'] as const)
          await client.client('KILL', 'TYPE', kind, 'SKIPME', 'yes');
    })();
    for (let n = 2; n <= 3_000; n += 1) {
      void streams.append('a', [delta(n)]);
      if (n % 3 === 0) await sleep(1);
    }
    over = true;
    await breaking;
    expect(await streams.append('a', [delta(3_001)], { end: true })).toBe(3_001);
    for (const events of await Promise.all(readers)) expect(events).toEqual(deltas(3_001));
    await vi.waitFor(async () => expect(await other.snapshot('a')).toEqual(deltas(3_001)), LIMIT);
  });

  it('writes a batch once, however often and in whatever pieces it is sent', async () => {
    const settings = { retentionMs: 60_000, idleMs: 60_000, maxEvents: 1_000 };
    const shared = new SharedStreams(await link(), prefix, settings);
    const heard: number[] = [];
    shared.listen('a', { batch: (page) => heard.push(...page!.events.map((event) => event.id)) });
    await sleep(100);
    const send = (
      first: number,
      last: number,
      more: { writer?: string; ends?: boolean; anew?: boolean } = {},
    ) =>
      shared.write({
        stream: 'a',
        writer: 'one',
        first,
        events: deltas(last)
          .slice(first - 1)
          .map(({ type, data }) => [type, JSON.stringify(data)]),
        ends: false,
        anew: false,
        ...more,
      });
    expect(await send(2, 3)).toEqual({ what: 'gap', last: 0, own: 1 });
    expect(await send(1, 2)).toEqual({ what: 'ok', last: 2, own: 2 });
    expect(await send(1, 2)).toEqual({ what: 'ok', last: 2, own: 2 });
    expect(await send(1, 4)).toEqual({ what: 'ok', last: 4, own: 4 });
    expect(await send(6, 6)).toEqual({ what: 'gap', last: 4, own: 5 });
    expect(await send(3, 6, { writer: 'two' })).toEqual({ what: 'foreign', last: 4, own: 2 });
    expect(await send(9, 9, { writer: 'two' })).toEqual({ what: 'foreign', last: 4, own: 8 });
    expect(await send(5, 6, { writer: 'two', ends: true })).toEqual({ what: 'ok', last: 6, own: 6 });
    expect(await send(5, 6, { writer: 'two', ends: true })).toEqual({ what: 'ok', last: 6, own: 6 });
    expect(await send(3, 4)).toEqual({ what: 'ok', last: 6, own: 4 });
    expect(await send(3, 5)).toEqual({ what: 'ended', last: 6, own: 4 });
    expect(await send(7, 7, { writer: 'two' })).toEqual({ what: 'ended', last: 6, own: 6 });
    expect(await send(9, 9, { anew: true })).toEqual({ what: 'ended', last: 6, own: 8 });
    expect(await shared.page('a', 0)).toEqual({ events: deltas(6), last: 6, ended: true });
    await vi.waitFor(() => expect(heard).toEqual([1, 2, 3, 4, 5, 6]), LIMIT);
  });

  it('lets the one who ends it have the last word against a writer that was cut off', async () => {
    const wire = new Wire(redis.port);
    const streams = await connect({}, `redis://127.0.0.1:${await wire.open()}`);
    const other = await connect();
    await streams.append('a', [delta(1), delta(2)]);
    const saw: number[] = [];
    const local = (async () => {
      for await (const batch of streams.read('a', 0, forever())) saw.push(...batch.map((event) => event.id));
    })();
    const late = refusalOf(local);
    const remote = collect(other.read('a', 0, forever()));
    await sleep(50);
    wire.break();
    await vi.waitFor(() => expect(streams.available()).toBe(false), LIMIT);
    expect(await streams.append('a', [delta(3), delta(4)])).toBe(4);
    expect(await other.append('a', [{ type: 'end', data: 1 }], { end: true })).toBe(3);
    const truth = [...deltas(2), { id: 3, type: 'end', data: 1 }];
    expect(await remote).toEqual(truth);
    wire.mend();
    expect(await late).toBeInstanceOf(StreamNotFoundError);
    expect(saw).toEqual([1, 2, 3, 4]);
    await expect(streams.append('a', [delta(5)])).rejects.toBeInstanceOf(StreamEndedError);
    expect(await streams.snapshot('a')).toEqual(truth);
    expect(await collect(streams.read('a', 0, forever()))).toEqual(truth);
    wire.close();
  });

  it('goes on behind what somebody else has added without ending it', async () => {
    const streams = await connect();
    const other = await connect();
    await streams.append('a', [delta(1)]);
    const readers = [streams, other].map((side) => collect(side.read('a', 0, forever())));
    await sleep(50);
    expect(await other.append('a', [delta(2)])).toBe(2);
    await sleep(50);
    expect(await Promise.all([streams.append('a', [delta(3)]), streams.append('a', [delta(4)])])).toEqual([
      3, 4,
    ]);
    expect(await other.append('a', [delta(5)])).toBe(5);
    expect(await streams.append('a', [delta(6)], { end: true })).toBe(6);
    for (const events of await Promise.all(readers)) expect(events).toEqual(deltas(6));
  });

  it('does not read what another version has written', async () => {
    const streams = await connect();
    const key = `${prefix}:stream:{a}`;
    await client.xadd(key, '1-0', 'v', '2', 'x', 'y');
    await expect(streams.snapshot('a')).rejects.toBeInstanceOf(StreamNotFoundError);
    await expect(collect(streams.read('a', 0, forever()))).rejects.toBeInstanceOf(StreamNotFoundError);
    // Nor what it adds, or says.
    await streams.append('b', [delta(1)]);
    const other = await connect();
    const refused = refusalOf(collect(other.read('b', 0, forever())));
    await sleep(50);
    for (const text of ['{', 'null', '{"v":1}', '{"v":1,"first":2,"events":7}'])
      await client.publish(`${prefix}:0:stream:b`, text);
    await client.xadd(`${prefix}:stream:{b}`, '2-0', 'v', '2', 't', 'delta', 'd', '1');
    await client.publish(`${prefix}:0:stream:b`, '{"v":2,"news":true}');
    expect(await refused).toBeInstanceOf(StreamNotFoundError);
    // A turn's last event must find its way there all the same.
    expect(await streams.append('a', [delta(2)], { end: true })).toBe(2);
  });

  it('finds by itself what it was not told', async () => {
    const streams = await connect();
    await streams.append('a', [delta(1)]);
    const reader = collect((await connect()).read('a', 0, forever()));
    await sleep(50);
    const entry = ['v', '1', 'w', 'x', 't', 'delta', 'd', JSON.stringify(delta(2).data), 'e', '1'];
    await client.xadd(`${prefix}:stream:{a}`, '2-0', ...entry);
    expect(await reader).toEqual(deltas(2));
  });

  it('gives keys an expiry from the first event on', async () => {
    const streams = await connect({ idleMs: 50_000, retentionMs: 5_000 });
    const ttl = () => client.pttl(`${prefix}:stream:{a}`);
    await streams.append('a', [delta(1)]);
    expect(await ttl()).toBeGreaterThan(40_000);
    await streams.append('a', [delta(2)], { end: true });
    expect(await ttl()).toBeGreaterThan(1_000);
    expect(await ttl()).toBeLessThanOrEqual(5_000);
  });

  it('keeps nothing of 500 streams that have ended', async () => {
    const streams = await connect();
    const other = await connect();
    const names = Array.from({ length: 500 }, (_, index) => `s${index}`);
    await Promise.all(names.map((name) => streams.append(name, [delta(1)])));
    const readers = names.flatMap((name) =>
      [streams, other].map((side) => collect(side.read(name, 0, forever()))),
    );
    await sleep(50);
    await Promise.all(names.map((name) => streams.append(name, [delta(2)], { end: true })));
    for (const events of await Promise.all(readers)) expect(events).toEqual(deltas(2));
    for (const side of [streams, other]) {
      const { writers, stalled, reader } = side as unknown as Record<string, { size: number }>;
      const { feeds, unsubscribers } = reader as unknown as Record<string, { size: number }>;
      for (const kept of [writers, stalled, feeds, unsubscribers]) expect(kept!.size).toBe(0);
    }
    const channels = await client.pubsub('CHANNELS', `${prefix}:*`);
    expect(channels).toEqual([`${prefix}:0:streams`]);
  });

  it('delivers what is left before it closes, and harms nobody afterwards', async () => {
    const streams = await connect();
    for (let n = 1; n <= 5_000; n += 1) void streams.append('a', [delta(n)], { end: n === 5_000 });
    await streams.onApplicationShutdown();
    expect(await (await connect()).snapshot('a')).toEqual(deltas(5_000));
    expect(streams.available()).toBe(false);
    expect(await streams.append('b', [delta(1)])).toBe(1);
  });

  it('is not available while Redis takes nothing, and delivers when it does again', async () => {
    const streams = await connect();
    const other = await connect();
    await streams.append('a', [delta(1)]);
    await client.config('SET', 'maxmemory', '1');
    try {
      expect(await streams.append('a', [delta(2)])).toBe(2);
      expect(streams.available()).toBe(false);
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
    await vi.waitFor(async () => expect(await other.snapshot('a')).toEqual(deltas(2)), LIMIT);
    expect(streams.available()).toBe(true);
  });
});
