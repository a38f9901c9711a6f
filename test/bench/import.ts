/**
 * How long 100,000 messages of an older backend take to be brought over, and how much memory; by a run that is killed in
 * the middle (SIGKILL) and another one that goes on.
 *
 *     node test/bench/import.ts [--messages 100000] [--users 500] [--mariadb]
 *
 * The old database is the companion bots'. Writes into SQLite, or with `--mariadb` into a database on the same server as
 * the old one. Judges that nothing is doubled and nothing lost; times and memory are told.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Child, temporaryFolder } from '../support/child.ts';
import { createDatabase, startMariaDb } from '../support/mariadb.ts';
import { COMPANION_TABLES, OldDatabase } from '../support/old-database.ts';
import { query } from '../support/query.ts';
import { table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    users: { type: 'string', default: '500' },
    mariadb: { type: 'boolean', default: false },
  },
});
const messages = Number(values.messages);
const users = Number(values.users);
const BOTS_PER_USER = 2;
const TEXT = 'What would you say when somebody asks you for the way to the station? 你好，车站怎么走？ ';

const ENTRY = resolve(import.meta.dirname, '../../dist/src/main.import.js');
const dir = temporaryFolder('bench');
const server = await startMariaDb();
const old = new OldDatabase(await server.createDatabase('old'));
const databaseUrl = values.mariadb
  ? (await createDatabase(server.url(), 'parley')).replace('mysql:', 'mariadb:')
  : `sqlite:${join(dir, 'bench.sqlite')}`;
const env = {
  PATH: process.env.PATH,
  DATA_DIR: dir,
  DATABASE_URL: databaseUrl,
  JWT_SECRET: 'x'.repeat(40),
  NODE_ENV: 'test',
};

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

async function fill(): Promise<void> {
  await old.run('ALTER DATABASE old CHARACTER SET utf8mb4', ...COMPANION_TABLES);
  const account = { password: '!', email: '', date_joined: '2024-01-01' };
  await old.insert(
    'auth_user',
    numbers(users).map((id) => ({ ...account, id, username: `user-${id}` })),
  );
  const bots = numbers(users * BOTS_PER_USER);
  await old.insert(
    'bots_chatbot',
    bots.map((id) => ({ id, user_id: (id % users) + 1, chatbot_name: `bot ${id}`, chatbot_type: 0 })),
  );
  await old.insert(
    'chat_chat',
    numbers(messages).map((id) => {
      const bot = (id % bots.length) + 1;
      const content = `${id}: ${TEXT.repeat((id % 5) + 1)}`;
      return {
        id,
        user_id: (bot % users) + 1,
        chatbot_id: bot,
        content,
        by_user: id % 2,
        timestamp: '2024-01-01',
      };
    }),
  );
}

interface Ran {
  seconds: number;
  peakMiB: number;
  code: number | null;
}

/** Highest resident memory so far, in MiB; undefined where the process has ended. */
function peakOf(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

async function count(name: string): Promise<number> {
  const url = databaseUrl.replace('mariadb:', 'mysql:');
  return Number((await query(url, `SELECT COUNT(*) AS n FROM ${name}`))[0].n);
}

/** @param killAt so many messages; never where it is absent */
async function run(killAt?: number): Promise<Ran> {
  const from = performance.now();
  const child = new Child(process.execPath, [ENTRY, 'companion', old.url], { cwd: dir, env });
  let peakMiB = 0;
  while (!child.exit) {
    peakMiB = Math.max(peakMiB, peakOf(child.pid) ?? 0);
    const there = killAt === undefined ? 0 : await count('messages').catch(() => 0);
    if (killAt !== undefined && there >= killAt) await child.kill();
    await new Promise((done) => setTimeout(done, 100));
  }
  if (child.exit.code !== 0 && killAt === undefined) process.stderr.write(child.output());
  return { seconds: (performance.now() - from) / 1_000, peakMiB, code: child.exit.code };
}

await fill();
const runs: [string, Ran][] = [
  ['killed in the middle', await run(messages / 2)],
  ['and gone on with', await run()],
  ['once more, nothing new', await run()],
];
const url = databaseUrl.replace('mariadb:', 'mysql:');
const [distinct] = await query(url, 'SELECT COUNT(DISTINCT content) AS n FROM messages');
const [tied] = await query(url, 'SELECT COUNT(*) AS n FROM messages WHERE reply_to IS NULL');
const found = {
  users: await count('users'),
  chatbots: await count('chatbots'),
  conversations: await count('conversations'),
  messages: await count('messages'),
  distinct: Number(distinct.n),
  beginnings: Number(tied.n),
};
await server.stop();

process.stdout.write(`${values.mariadb ? 'MariaDB' : 'SQLite'}, ${messages} messages of ${users} users\n`);
process.stdout.write(
  `${table([
    ['run', 'seconds', 'peak MiB', 'exit code'],
    ...runs.map(([name, { seconds, peakMiB, code }]) => [
      ...[name, seconds.toFixed(1), peakMiB.toFixed(0), String(code ?? 'killed')],
    ]),
  ])}\n${JSON.stringify(found)}\n`,
);
const verdict = new Verdict();
const bots = users * BOTS_PER_USER;
const whole = { users, chatbots: bots, conversations: bots, messages, distinct: messages, beginnings: bots };
verdict.check('nothing is doubled, nothing is lost', JSON.stringify(found) === JSON.stringify(whole));
verdict.check('the second run ended with 0', runs[1]![1].code === 0);
verdict.exit();
