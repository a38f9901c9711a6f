import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMariaDb } from '../support/mariadb.ts';
import { startRedis } from '../support/redis.ts';
import { type Load, measure, measureMemory } from './measure.ts';
import { COLLECTABLE, Collector } from './processes.ts';
import { type Figures, figuresOf, memoryFiguresOf, ms, percent, table } from './report.ts';
import { Parley, plainTarget, startProgram, type Target } from './targets.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'sqlite' },
    redis: { type: 'boolean', default: false },
    parts: { type: 'string', default: 'blocking,first,streams,memory' },
    // One client.
    rounds: { type: 'string', default: '60' },
    // Many.
    streams: { type: 'string', default: '200' },
    pieces: { type: 'string', default: '50' },
    gap: { type: 'string', default: '20' },
    'stream-rounds': { type: 'string', default: '4' },
    turns: { type: 'string', default: '3' },
    memory: { type: 'string', default: '200,1000,200' },
    'settle-ms': { type: 'string', default: '4000' },
    // What is measured, where it keeps its data, and what of it is kept.
    entry: { type: 'string', default: 'dist/src/main.js' },
    against: { type: 'string' },
    dir: { type: 'string' },
    'cpu-prof': { type: 'string' },
    json: { type: 'string' },
  },
});
const [streams, pieces, gap] = [Number(values.streams), Number(values.pieces), Number(values.gap)];
if (values.database !== 'sqlite' && values.database !== 'mariadb')
  throw new Error('--database is sqlite or mariadb');

/** Turns in a conversation that one client talks in. */
const CLIENT_TURNS = 4;
const LOADS: Record<string, Load & { title: string }> = {
  blocking: {
    ...{ clients: 1, turns: CLIENT_TURNS, rounds: Number(values.rounds), form: 'whole' },
    ...{
      model: 'test:count=10',
      title: 'One client waits for whole answers of 10 pieces, sent without gaps',
    },
  },
  first: {
    ...{ clients: 1, turns: CLIENT_TURNS, rounds: Number(values.rounds), form: 'stream' },
    ...{ model: `test:count=5,gap=${gap}`, title: `One client reads streams of 5 pieces, ${gap} ms apart` },
  },
  streams: {
    ...{
      clients: streams,
      turns: Number(values.turns),
      rounds: Number(values['stream-rounds']),
      form: 'stream',
    },
    model: `test:count=${pieces},gap=${gap}`,
    title: `${streams} clients read streams of ${pieces} pieces, ${gap} ms apart, ${values.turns} each, all at once`,
  },
};

const upstream = await startProgram(
  'test/support/upstream/main.ts',
  ['--port', '0'],
  /Test upstream at (http:\S+),/,
);
const mariaDb = values.database === 'mariadb' ? await startMariaDb() : undefined;
const redis = values.redis ? await startRedis() : undefined;
const helpers = { ...(mariaDb && { mariadb: mariaDb.pid }), ...(redis && { redis: redis.pid }) };
const parts = values.parts.split(',');
const result: Record<string, unknown> = {
  at: new Date().toISOString(),
  node: process.version,
  options: values,
};

const loads = Object.entries(LOADS).filter(([part]) => parts.includes(part));
if (loads.length > 0) {
  const profile = values['cpu-prof'] && `--cpu-prof --cpu-prof-dir=${values['cpu-prof']}`;
  const { targets, close } = await startTargets(profile);
  const shared = { client: process.pid, upstream: upstream.child.pid };
  for (const [part, load] of loads) {
    const samples = await measure(targets, shared, load);
    const figures = Object.fromEntries([...samples].map(([{ name }, sample]) => [name, figuresOf(sample)]));
    result[part] = { ...load, figures };
    print(load, figures);
  }
  await close();
}
if (parts.includes('memory')) result['memory'] = await memory();

await Promise.all([upstream.child.stop(), mariaDb?.stop(), redis?.stop()]);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);

