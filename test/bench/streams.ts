/**
 * What shared event streams cost: events appended in one process and read in another through Redis, beside the same
 * in memory, and beside the least that Redis itself takes for it: bare XADDs in pipelines, and bare PUBLISHes that a
 * subscriber counts. Writer and reader are two instances in this one process, which carries both sides' work.
 *
 *     node test/bench/streams.ts [--events 20000] [--streams 1,200] [--rounds 3] [--json result.json]
 *
 * It measures what is built: run `npm run build` before.
 */
import { Redis as Client } from 'ioredis';
import { writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startRedis } from '../support/redis.ts';
import { percentile, table } from './report.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '20000' },
    streams: { type: 'string', default: '1,200' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const EVENTS = Number(values.events);
const ROUNDS = Number(values.rounds);
/** How many events are appended before the event loop gets its turn, as pieces arrive from a socket. */
const BURST = 50;
const EVENT = { type: 'message.delta', data: { text: 'eight letters and more' } };

const built = new URL('../../dist/libs/streams/', import.meta.url);
const { InMemoryEventStreams } = await import(new URL('in-memory-event-streams.js', built).href);
const { RedisEventStreams } = await import(new URL('redis-event-streams.js', built).href);
const { RedisConnections } = await import(new URL('redis-connections.js', built).href);

const redis = await startRedis();
const client = new Client(redis.url);
const listener = new Client(redis.url);

async function connect(): Promise<any> {
  const connections = new RedisConnections(redis.url);
  await connections.ready(5_000);
  return new RedisEventStreams(connections, { retentionMs: 60_000 });
}

const memory = new InMemoryEventStreams({ retentionMs: 60_000 });
const [writer, reader] = [await connect(), await connect()];
let names = 0;

/** Writes all events into `count` streams, each with a reader; ends when the readers have everything. */
async function throughStreams(from: any, to: any, count: number): Promise<void> {
  names += 1;
  const streams = Array.from({ length: count }, (_, index) => `bench${names}:${index}`);
  const each = EVENTS / count;
  await Promise.all(streams.map((name) => from.append(name, [EVENT])));
  const readers = streams.map(async (name) => {
    let seen = 0;
    for await (const batch of to.read(name, 0, new AbortController().signal)) seen += batch.length;
    if (seen !== each) throw new Error(`${seen} events instead of ${each}`);
  });
  for (let n = 2, appended = 0; n <= each; n += 1) {
    for (const name of streams) {
      void from.append(name, [EVENT], { end: n === each });
      appended += 1;
      if (appended % BURST === 0) await turn();
    }
  }
  await Promise.all(readers);
}

async function bareXadd(count: number): Promise<void> {
  names += 1;
  const data = JSON.stringify(EVENT.data);
  const under: Promise<unknown>[] = [];
  for (let n = 0; n < EVENTS; n += BURST) {
    const pipeline = client.pipeline();
    for (let i = n; i < n + BURST; i += 1)
      pipeline.xadd(`floor${names}:${i % count}`, '*', 't', EVENT.type, 'd', data);
    under.push(pipeline.exec());
    await turn();
  }
  await Promise.all(under);
}

async function barePublish(count: number): Promise<void> {
  const channels = Array.from({ length: count }, (_, index) => `floor:${index}`);
  await listener.subscribe(...channels);
  const data = JSON.stringify(EVENT);
  let seen = 0;
  let done: () => void;
  const all = new Promise<void>((resolve) => (done = resolve));
  const hear = (_channel: string, text: string) => {
    JSON.parse(text);
    seen += 1;
    if (seen === EVENTS) done();
  };
  listener.on('message', hear);
  for (let n = 0; n < EVENTS; n += 1) {
    void client.publish(channels[n % count]!, data);
    if (n % BURST === 0) await turn();
  }
  await all;
  listener.off('message', hear);
  await listener.unsubscribe(...channels);
}

/** Milliseconds from an append to the event's arrival at a reader elsewhere, one event at a time. */
async function latency(): Promise<number> {
  names += 1;
  const name = `slow${names}`;
  await writer.append(name, [EVENT]);
  const times: number[] = [];
  const read = reader.read(name, 1, new AbortController().signal)[Symbol.asyncIterator]();
  for (let n = 0; n < 300; n += 1) {
    const next = read.next();
    await new Promise((resolve) => setTimeout(resolve, 1));
    const began = performance.now();
    void writer.append(name, [EVENT]);
    await next;
    times.push(performance.now() - began);
  }
  await read.return?.();
  return percentile(times.slice(50), 0.5);
}

const result: Record<string, Record<string, number>> = {};
for (const count of values.streams.split(',').map(Number)) {
  const targets: Record<string, () => Promise<void>> = {
    'in memory': () => throughStreams(memory, memory, count),
    redis: () => throughStreams(writer, reader, count),
    'bare XADD': () => bareXadd(count),
    'bare PUBLISH': () => barePublish(count),
  };
  const rates: Record<string, number[]> = {};
  // Each round in another order; the first is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const order = Object.keys(targets);
    for (const name of [...order.slice(round % order.length), ...order.slice(0, round % order.length)]) {
      const began = performance.now();
      await targets[name]!();
      if (round > 0) (rates[name] ??= []).push((EVENTS * 1_000) / (performance.now() - began));
    }
  }
  const medians = Object.fromEntries(
    Object.keys(targets).map((name) => [name, percentile(rates[name]!, 0.5)]),
  );
  result[String(count)] = medians;
  const rows = Object.entries(medians).map(([name, rate]) => [
    name,
    Math.round(rate).toString(),
    (medians.redis! / rate).toFixed(2),
  ]);
  console.log(`\n${count} stream${count === 1 ? '' : 's'}, ${EVENTS} events`);
  console.log(table([['', 'events/s', 'redis is'], ...rows]));
}
const p50 = await latency();
console.log(`\nfrom append to a reader elsewhere, one event at a time: ${p50.toFixed(2)} ms (median)`);
if (values.json) writeFileSync(values.json, JSON.stringify({ events: EVENTS, rates: result, p50 }, null, 2));
await Promise.all([writer.onApplicationShutdown(), reader.onApplicationShutdown()]);
client.disconnect();
listener.disconnect();
await redis.stop();
