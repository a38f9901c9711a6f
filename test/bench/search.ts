/**
 * What a search costs where there is a hundred times as much of other people's: 1,000,000 messages of 1,000 users
 * against 10,000 messages of 10, of which each has as many; and for one user with 100,000.
 *
 *     node test/bench/search.ts [--database mariadb] [--users 1000] [--few 10] [--single 100000] [--rounds 20]
 *
 * Both installations run at the same time and are asked in turn, by users who have as much in either. Texts are the same in each run.
 * Prints milliseconds and ratios, sizes, how fast the index is made, and the plans of the statements. Nothing here
 * fails on a slow machine.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { ApiClient, PASSWORD } from '../support/client.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { percentile, table } from './report.ts';
import { plans } from './search.plans.ts';
import { type BulkStore, openStore } from './search.store.ts';
import { Chance, message, QUERIES } from './search.texts.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'sqlite' },
    users: { type: 'string', default: '1000' },
    few: { type: 'string', default: '10' },
    single: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '20' },
    dir: { type: 'string', default: temporaryFolder('search') },
  },
});

const MESSAGES_PER_USER = 1_000;
const MESSAGES_PER_CONVERSATION = 20;
/** Users who search, in either installation. */
const ASKING = 5;
/** Messages that the API itself indexes, as behind an upgrade. */
const BACKLOG = 2_000;
const START = Date.parse('2026-01-01T00:00:00Z');

const { termsOf } = (await import('../../dist/libs/text-terms/terms.js' as string)) as {
  termsOf: (text: string) => { text: string }[];
};

/** A database with the API over it, and what was put into it. */
class Installation {
  readonly askers: ApiClient[] = [];
  single: ApiClient | undefined;
  private readonly counts = { messages: 0, terms: 0, termMs: 0 };
  private nextConversation = 1;
  readonly name: string;
  readonly api: ApiProcess;
  readonly store: BulkStore;
  private readonly url: string;

  private constructor(name: string, api: ApiProcess, store: BulkStore, url: string) {
    this.name = name;
    this.api = api;
    this.store = store;
    this.url = url;
  }

  static async open(name: string, server: MariaDb | undefined): Promise<Installation> {
    const dir = join(values.dir, name);
    mkdirSync(dir, { recursive: true });
    const url = server ? await server.createDatabase(name) : `sqlite:${join(dir, 'bench.sqlite')}`;
    const api = await startApi({ dir, env: { DATABASE_URL: url, JWT_SECRET: 'x'.repeat(64) } });
    return new Installation(name, api, await openStore(url), url);
  }

  /** Users with as many messages each; the last of them are those who ask. */
  async fill(users: number): Promise<void> {
    const nobody = new ApiClient(this.api.url);
    for (let n = 0; n < ASKING; n += 1) this.askers.push(await nobody.register());
    for (let n = ASKING; n < users; n += 1) {
      const id = 1_000_000 + n;
      await this.user(id);
      await this.talk(id, MESSAGES_PER_USER, n);
      if (n % 20 === 0) await this.store.commit();
      if (n % 100 === 0) process.stderr.write(`${this.name}: ${n} users\n`);
    }
    for (const [n, asker] of this.askers.entries()) await this.talk(asker.account.id, MESSAGES_PER_USER, n);
    await this.store.commit();
  }

  async fillSingle(messages: number): Promise<void> {
    this.single = await new ApiClient(this.api.url).register();
    await this.talk(this.single.account.id, messages, 7);
    await this.store.commit();
  }

  /** Filling takes longer than an access token lasts. */
  async askersAgain(): Promise<void> {
    const again = async ({ account: { id, username } }: ApiClient) => {
      const login = { username, password: PASSWORD };
      const { body } = await new ApiClient(this.api.url).post('auth/login', login, { expect: 200 });
      return Object.assign(new ApiClient(this.api.url, { token: body.accessToken }), { account: { id } });
    };
    for (const [n, asker] of this.askers.entries()) this.askers[n] = await again(asker);
    if (this.single) this.single = await again(this.single);
  }

