import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.ts';
import { expectDone, runImport, startImport } from '../support/import.ts';
import { djangoHash } from '../support/import-talk.ts';
import { type OldDatabase, TUTOR_TABLES } from '../support/old-database.ts';
import { oldDatabase, stopOldServer } from '../support/old-server.ts';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';
import { verifyFiles } from '../support/verify.ts';

const USERS = 30;
const TOPICS = 90;
const TURNS = 6_000;
const WAV_HEAD = 'UklGRqQPAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YYAPAAA';

/** What the old tables have, so that each row says where it belongs. */
async function fill(old: OldDatabase): Promise<void> {
  await old.run(...TUTOR_TABLES);
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
  const password = djangoHash('secret');
  await old.insert(
    'auth_user',
    numbers(USERS).map((id) => ({ id, username: `user-${id}`, password, date_joined: '2024-01-01' })),
  );
  await old.insert(
    'topics',
    numbers(TOPICS).map((id) => ({ id, user_id: (id % USERS) + 1, theme: `topic ${id}` })),
  );
  await old.insert(
    'conversations',
    numbers(TURNS).map((id) => ({
      ...{ id, topic_id: (id % TOPICS) + 1, prompt: `question ${id}`, response: `answer ${id}` },
      ...{ created_time: '2024-01-01', prompt_audio: id % 50 === 0 ? Buffer.from(WAV_HEAD, 'base64') : null },
    })),
  );
}

describe('an import that is interrupted', { timeout: 240_000 }, () => {
  const ctx = useApi({ upstream: false });
  let old: OldDatabase;

  beforeAll(async () => {
    old = await oldDatabase('survival_of_import');
    await fill(old);
  }, 90_000);

  afterAll(() => stopOldServer());

  const count = async (table: string) => Number((await ctx.query(`SELECT COUNT(*) AS n FROM ${table}`))[0].n);

  /** Waits until so many messages are there, or the run has ended. */
  const until = (child: Child, messages: number) =>
    eventually(async () => child.exit !== undefined || (await count('messages')) >= messages, 60_000);

  const leased = async (name: string) =>
    (await ctx.query('SELECT id FROM import_sources WHERE name = ? AND lease_owner IS NOT NULL', [name]))
      .length > 0;

  const run = (source: string, ...args: string[]) =>
    runImport(ctx.api.env, 'tutor', old.url, `--source=${source}`, '--same-name=merge', ...args);

  /** That each topic has its turns, each once and in their order. */
  async function expectWhole(): Promise<void> {
    const [users] = await ctx.query(`SELECT COUNT(*) AS n FROM users WHERE username LIKE 'user-%'`);
    expect(Number(users.n)).toBe(USERS);
    expect([await count('topics'), await count('conversations')]).toEqual([TOPICS, TOPICS]);
    const rows = await ctx.query(
      `SELECT m.id, m.seq, m.content, m.reply_to, m.conversation_id AS chat, t.theme, c.last_seq, c.active_seq
       FROM messages m JOIN conversations c ON c.id = m.conversation_id JOIN topics t ON t.id = c.topic_id
       ORDER BY m.conversation_id, m.seq`,
    );
    expect(rows).toHaveLength(2 * TURNS);
    const contents = new Set(rows.map(({ content }) => content));
    expect(contents.size).toBe(2 * TURNS);
    for (const [at, row] of rows.entries()) {
      const before = rows[at - 1]?.chat === row.chat ? rows[at - 1] : undefined;
      const number = Number(row.content.split(' ')[1]);
      const place = Number(before?.seq ?? 0) + 1;
      const expected = [place, before ? Number(before.id) : null, `topic ${(number % TOPICS) + 1}`];
      expect([Number(row.seq), row.reply_to === null ? null : Number(row.reply_to), row.theme]).toEqual(
        expected,
      );
      if (before) expect(Number(before.content.split(' ')[1])).toBeLessThanOrEqual(number);
      const perChat = (2 * TURNS) / TOPICS;
      expect(Math.abs(Number(row.last_seq) - perChat)).toBeLessThanOrEqual(2);
      expect(Number(row.active_seq)).toBe(Number(row.last_seq));
    }
    expect(await count('stored_files')).toBe(TURNS / 50);
    expect(await count('message_files')).toBe(TURNS / 50);
  }

  it('goes on where it was killed, again and again, and neither doubles nor loses anything', async () => {
    let kills = 0;
    for (const messages of [1, 2_500, 5_000, 9_000]) {
      const child = startImport(ctx.api.env, 'tutor', old.url, '--source=killed');
      await until(child, messages);
      if (!child.exit) kills += 1;
      await child.kill();
      expect(await count('messages')).toBeLessThanOrEqual(2 * TURNS);
    }
    expect(kills).toBe(4);
    const last = await runImport(ctx.api.env, 'tutor', old.url, '--source=killed');
    expectDone(last);
    const { users, topics, messages } = last.report!.kinds;
    expect([users!.known, topics!.known, messages!.imported + messages!.known]).toEqual([
      USERS,
      TOPICS,
      TURNS,
    ]);
    await expectWhole();
    const again = await runImport(ctx.api.env, 'tutor', old.url, '--source=killed');
    expect(again.report!.kinds['messages']).toMatchObject({ imported: 0, known: TURNS });
    await expectWhole();
    // Sounds that a killed run had put into the storage, and nobody has kept, go within the hour.
    expect((await verifyFiles(ctx.api.env)).lines.at(-1)).toContain(
      ': 0 blobs missing or damaged; 0 blobs without',
    );
  });

  it('refuses a second one of the same database, and lets the first one end', async () => {
    const before = await count('messages');
    // However fast it is, it is not done before the second one comes.
    const release = await old.hold('conversations');
    const first = startImport(ctx.api.env, 'tutor', old.url, '--source=twice', '--same-name=merge');
    try {
      await eventually(async () => (await leased('twice')) || first.exit !== undefined, 60_000);
      const second = await run('twice');
      expect([second.code, second.output]).toEqual([1, expect.stringContaining('another import')]);
    } finally {
      await release();
    }
    expect((await first.exited).code).toBe(0);
    expect(await count('messages')).toBe(before + 2 * TURNS);
  });

  it('writes nothing any more when another one has taken over', async () => {
    const child = startImport(ctx.api.env, 'tutor', old.url, '--source=overtaken', '--same-name=merge');
    await until(child, (await count('messages')) + 1);
    await ctx.query(
      `UPDATE import_sources SET lease_owner = 'another', lease_expires_at = '2999-01-01 00:00:00.000'
       WHERE name = 'overtaken'`,
    );
    const then = await count('messages');
    expect((await child.exited).code).toBe(1);
    expect(child.output()).toContain('has taken over');
    // What was committed while it was looked.
    expect((await count('messages')) - then).toBeLessThanOrEqual(1_000);
  });

  it('says so when the old server goes, and goes on when it is back', async () => {
    const before = await count('messages');
    const child = startImport(ctx.api.env, 'tutor', old.url, '--source=away', '--same-name=merge');
    await until(child, before + 1);
    await old.killOthers();
    expect((await child.exited).code).toBe(1);
    expect(child.output()).toContain('ended before its end');
    const last = await run('away');
    expectDone(last);
    expect(await count('messages')).toBe(before + 2 * TURNS);
  });
});
