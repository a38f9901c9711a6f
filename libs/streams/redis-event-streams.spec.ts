import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { eventStreamsContract } from './event-streams.contract.js';
import { RedisConnections } from './redis-connections.js';
import { RedisEventStreams, type RedisStreamOptions } from './redis-event-streams.js';

let redis: Redis;
let options: RedisStreamOptions;
let count = 0;
const open: RedisEventStreams[] = [];

beforeAll(async () => {
  redis = await startRedis();
}, 30_000);

afterAll(() => redis.stop());

afterEach(async () => {
  await Promise.all(open.splice(0).map((streams) => streams.onApplicationShutdown()));
});

async function connect(): Promise<RedisEventStreams> {
  const connections = new RedisConnections(redis.url);
  await connections.ready(5_000);
  const streams = new RedisEventStreams(connections, options);
  open.push(streams);
  return streams;
}

eventStreamsContract('RedisEventStreams', {
  make: (settings) => {
    count += 1;
    options = { prefix: `test${count}`, retentionMs: 60_000, patienceMs: 300, ...settings };
    return connect();
  },
  another: connect,
});
