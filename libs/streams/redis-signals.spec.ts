import { Redis as Client } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { RedisConnections } from './redis-connections.js';
import { RedisSignals } from './redis-signals.js';
import { signalsContract } from './signals.contract.js';

let redis: Redis;
let count = 0;
const open: RedisConnections[] = [];

beforeAll(async () => {
  redis = await startRedis();
}, 30_000);

afterAll(() => redis.stop());

afterEach(() => {
  for (const connections of open.splice(0)) connections.close();
});

async function connect(): Promise<RedisSignals> {
  const connections = new RedisConnections(redis.url);
  await connections.ready(5_000);
  open.push(connections);
  return new RedisSignals(connections, `test${count}`);
}

async function make(): Promise<RedisSignals> {
  count += 1;
  return connect();
}

signalsContract('RedisSignals', { make, another: connect });

describe('RedisSignals', () => {
  it('hears its own process at once, and the others again, when Redis is away and comes back', async () => {
    const signals = await make();
    const other = await connect();
    const heard: unknown[] = [];
    const remote: unknown[] = [];
    signals.on('a', (data) => heard.push(data));
    other.on('a', (data) => remote.push(data));
    await redis.kill();
    await signals.send('a', 1);
    await sleep(20);
    await signals.send('a', 2);
    await vi.waitFor(() => expect(heard).toEqual([1, 2]));
    await redis.start();
    await vi.waitFor(
      async () => {
        await signals.send('a', 'back');
        expect(remote).toContain('back');
      },
      { timeout: 10_000, interval: 100 },
    );
    expect(remote).not.toContain(1);
  }, 30_000);

  it('does not hang while Redis does', async () => {
    const signals = await make();
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const began = performance.now();
      await signals.send('a', 1);
      expect(performance.now() - began).toBeLessThan(4_000);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
  }, 30_000);

  it('reads neither what another version says nor what nobody can read', async () => {
    const signals = await make();
    const heard: unknown[] = [];
    signals.on('a', (data) => heard.push(data));
    const client = new Client(redis.url);
    await sleep(100);
    const channel = `test${count}:0:signal:a`;
    const texts = ['', '{', 'null', '7', '{"v":2,"from":"x","json":"1"}', '{"v":1,"from":"x","json":1}'];
    for (const text of [...texts, '{"v":1,"from":"x","json":"{"}', '{"v":1,"from":"x","json":"5"}'])
      expect(await client.publish(channel, text)).toBe(1);
    await vi.waitFor(() => expect(heard).toEqual([5]));
    client.disconnect();
  });

  it('takes about a millisecond', async () => {
    const signals = await make();
    const other = await connect();
    const times: number[] = [];
    let heard = () => undefined as void;
    other.on('a', () => heard());
    await sleep(100);
    for (let n = 0; n < 50; n += 1) {
      const began = performance.now();
      const arrived = new Promise<void>((resolve) => (heard = resolve));
      await Promise.all([signals.send('a', n), arrived]);
      times.push(performance.now() - began);
    }
    // The median of a machine that may be busy.
    expect(times.toSorted((a, b) => a - b)[25]).toBeLessThan(50);
  });
});
