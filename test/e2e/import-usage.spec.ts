import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/child.ts';
import { expectDone, keysOf, runImport, startImport } from '../support/import.ts';
import { comeBack, djangoHash } from '../support/import-talk.ts';
import { AUTH_USER, type OldDatabase, TUTOR_TABLES } from '../support/old-database.ts';
import { oldDatabase, stopOldServer } from '../support/old-server.ts';
import { useApi } from '../support/suite.ts';
import { dumpTables } from '../support/tables.ts';

const TOPICS_TABLE = 'CREATE TABLE TABLE_NAME (id int PRIMARY KEY, user_id int, theme varchar(30))';

const account = (id: number, username: string) => ({
  ...{ id, username, password: djangoHash(`secret of ${id}`), date_joined: '2023-09-01' },
});

describe('the command that imports', { timeout: 120_000 }, () => {
  const ctx = useApi({ upstream: false });
  let old: OldDatabase;

  const run = (...args: string[]) => runImport(ctx.api.env, ...args);

  beforeAll(async () => {
    old = await oldDatabase('usage_of_import');
    await old.run(...TUTOR_TABLES);
    await old.insert('auth_user', [account(1, 'anna'), account(2, 'ANNA-x'), account(3, 'cleo')]);
    await old.insert('topics', [
      { id: 1, user_id: 1, theme: 'of anna' },
      { id: 2, user_id: 3, theme: 'of cleo' },
    ]);
    await old.insert('conversations', [
      { id: 1, topic_id: 1, prompt: 'a', response: 'b', created_time: '2024-01-01' },
      { id: 2, topic_id: 2, prompt: 'c', response: 'd', created_time: '2024-01-01' },
    ]);
  }, 90_000);

  afterAll(() => stopOldServer());

  it('ends with 2 and says how it is used where it is not given what it needs', async () => {
    const { url } = old;
    const wrong: [args: string[], says: string][] = [
      [[], 'usage: npm run import'],
      [['tutor'], 'usage: npm run import'],
      [['tutors', url], 'usage: npm run import'],
      [['tutor', url, 'more'], 'usage: npm run import'],
      [['widget', url], 'widget keeps nothing'],
      [['widget'], 'widget keeps nothing'],
      [['tutor', 'postgres://h/d'], 'must be like mysql://'],
      [['tutor', 'mysql://user:hidden@host'], 'must be like mysql://'],
      [['tutor', url, '--same-name=guess'], '--same-name: must be one of rename, merge, skip'],
      [['tutor', url, '--table', 'topics'], '--table: must be like'],
      [['tutor', url, '--table', 'things=topics'], '--table: must be one of'],
      [['tutor', url, '--time-zone=Mars/Base'], 'is no time zone'],
      [['tutor', url, '--unknown'], '--unknown'],
    ];
    for (const [args, says] of wrong) {
      const child = startImport(ctx.api.env, ...args);
      expect([args, (await child.exited).code]).toEqual([args, 2]);
      expect(child.output()).toContain(says);
      expect(child.output()).not.toContain('hidden');
    }
    const help = startImport(ctx.api.env, '--help');
    expect([(await help.exited).code, help.output()]).toEqual([0, expect.stringContaining('--dry-run')]);
  });

  it('ends with 1 and one line where the old database cannot be reached', async () => {
    const port = await freePort();
    const child = startImport(ctx.api.env, 'tutor', `mysql://user:hidden@127.0.0.1:${port}/old`);
    expect((await child.exited).code).toBe(1);
    expect(child.output()).toMatch(/^Parley cannot start: .*ECONNREFUSED.*\n$/);
    expect(child.output()).not.toContain('hidden');
  });

  it('tells in a dry run what would come, and writes nothing', async () => {
    const before = await dumpTables(ctx);
    const dry = await run('tutor', old.url, '--dry-run');
    expectDone(dry);
    expect(dry.report).toMatchObject({ dryRun: true, isComplete: true });
    expect(await dumpTables(ctx)).toEqual(before);
    const real = await run('tutor', old.url);
    expect(real.report!.kinds).toEqual(dry.report!.kinds);
    expect(real.report!.notes).toEqual(dry.report!.notes);
    expect(real.report!.kinds['messages']).toMatchObject({ read: 2, imported: 2 });
    const then = await run('tutor', old.url, '--dry-run');
    expect(then.report!.kinds['messages']).toMatchObject({ imported: 0, known: 2 });
  });

  it('gives nobody’s name, and nothing of his, to somebody else', async () => {
    const again = await run('tutor', old.url, '--source=renamed');
    expect(keysOf(again, 'users', 'username_taken')).toEqual([
      '1 → anna-tutor',
      '2 → ANNA-x-tutor',
      '3 → cleo-tutor',
    ]);
    const third = await run('tutor', old.url, '--source=renamed-again');
    expect(keysOf(third, 'users', 'username_taken')[0]).toBe('1 → anna-tutor-2');
    const anna = await comeBack(ctx, 'anna', 'secret of 1');
    expect((await anna.get('topics')).body.items).toHaveLength(1);
    const other = await comeBack(ctx, 'anna-tutor-2', 'secret of 1');
    expect((await other.get('topics')).body.items).toHaveLength(1);
  });

  it('leaves people out whose names are taken, where that is asked for, with all that they have', async () => {
    const again = await run('tutor', old.url, '--source=skipped', '--same-name=skip');
    expect(again.code).toBe(0);
    expect(keysOf(again, 'users', 'same_name')).toEqual(['1', '2', '3']);
    expect(keysOf(again, 'topics', 'owner_missing')).toEqual(['1', '2']);
    expect(keysOf(again, 'messages', 'topic_missing')).toEqual(['1', '2']);
  });

  it('gives what they have to accounts of the same name, where the operator says that they are the same', async () => {
    const again = await run('tutor', old.url, '--source=merged', '--same-name=merge');
    expect(keysOf(again, 'users', 'account_merged')).toEqual(['1 → anna', '2 → ANNA-x', '3 → cleo']);
    const anna = await comeBack(ctx, 'anna', 'secret of 1');
    expect((await anna.get('topics')).body.items).toHaveLength(2);
    expect((await anna.get('conversations')).body.items).toHaveLength(2);
  });

  it('never takes two people of one backend for one, whatever is said of names', async () => {
    const two = await oldDatabase('two_of_import');
    await two.run(
      AUTH_USER,
      'ALTER TABLE auth_user MODIFY username varchar(150) COLLATE utf8mb4_bin NOT NULL',
    );
    await two.insert('auth_user', [account(1, 'Dora'), account(2, 'dora'), account(3, 'DORA')]);
    const merged = await run('tutor', two.url, '--same-name=merge');
    expect(keysOf(merged, 'users', 'username_taken')).toEqual(['2 → dora-tutor', '3 → DORA-tutor-2']);
    await comeBack(ctx, 'dora', 'secret of 1');
    await comeBack(ctx, 'dora-tutor', 'secret of 2');
  });

  it('reads the address of the old database from its input, so that it stands in no list of processes', async () => {
    const child = startImport(ctx.api.env, 'tutor', '-', '--dry-run');
    child.write(`${old.url}\n`);
    expect([(await child.exited).code, child.output()]).toEqual([0, expect.stringContaining('dry run')]);
  });

  it('says which tables it has not found, brings the rest, and ends with 1', async () => {
    const part = await oldDatabase('part_of_import');
    await part.run(
      AUTH_USER,
      ...['my_topic', 'your_topic'].map((name) => TOPICS_TABLE.replace('TABLE_NAME', name)),
    );
    await part.insert('auth_user', [account(1, 'only')]);
    await part.insert('your_topic', [{ id: 1, user_id: 1, theme: 'mine' }]);
    const first = await run('tutor', part.url);
    expect(first.code).toBe(1);
    expect(first.report).toMatchObject({
      ...{ isComplete: false, ended: null, kinds: { users: { imported: 1 } } },
      missing: [
        { kind: 'topics', reason: 'table_ambiguous', names: ['my_topic', 'your_topic'] },
        { kind: 'messages', reason: 'table_missing', names: ['conversations', 'conversation'] },
      ],
    });
    expect(first.output).toContain('several tables fit my_topic, your_topic; name it with --table topics=');
    const second = await run('tutor', part.url, '--table', 'topics=your_topic');
    expect(second.report!.kinds).toMatchObject({ users: { known: 1 }, topics: { imported: 1 } });
    const wrong = await run('tutor', part.url, '--table', 'topics=auth_user');
    expect(wrong.report!.missing[0]).toEqual({
      kind: 'topics',
      reason: 'table_missing',
      names: ['auth_user'],
    });
  });
});