  /** Seconds in which the API indexes what it finds not indexed. */
  async backlog(): Promise<number> {
    const client = await new ApiClient(this.api.url).register();
    await this.talk(client.account.id, BACKLOG, 11, false);
    const from = performance.now();
    await this.store.commit();
    for (;;) {
      const [row] = await this.store.query<{ n: number }>(
        'SELECT COUNT(*) AS n FROM conversations WHERE is_indexed = 0',
      );
      await this.store.commit();
      if (Number(row!.n) === 0) return (performance.now() - from) / 1_000;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async report(): Promise<string> {
    const { messages, terms, termMs } = this.counts;
    const size = await this.size();
    return (
      `${this.name}: ${messages} messages, ${(terms / messages).toFixed(1)} terms each; ` +
      `rows of terms written in ${(termMs / 1_000).toFixed(0)} s (${((terms / termMs) * 1_000).toFixed(0)} a second); ${size}`
    );
  }

  private async size(): Promise<string> {
    if (this.url.startsWith('sqlite:')) {
      const pages = await this.store
        .query<{ name: string; bytes: number }>(
          `SELECT name, SUM(pgsize) AS bytes FROM dbstat WHERE name IN ('messages', 'search_terms') GROUP BY name`,
        )
        .catch(() => []);
      const parts = pages.map(({ name, bytes }) => `${name} ${(Number(bytes) / 1024 ** 2).toFixed(0)} MiB`);
      const file = statSync(this.url.replace('sqlite:', '')).size / 1024 ** 2;
      return [`file ${file.toFixed(0)} MiB`, ...parts].join(', ');
    }
    await this.store.query('ANALYZE TABLE messages, search_terms');
    const rows = await this.store.query<{ name: string; bytes: number }>(
      `SELECT table_name AS name, data_length + index_length AS bytes FROM information_schema.tables
       WHERE table_schema = DATABASE() AND table_name IN ('messages', 'search_terms')`,
    );
    return rows.map(({ name, bytes }) => `${name} ${(Number(bytes) / 1024 ** 2).toFixed(0)} MiB`).join(', ');
  }

  private user(id: number): Promise<void> {
    const [name, now] = [`user${id}`, timeOf(0)];
    return this.store.insert(
      'users',
      ['id', 'username', 'username_key', 'password_hash', 'role', 'created_at', 'updated_at'],
      [[id, name, name, '-', 'user', now, now]],
    );
  }

  private async talk(ownerId: number, count: number, seed: number, isIndexed = true): Promise<void> {
    const chance = new Chance(seed);
    const conversations: unknown[][] = [];
    const messages: unknown[][] = [];
    const terms: unknown[][] = [];
    for (let at = 0; at < count / MESSAGES_PER_CONVERSATION; at += 1) {
      const id = this.nextConversation++;
      const time = timeOf(at);
      conversations.push([
        ...[id, ownerId, `Talk ${at}`, 'user', 0, MESSAGES_PER_CONVERSATION, MESSAGES_PER_CONVERSATION],
        ...[time, time, time, isIndexed ? MESSAGES_PER_CONVERSATION : 0, isIndexed ? 1 : 0],
      ]);
      for (let seq = 1; seq <= MESSAGES_PER_CONVERSATION; seq += 1) {
        const content = message(chance, at, seq % 2 === 0);
        const role = seq % 2 ? 'user' : 'assistant';
        messages.push([id, ownerId, seq, role, content, 'completed', 0, time, time]);
        if (isIndexed)
          for (const term of new Set(termsOf(content).map(({ text }) => text))) terms.push([id, term, seq]);
      }
    }
    await this.store.insert('conversations', CONVERSATION, conversations);
    await this.store.insert('messages', MESSAGE, messages);
    const from = performance.now();
    await this.store.insert('search_terms', ['conversation_id', 'term', 'seq'], terms);
    this.counts.termMs += performance.now() - from;
    this.counts.messages += messages.length;
    this.counts.terms += terms.length;
  }
}

const CONVERSATION = [
  ...['id', 'owner_id', 'title', 'title_source', 'summary_until', 'last_seq', 'active_seq'],
  ...['last_message_at', 'created_at', 'updated_at', 'indexed_seq', 'is_indexed'],
];
const MESSAGE = [
  ...['conversation_id', 'owner_id', 'seq', 'role', 'content', 'status', 'usage_estimated'],
  ...['created_at', 'finished_at'],
];

function timeOf(minute: number): string {
  return new Date(START + minute * 60_000).toISOString().replace('T', ' ').replace('Z', '');
}

async function ask(client: ApiClient, q: string): Promise<number> {
  const from = performance.now();
  await client.get(`conversations?q=${encodeURIComponent(q)}`, { expect: 200 });
  return performance.now() - from;
}

async function main(): Promise<void> {
  const server = values.database === 'mariadb' ? await startMariaDb() : undefined;
  const few = await Installation.open('few', server);
  const many = await Installation.open('many', server);
  try {
    await few.fill(Number(values.few));
    await many.fill(Number(values.users));
    if (Number(values.single) > 0) await many.fillSingle(Number(values.single));
    for (const one of [few, many]) await one.askersAgain();
    console.log(await few.report());
    console.log(await many.report());
    const rows = [];
    for (const [name, q] of Object.entries(QUERIES)) {
      const times: Record<string, number[]> = { few: [], many: [], single: [] };
      for (let round = 0; round < Number(values.rounds); round += 1) {
        for (let n = 0; n < ASKING; n += 1) {
          times['few']!.push(await ask(few.askers[n]!, q));
          times['many']!.push(await ask(many.askers[n]!, q));
        }
        if (many.single) times['single']!.push(await ask(many.single, q));
      }
      const [a, b, c] = ['few', 'many', 'single'].map((which) => percentile(times[which]!, 0.5));
      const p95 = percentile(times['single']!, 0.95);
      rows.push([name, ...[a, b, b! / a!, c, p95].map((value) => (value ?? NaN).toFixed(2))]);
    }
    const titles = ['query', 'few p50 ms', 'many p50 ms', 'ratio', 'single p50 ms', 'single p95 ms'];
    console.log(table([titles, ...rows]));
    console.log(await plans(many.store, many.askers[0]!.account.id));
    const seconds = await many.backlog();
    console.log(`${BACKLOG} messages indexed by the API in ${seconds.toFixed(1)} s`);
  } finally {
    await Promise.all([few.store.close(), many.store.close(), few.api.stop(), many.api.stop()]);
    await server?.stop();
  }
}

await main();
