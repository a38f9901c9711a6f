/**
 * A large account: how long an export of it takes and how much memory, and how long its deletion keeps others waiting.
 *
 *     node test/bench/privacy.ts [--messages 100000] [--megabytes 200] [--mariadb]
 *
 * One API process; with MariaDB no Redis, so that the same process makes the export. While the account is deleted
 * another user reads his list of conversations, and writes a topic, again and again; his slowest answers are told.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { ApiClient, PASSWORD } from '../support/client.ts';
import { askForExport, exportEnded } from '../support/exports.ts';
import { createDatabase, startMariaDb } from '../support/mariadb.ts';
import { query } from '../support/query.ts';
import { eventually } from '../support/talk.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    megabytes: { type: 'string', default: '200' },
    mariadb: { type: 'boolean', default: false },
  },
});
const messages = Number(values.messages);
const megabytes = Number(values.megabytes);
const PER_CONVERSATION = 100;
/** What a message is found by. */
const TERMS = 20;
const MEBIBYTE = 1024 * 1024;
const AT = '2026-11-21 08:30:00.000';
const TEXT = 'What would you say when somebody asks you for the way to the station? '.repeat(4);

const dir = temporaryFolder('bench');
const server = values.mariadb ? await startMariaDb() : undefined;
const databaseUrl = server
  ? await createDatabase(server.url(), 'privacy')
  : `sqlite:${join(dir, 'p.sqlite')}`;
const api = await startApi({
  dir,
  env: { DATABASE_URL: databaseUrl, JWT_SECRET: randomBytes(32).toString('hex') },
});
const visitor = new ApiClient(api.url);
const [client, other] = [await visitor.register(), await visitor.register()];
await fill(client.account.id);

const verdict = new Verdict();
const peak = (field: string): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${api.pid}/status`, 'utf8'))![1]) / 1024;

// What a first export takes is not the large account's.
await exportEnded(other, await askForExport(other));
const before = peak('VmHWM');
let from = performance.now();
const made = await exportEnded(client, await askForExport(client), 1_200_000);
const seconds = (performance.now() - from) / 1_000;
const grown = peak('VmHWM') - before;
console.log(
  `export: ${seconds.toFixed(1)} s, ${(made.size / MEBIBYTE).toFixed(0)} MiB; peak memory ${before.toFixed(0)} MiB before, ` +
    `${grown.toFixed(0)} MiB more`,
);
verdict.check('the export is done', made.status === 'done');
verdict.check('memory does not grow with the account: less than 250 MiB more', grown < 250);

const waits: number[] = [];
let done = false;
const watch = (async () => {
  for (let n = 0; !done; n += 1) {
    const begun = performance.now();
    await other.get('conversations', { expect: 200 });
    await other.post('topics', { theme: `Theme ${n}` }, { expect: 201 });
    waits.push(performance.now() - begun);
  }
})();
from = performance.now();
await client.delete('users/me', { password: PASSWORD }, { expect: 204 });
const answered = (performance.now() - from) / 1_000;
const left = async () => Number((await query(databaseUrl, 'SELECT COUNT(*) AS n FROM messages'))[0].n);
// A large account goes on going behind the answer.
await eventually(async () => (await left()) === 0, 300_000);
const deletion = (performance.now() - from) / 1_000;
done = true;
await watch;
console.log(
  `deletion: answered after ${answered.toFixed(1)} s, done after ${deletion.toFixed(1)} s; meanwhile another user's read and write took at most ` +
    `${(Math.max(...waits) / 1_000).toFixed(2)} s (${waits.length} of them)`,
);
verdict.check('nothing is left of it', (await left()) === 0);
await api.stop();
await server?.stop();
verdict.exit();

async function fill(ownerId: number): Promise<void> {
  const conversations = Math.ceil(messages / PER_CONVERSATION);
  const numbers = (count: number) =>
    values.mariadb
      ? `(SELECT seq AS i FROM seq_1_to_${count})`
      : `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i FROM n)`;
  await query(
    databaseUrl,
    `INSERT INTO conversations (owner_id, title, title_source, summary_until, last_seq, active_seq, last_message_at,
       created_at, updated_at, is_indexed)
     SELECT ${ownerId}, 'Bench', 'user', 0, ${PER_CONVERSATION}, ${PER_CONVERSATION}, '${AT}', '${AT}', '${AT}', 1
     FROM ${numbers(conversations)} AS c`,
  );
  const [{ first }] = await query(databaseUrl, 'SELECT MIN(id) AS first FROM conversations');
  await query(
    databaseUrl,
    `INSERT INTO messages (conversation_id, owner_id, seq, role, content, status, usage_estimated, created_at)
     SELECT ${first} + c.i - 1, ${ownerId}, m.i, CASE m.i % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, '${TEXT}',
       'completed', 0, '${AT}'
     FROM ${numbers(conversations)} AS c, ${numbers(PER_CONVERSATION)} AS m`,
  );
  await query(
    databaseUrl,
    `INSERT INTO search_terms (conversation_id, term, seq)
     SELECT ${first} + c.i - 1, ${values.mariadb ? "CONCAT('term', t.i)" : "'term' || t.i"}, m.i
     FROM ${numbers(conversations)} AS c, ${numbers(PER_CONVERSATION)} AS m, ${numbers(TERMS)} AS t`,
  );
  const bytes = randomBytes(10 * MEBIBYTE);
  for (let n = 0; n < megabytes / 10; n += 1) {
    const key = randomBytes(16).toString('hex');
    const path = join(dir, 'files', key.slice(0, 2), key.slice(2, 4), key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    await query(
      databaseUrl,
      `INSERT INTO stored_files (owner_id, kind, name, media_type, size, sha256, storage_key, created_at)
       VALUES (?, 'recording', 'hello.wav', 'audio/wav', ?, ?, ?, ?)`,
      [ownerId, bytes.length, '0'.repeat(64), key, AT],
    );
  }
}
