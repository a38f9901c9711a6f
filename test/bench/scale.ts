/**
 * 200 paced streams on two API processes behind one port (`balancer.ts`), on one process, and on the bare proxy, round
 * by round in one run; and the resident memory of one process at rest, with 200 streams open, and after 500 ended.
 *
 *     node test/bench/scale.ts [--streams 200] [--turns 3] [--rounds 3] [--pieces 50] [--gap 20]
 *                              [--memory 200] [--ended 500] [--kept 16] [--forget-ms 65000] [--parts streams,memory]
 *
 * Only ratios mean something: client, upstream, balancer, MariaDB and Redis share the machine's processors with what is
 * measured, so that a second process gains nothing where these are used up; the last column says by whom.
 * `--forget-ms` is the wait before the last reading, in which ended turns' events may still be kept. Exits with 1 where
 * a stream was not whole or more than `--kept` MiB were kept.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startMariaDb } from '../support/mariadb.ts';
import { startRedis } from '../support/redis.ts';
import { open, talk } from './call.ts';
import { measure } from './measure.ts';
import { parallel } from './parallel.ts';
import { COLLECTABLE, Collector, residentMiB } from './processes.ts';
import { figuresOf, ms, percent, table } from './report.ts';
import { type Model, Parley, plainTarget, startProgram } from './targets.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '200' },
    turns: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    pieces: { type: 'string', default: '50' },
    gap: { type: 'string', default: '20' },
    memory: { type: 'string', default: '200' },
    ended: { type: 'string', default: '500' },
    kept: { type: 'string', default: '16' },
    'forget-ms': { type: 'string', default: '65000' },
    parts: { type: 'string', default: 'streams,memory' },
  },
});
const MODEL: Model = `test:count=${values.pieces},gap=${values.gap}`;
/** Streams that end at the same time, where it does not matter. */
const AT_ONCE = 100;
const SETTLE_MS = 4_000;

const upstream = await startProgram(
  'test/support/upstream/main.ts',
  ['--port', '0'],
  /Test upstream at (http:\S+),/,
);
const [mariaDb, redis] = await Promise.all([startMariaDb(), startRedis()]);
const helpers = { mariadb: mariaDb.pid, redis: redis.pid };
const verdict = new Verdict();
const parts = values.parts.split(',');
if (parts.includes('streams')) await streams();
if (parts.includes('memory')) await memory();
await Promise.all([upstream.child.stop(), mariaDb.stop(), redis.stop()]);
verdict.exit();

/** Processes over a fresh database, as one that is addressed by the first one's URL. */
async function startParleys(count: number, nodeOptions?: string): Promise<Parley[]> {
  const name = `bench_${randomBytes(6).toString('hex')}`;
  const env = {
    DATABASE_URL: await mariaDb.createDatabase(name),
    REDIS_URL: redis.url,
    JWT_SECRET: randomBytes(32).toString('hex'),
    NODE_OPTIONS: nodeOptions,
  };
  const parleys: Parley[] = [];
  for (let place = 1; place <= count; place += 1) {
    const entry = 'dist/src/main.js';
    const options = { name: `${count} × parley`, upstreamUrl: upstream.url, env, entry, helpers };
    parleys.push(await Parley.start(options));
  }
  return parleys;
}

async function streams(): Promise<void> {
  const proxy = await startProgram('test/bench/bare-proxy.ts', [upstream.url], /at (http:\S+)/);
  const [one] = (await startParleys(1)) as [Parley];
  const [first, second] = (await startParleys(2)) as [Parley, Parley];
  const urls = [first.process.url, second.process.url];
  const balancer = await startProgram('test/bench/balancer.ts', urls, /at (http:\S+)/);
  const two = new Parley(
    first.name,
    { ...first.process, url: balancer.url },
    { ...helpers, balancer: balancer.child.pid, second: second.pid },
  );
  const targets = [plainTarget('bare proxy', proxy.child, proxy.url), one, two];
  const samples = await measure(
    targets,
    { client: process.pid, upstream: upstream.child.pid },
    {
      ...{ clients: Number(values.streams), turns: Number(values.turns), rounds: Number(values.rounds) },
      ...{ model: MODEL, form: 'stream' },
    },
  ).catch((error: unknown) => giveUp(error, [one, first, second]));
  const figures = [...samples].map(([{ name }, sample]) => ({ name, ...figuresOf(sample) }));
  const base = figures[0]!.perSecond;
  const rows = figures.map(({ name, perSecond, first: piece, whole, cpuShare }) => [
    ...[name, perSecond.toFixed(1), percent(perSecond / base), ms(piece.p50), ms(piece.p95), ms(whole.p50)],
    Object.entries(cpuShare)
      .map(([process, share]) => `${process} ${percent(share)}`)
      .join(', '),
  ]);
  const heads = ['', 'streams/s', 'of the proxy', 'first p50', 'p95', 'whole p50', 'share of one processor'];
  console.log(
    `${values.streams} clients read streams of ${values.pieces} pieces, ${values.gap} ms apart, ` +
      `${values.turns} each, all at once (mariadb, ${availableParallelism()} processors)\n\n${table([heads, ...rows])}\n`,
  );
  await Promise.all([proxy, balancer].map(({ child }) => child.stop()));
  await Promise.all([one, first, second].map(({ process: api }) => api.stop()));
}

/** A stream that was not whole: what the processes warned of says why. */
function giveUp(error: unknown, parleys: Parley[]): never {
  const warnings = parleys.flatMap((parley) =>
    parley
      .output()
      .split('\n')
      .filter((line) => /"level":"(warn|error|fatal)"/.test(line))
      .slice(-10)
      .map((line) => `        ${parley.name}: ${line}`),
  );
  verdict.check(`every stream whole: ${(error as Error).message.slice(0, 120).split('\n')[0]}`, false);
  console.log(warnings.join('\n'));
  return verdict.exit();
}

async function memory(): Promise<void> {
  const [count, ended] = [Number(values.memory), Number(values.ended)];
  const [target] = (await startParleys(1, COLLECTABLE)) as [Parley];
  const collector = await Collector.attach(target.output());
  const read = async (settleMs: number): Promise<number> => {
    await sleep(settleMs);
    await collector.collect();
    return residentMiB(target.pid);
  };
  // What a first load brings in once and for all (code, pools, prepared statements) is not what a stream takes.
  const endSome = async (turns: number) =>
    parallel(AT_ONCE, await target.prepare(turns, MODEL, 'stream'), talk);
  await endSome(AT_ONCE);
  const hanging = await target.prepare(count, 'test:gap=50,hang=20,count=50', 'stream');
  const before = await read(Number(values['forget-ms']));
  const turns = await Promise.all(hanging.map((request) => open(request)));
  const opened = await read(SETTLE_MS);
  for (const turn of turns) turn.leave();
  await target.stop(turns);
  await endSome(ended);
  const atOnce = await read(SETTLE_MS);
  const after = await read(Number(values['forget-ms']));
  collector.close();
  const heads = ['', 'at rest', `${count} open`, `${ended} ended`, `${values['forget-ms']} ms later`, 'kept'];
  const figures = [before, opened, atOnce, after, after - before].map((value) => `${value.toFixed(0)} MiB`);
  console.log(
    `Resident memory of one process, garbage collected\n\n${table([heads, ['parley', ...figures]])}\n`,
  );
  verdict.check(
    `at most ${values.kept} MiB kept after ${ended} streams`,
    after - before <= Number(values.kept),
  );
  await target.process.stop();
}
