/**
 * Takes Redis or MariaDB away under load and gives it back: in order (SIGTERM) and by a crash (SIGKILL). Clients go on
 * streaming, sending and reading; whatever one of them was told is looked up afterwards.
 *
 *     node test/bench/outages.ts [--kind redis,mariadb] [--how stop,kill] [--down 3000] [--streams 50]
 *                                [--sends 10] [--reads 20] [--around 4000]
 *
 * `--sends` and `--reads` are a second, `--down` and `--around` (the time before and after) milliseconds. Promises: no
 * acknowledged turn or conversation lost, every failure is 503 with `Retry-After`, `/health/live` always 200, ready
 * again and answering within 10 s; not ready within 2 s, unless nothing fails without the server. Exits with 1 where
 * one is broken.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ApiClient } from '../support/client.ts';
import type { MariaDb } from '../support/mariadb.ts';
import type { Redis } from '../support/redis.ts';
import { Cluster } from './cluster.ts';
import { type Acknowledged, Load } from './outage-load.ts';
import { HealthWatch, recovery } from './outage-watch.ts';
import { parallel } from './parallel.ts';
import { table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'redis,mariadb' },
    how: { type: 'string', default: 'stop,kill' },
    down: { type: 'string', default: '3000' },
    streams: { type: 'string', default: '50' },
    sends: { type: 'string', default: '10' },
    reads: { type: 'string', default: '20' },
    around: { type: 'string', default: '4000' },
  },
});
const [down, around] = [Number(values.down), Number(values.around)];
const NOT_READY_MS = 2_000;
const RECOVERY_MS = 10_000;

interface Outcome {
  name: string;
  load: Load;
  notReadyAfter: number | undefined;
  notLive: number;
  recoveredAfter: number;
  /** What was acknowledged and is not as it was told, in words. */
  lost: string[];
}

/** What is not as the client was told; undefined where all is. */
async function faultOf(client: ApiClient, turn: Acknowledged): Promise<string | undefined> {
  const { prompt, userId, answerId, streamed, end } = turn;
  const [user, answer] = [await client.get(`messages/${userId}`), await client.get(`messages/${answerId}`)];
  if (user.status !== 200 || user.body.content !== prompt) return 'user message not there';
  if (answer.status !== 200) return 'answer not there';
  const { status, content } = answer.body as { status: string; content: string };
  if (status === 'pending' || status === 'streaming') return `answer is ${status}`;
  if (!end) return 'client was told no end';
  if (end.status !== status || end.content !== content) return `told ${end.status}, stored ${status}`;
  if (streamed !== undefined && streamed !== content) return `streamed pieces are not the text (${status})`;
  return undefined;
}

async function lookUp(client: ApiClient, load: Load): Promise<string[]> {
  const faults = await parallel(8, load.turns, (turn) => faultOf(client, turn));
  const conversations = await parallel(8, load.conversations, async (id) => {
    const { status } = await client.get(`conversations/${id}`);
    return status === 200 ? undefined : 'conversation not there';
  });
  return [...faults, ...conversations].filter((fault) => fault !== undefined);
}

async function outage(server: MariaDb | Redis, how: string): Promise<void> {
  if (how === 'stop') return server.restart(down);
  await server.kill();
  await sleep(down);
  await server.start();
}

async function run(kind: string, how: string): Promise<Outcome> {
  const cluster = await Cluster.start();
  const urls = cluster.apis.map(({ url }) => url);
  const client = await cluster.register();
  const { streams, sends, reads } = values;
  const counts = { streams: Number(streams), sends: Number(sends), reads: Number(reads) };
  const load = await Load.start(client, { urls, ...counts });
  const watch = new HealthWatch(urls);
  await sleep(around);
  const since = performance.now();
  await outage(kind === 'redis' ? cluster.redis! : cluster.mariaDb!, how);
  const recoveredAfter = await recovery(client, urls);
  await sleep(around);
  await Promise.all([load.stop(), watch.stop()]);
  const lost = await lookUp(client, load);
  await cluster.stop();
  const { notLive } = watch;
  const notReadyAfter = watch.notReadyAfter(since);
  return { name: `${kind} ${how}`, load, notReadyAfter, notLive, recoveredAfter, lost };
}

const outcomes: Outcome[] = [];
for (const kind of values.kind.split(',')) {
  if (kind !== 'redis' && kind !== 'mariadb') throw new Error('--kind is redis, mariadb or both');
  for (const how of values.how.split(',')) {
    if (how !== 'stop' && how !== 'kill') throw new Error('--how is stop, kill or both');
    outcomes.push(await run(kind, how));
  }
}

const milliseconds = (time = Infinity) => (time === Infinity ? 'never' : `${time.toFixed(0)} ms`);
const sum = (entries: [string, number][]) => entries.reduce((total, [, count]) => total + count, 0);
const heads = ['', 'not ready after', 'back after', 'requests', 'turns', 'refused', 'failed', 'lost'];
const rows = outcomes.map(({ name, load, notReadyAfter, recoveredAfter, lost }) => {
  const unclean = sum(load.unclean);
  const counts = [load.requests, load.turns.length, sum([...load.failures]) - unclean, unclean, lost.length];
  return [name, milliseconds(notReadyAfter), milliseconds(recoveredAfter), ...counts.map(String)];
});
console.log(`${values.streams} streams open, ${down} ms down\n\n${table([heads, ...rows])}\n`);
const verdict = new Verdict();
for (const { name, load, notReadyAfter, notLive, recoveredAfter, lost } of outcomes) {
  const stayedReady = notReadyAfter === undefined && load.failures.size === 0;
  verdict.check(
    `${name}: not ready within 2 s, or nothing fails`,
    stayedReady || (notReadyAfter ?? Infinity) <= NOT_READY_MS,
  );
  verdict.check(`${name}: always live (${notLive} calls failed)`, notLive === 0);
  verdict.check(`${name}: back within 10 s`, recoveredAfter <= RECOVERY_MS);
  verdict.check(`${name}: every failure is 503 with Retry-After`, load.unclean.length === 0);
  verdict.check(`${name}: nothing acknowledged was lost`, lost.length === 0);
  for (const [what, count] of load.failures) console.log(`        ${count} × ${what}`);
  for (const [what, list] of Map.groupBy(lost, (fault) => fault))
    console.log(`        lost: ${list.length} × ${what}`);
}
verdict.exit();
