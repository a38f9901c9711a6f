/**
 * What a long document costs: turns with one of 2,000 pages against turns without any, one after the other, with the
 * delay of the API's event loop meanwhile.
 *
 *     node test/bench/context.ts [--pages 2000] [--turns 20] [--sqlite]
 *
 * The passages are put into the database as the reading of a document would. `first` is the first turn with a document
 * that the process does not know yet: its text is read and taken apart.
 */
import { parseArgs } from 'node:util';
import type { ApiClient } from '../support/client.ts';
import { query } from '../support/query.ts';
import { begin } from '../support/talk.ts';
import { Cluster } from './cluster.ts';
import { table } from './report.ts';
import { Chance, chineseWord, word } from './search.texts.ts';

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '2000' },
    turns: { type: 'string', default: '20' },
    sqlite: { type: 'boolean', default: false },
  },
});
const [pages, turns] = [Number(values.pages), Number(values.turns)];
/** Passages of a page, and words of each, in English and in Chinese, of which each has two characters. */
const PASSAGES = 5;
const WORDS = 85;
const CHINESE_WORDS = 130;
const LOOP_DELAY = new URL('speech/loop-delay.ts', import.meta.url).pathname;

const cluster = await Cluster.start({
  processes: 1,
  sqlite: values.sqlite,
  env: { OPENAI_MODEL: 'gpt-4o', RATE_LIMIT_SCALE: '0', NODE_OPTIONS: `--import ${LOOP_DELAY}` },
});
const client = await cluster.register();
const { id: ownerId } = (await client.get('users/me', { expect: 200 })).body;
const rows = [['', 'first', 'p50', 'p95', 'times without', 'loop delay p99']];
const without = await measured('no document', [], 'What is it about?');
const [rare, common] = [2_000, 100];
const asked = `What is said of ${word(rare)} and the ${word(common)}?`;
await measured('English', [await store(english)], asked, without);
const chineseAsked = `关于${chineseWord(rare)}和${chineseWord(common)}说了什么？`;
await measured('Chinese', [await store(chinese)], chineseAsked, without);
console.log(
  `\nTurns with a document of ${pages} pages, ${pages * PASSAGES} passages (${values.sqlite ? 'SQLite' : 'MariaDB'})\n\n${table(rows)}`,
);
await cluster.stop();

/** Milliseconds of turns in one conversation; p50 of all but the first. */
async function measured(name: string, fileIds: number[], content: string, base?: number): Promise<number> {
  const id = await begin(client);
  const seen = cluster.apis[0]!.logs().length;
  process.kill(cluster.apis[0]!.pid, 'SIGWINCH');
  const times: number[] = [];
  for (let turn = 0; turn <= turns; turn += 1)
    times.push(await timed(client, id, { content, ...(turn === 0 && fileIds.length > 0 && { fileIds }) }));
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const [first, ...others] = times as [number, ...number[]];
  const sorted = others.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!;
  const delay = [
    ...cluster.apis[0]!.logs()
      .slice(seen)
      .matchAll(/loop delay p99 ([\d.]+)/g),
  ].at(-1)?.[1];
  const ratio = base === undefined ? '' : (at(0.5) / base).toFixed(1);
  rows.push([
    name,
    ...[first, at(0.5), at(0.95)].map((ms) => `${ms.toFixed(0)} ms`),
    ratio,
    `${delay ?? '?'} ms`,
  ]);
  return at(0.5);
}

async function timed(user: ApiClient, id: number, body: object): Promise<number> {
  const from = performance.now();
  const { body: answer } = await user.post(`conversations/${id}/messages`, body, { expect: 201 });
  if (answer.assistantMessage.status !== 'completed') throw new Error(JSON.stringify(answer));
  return performance.now() - from;
}

async function store(textOf: (seed: number) => string): Promise<number> {
  const key = `bench${Math.random().toString(36).slice(2)}0000000000000000`.slice(0, 32);
  const columns =
    'owner_id, kind, name, media_type, size, sha256, storage_key, extraction, pages, created_at';
  await query(
    cluster.databaseUrl,
    `INSERT INTO stored_files (${columns}) VALUES (?, 'document', 'long.pdf', 'application/pdf', 1, ?, ?, 'done', ?, ?)`,
    [ownerId, key, key, pages, '2026-11-21 08:30:00.000'],
  );
  const [file] = await query(cluster.databaseUrl, 'SELECT id FROM stored_files WHERE storage_key = ?', [key]);
  const seqs = Array.from({ length: pages * PASSAGES }, (_, index) => index + 1);
  for (let from = 0; from < seqs.length; from += 500) {
    const some = seqs.slice(from, from + 500);
    await query(
      cluster.databaseUrl,
      `INSERT INTO file_passages (file_id, seq, page, text, tokens) VALUES ${some.map(() => '(?, ?, ?, ?, ?)').join(', ')}`,
      some.flatMap((seq) => [file.id, seq, Math.ceil(seq / PASSAGES), textOf(seq), 250]),
    );
  }
  return Number(file.id);
}

/** Words as often as people use them, the same in every run. */
function english(seed: number): string {
  const chance = new Chance(seed);
  return Array.from({ length: WORDS }, () => word(chance.rank(20_000))).join(' ');
}

function chinese(seed: number): string {
  const chance = new Chance(seed);
  const words = Array.from({ length: CHINESE_WORDS }, () => chineseWord(chance.rank(5_000)));
  return words.map((one, at) => one + (at % 30 === 29 ? '。' : at % 5 === 4 ? '，' : '')).join('');
}