/** The upstream itself, the proxy and the API, each freshly started but for the upstream. */
async function startTargets(
  nodeOptions?: string,
): Promise<{ targets: Target[]; close: () => Promise<void> }> {
  const proxy = await startProgram('test/bench/bare-proxy.ts', [upstream.url], /at (http:\S+)/, nodeOptions);
  const parleys = [await startParley('parley', values.entry, nodeOptions)];
  if (values.against !== undefined) parleys.push(await startParley('against', values.against, nodeOptions));
  const targets = [
    plainTarget('direct', upstream.child, upstream.url),
    plainTarget('proxy', proxy.child, proxy.url),
    ...parleys,
  ];
  const close = async () => {
    await Promise.all([proxy.child.stop(), ...parleys.map(({ process: api }) => api.stop())]);
  };
  return { targets, close };
}

async function startParley(name: string, entry: string, nodeOptions?: string): Promise<Parley> {
  const database = mariaDb && { DATABASE_URL: await mariaDb.createDatabase(`bench_${name}_${Date.now()}`) };
  const shared = redis && { REDIS_URL: `${redis.url}/${name === 'parley' ? 0 : 1}` };
  return Parley.start({
    ...{ name, entry, upstreamUrl: upstream.url, helpers },
    env: { ...database, ...shared, NODE_OPTIONS: nodeOptions },
    ...(values.dir !== undefined && { dir: folderIn(values.dir) }),
  });
}

/** A folder that goes when this process ends. */
function folderIn(parent: string): string {
  const folder = mkdtempSync(join(parent, 'parley-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function memory(): Promise<unknown> {
  const { targets, close } = await startTargets(COLLECTABLE);
  const levels = values.memory.split(',').map(Number);
  const heads = ['', 'at rest', ...levels.flatMap((n) => [`${n} open`, 'closed']), 'a stream', 'kept'];
  const rows = [heads];
  const figures: Record<string, unknown> = {};
  for (const target of targets.slice(1)) {
    const collector = await Collector.attach(target.output());
    const measured = await measureMemory(target, collector, levels, Number(values['settle-ms']));
    collector.close();
    const sample = memoryFiguresOf(measured);
    figures[target.name] = sample;
    const all = [sample.before, ...sample.levels.flatMap((level) => [level.open, level.closed])];
    const perStream = `${sample.perStream.toFixed(0)} KiB`;
    rows.push([
      target.name,
      ...all.map(({ collected }) => `${collected.toFixed(0)} MiB`),
      perStream,
      `${sample.kept.toFixed(0)} MiB`,
    ]);
    rows.push(['  with its garbage', ...all.map(({ found }) => `${found.toFixed(0)} MiB`), '', '']);
  }
  await close();
  console.log(`\nResident memory of a fresh process with open streams\n\n${table(rows)}`);
  return figures;
}

function print(load: Load & { title: string }, figures: Record<string, Figures>): void {
  const rows = [
    ['', 'first p50', 'p95', 'whole p50', 'p95', 'turns/s', 'processor time a turn, share of one'],
  ];
  for (const [name, { first, whole, perSecond, cpuPerTurn, cpuShare }] of Object.entries(figures)) {
    const cpu = Object.keys(cpuPerTurn).map(
      (process) => `${process} ${ms(cpuPerTurn[process]!)} ${percent(cpuShare[process]!)}`,
    );
    rows.push([
      name,
      ...[first.p50, first.p95, whole.p50, whole.p95].map(ms),
      perSecond.toFixed(1),
      cpu.join(', '),
    ]);
  }
  console.log(
    `\n${load.title} (${values.database}${redis ? ' and Redis' : ''}, ${availableParallelism()} processors)\n\n${table(rows)}\n`,
  );
  for (const name of ['parley', 'against'].filter((name) => name in figures))
    console.log(`${name}: ${judge(load, figures[name]!, figures['direct']!, figures['proxy']!)}`);
}

function judge(load: Load, parley: Figures, direct: Figures, proxy: Figures): string {
  const added = (of: 'first' | 'whole', than: Figures) =>
    `${ms(parley[of].p50 - than[of].p50)} at p50, ${ms(parley[of].p95 - than[of].p95)} at p95`;
  if (load.form === 'whole') {
    const ratio = (parley.whole.p50 / proxy.whole.p50).toFixed(2);
    return `added to the upstream's answer ${added('whole', direct)}; ${ratio} times the proxy's`;
  }
  const later = `first piece later than the proxy's ${added('first', proxy)}`;
  if (load.clients === 1) return `${later} (aim: 5 ms)`;
  return `${later}; streams a second ${(parley.perSecond / proxy.perSecond).toFixed(2)} of the proxy's (aim: 0.8)`;
}
