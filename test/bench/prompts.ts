import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startApi } from '../support/api-process.ts';
import { removeFolder, temporaryFolder } from '../support/child.ts';
import { ApiClient } from '../support/client.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { query } from '../support/query.ts';
import { residentMiB } from './processes.ts';
import { fill, type TermsOf } from './prompts.data.ts';
import { percentile, table } from './report.ts';
import { Verdict } from './verdict.ts';

/** What a library of a million shared prompts costs, beside one of a thousand. See README.md. */
const { values: options } = parseArgs({
  options: {
    sqlite: { type: 'boolean', default: false },
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '40' },
    draws: { type: 'string', default: '600' },
  },
});
const [rows, rounds, draws] = [Number(options.rows), Number(options.rounds), Number(options.draws)];
const SMALL = 1_000;
const BUCKETS = 50;

/** By name; the first is held to 1.3 times the time of the small library. */
const REQUESTS: Record<string, string> = {
  'random, 8': 'prompts/random?count=8',
  list: 'prompts?limit=20',
  'tag of half of them': 'prompts?tag=common',
  'tag of one in 500': 'prompts?tag=rare',
  'two tags, never together': 'prompts?tag=other&tag=rare',
  'word of half of them': 'prompts?q="often"',
  'word of 20 of them': 'prompts?q="seldom"',
  'both words': 'prompts?q=seldom%20"often"',
  'two words of 1 %, never together': 'prompts?q=apart%20"elsewhere"',
  'beginning of a word': 'prompts?q=seld',
  'beginning of most words': 'prompts?q=w',
  'two Chinese letters': `prompts?q=${encodeURIComponent('作用')}`,
  'a word that is not there': 'prompts?q="absent"',
};

const EXPLAINED: Record<string, string> = {
  'the places of a draw': `SELECT * FROM prompts WHERE scope_id = 0 AND position IN (7, 77, 777, 7, 78, 79, 80, 90)`,
  'newest of a term': `SELECT prompt_id FROM prompt_terms WHERE scope_id = 0 AND term = 'often' AND prompt_id < 900000 ORDER BY prompt_id DESC LIMIT 64`,
  'those among some': `SELECT DISTINCT prompt_id FROM prompt_terms WHERE scope_id = 0 AND term IN ('often') AND prompt_id IN (7, 8, 9, 10)`,
  newest: `SELECT * FROM prompts WHERE owner_id IS NULL ORDER BY id DESC LIMIT 21`,
};

const dir = temporaryFolder('prompts');
// The database server reads what is loaded from there.
chmodSync(dir, 0o755);
mkdirSync(join(dir, 'mariadb'));
const server = options.sqlite ? undefined : await startMariaDb({ dir: join(dir, 'mariadb') });
// The server of the tests has 64 MiB: less than the index of a million prompts by far.
if (server) await query(server.url(), `SET GLOBAL innodb_buffer_pool_size = ${1024 ** 3}`);
const { termsOf } = (await import('../../dist/src/prompts/prompt-terms.js' as string)) as {
  termsOf: TermsOf;
};

async function library(count: number) {
  const url = server
    ? await server.createDatabase(`prompts_${count}`)
    : `sqlite:${join(dir, `prompts_${count}.sqlite`)}`;
  const JWT_SECRET = randomBytes(32).toString('hex');
  const api = await startApi({ env: { DATABASE_URL: url, RATE_LIMIT_SCALE: '0', JWT_SECRET } });
  const from = performance.now();
  await fill(url, dir, count, termsOf);
  console.log(`${count} prompts filled in within ${Math.round((performance.now() - from) / 1_000)} s`);
  return { url, api, client: await new ApiClient(api.url).register(), times: new Map<string, number[]>() };
}

const small = await library(SMALL);
const large = await library(rows);
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, path] of Object.entries(REQUESTS)) {
    for (const one of round % 2 === 0 ? [small, large] : [large, small]) {
      const from = performance.now();
      await one.client.get(path, { expect: 200 });
      // The first round is not counted: it prepares statements.
      if (round > 0) one.times.set(name, [...(one.times.get(name) ?? []), performance.now() - from]);
    }
  }
}

const verdict = new Verdict();
const p50 = (times: Map<string, number[]>, name: string): number => percentile(times.get(name)!, 0.5);
const lines = Object.keys(REQUESTS).map((name) => {
  const [few, many] = [p50(small.times, name), p50(large.times, name)];
  return [name, few.toFixed(2), many.toFixed(2), (many / few).toFixed(2)];
});
console.log(table([['milliseconds, p50', String(SMALL), String(rows), 'ratio'], ...lines]));

for (const [name, sql] of Object.entries(EXPLAINED)) {
  const plan = await query(large.url, server ? `EXPLAIN ${sql}` : `EXPLAIN QUERY PLAN ${sql}`);
  const shown = plan.map((row) =>
    server ? `${row.type} ${row.key} rows=${row.rows} ${row.Extra}` : row.detail,
  );
  console.log(`${name}: ${shown.join('; ')}`);
}

const counts = Array.from({ length: BUCKETS }, () => 0);
for (let draw = 0; draw < draws; draw += 1) {
  const { body } = await large.client.get('prompts/random?count=50', { expect: 200 });
  for (const { id } of body.items) counts[Math.floor(((id - 1) * BUCKETS) / rows)]! += 1;
}
const expected = (draws * 50) / BUCKETS;
const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
console.log(`chi-squared of ${draws * 50} picks in ${BUCKETS} parts: ${chiSquared.toFixed(1)}`);

const before = residentMiB(large.api.pid);
const { bytes } = await large.client.get('prompts/export?scope=shared', { expect: 200 });
const grown = residentMiB(large.api.pid) - before;
console.log(`an export of ${Math.round(bytes.length / 2 ** 20)} MiB: ${grown.toFixed(0)} MiB more in memory`);

const random = p50(large.times, 'random, 8') / p50(small.times, 'random, 8');
verdict.check(`a draw takes at most 1.3 times as long (${random.toFixed(2)})`, random <= 1.3);
// 49 degrees of freedom: 85.4 is passed by chance once in a thousand.
verdict.check(`every prompt is drawn equally often (${chiSquared.toFixed(1)})`, chiSquared < 85.4);
await Promise.all([small.api.stop(), large.api.stop()]);
await server?.stop();
removeFolder(dir);
verdict.exit();
