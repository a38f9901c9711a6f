import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectDone, type Imported, keysOf, runImport } from '../support/import.ts';
import { chatsOf, comeBack, linesOf } from '../support/import-talk.ts';
import { NOTEBOOK_TABLES, type OldDatabase } from '../support/old-database.ts';
import { oldDatabase, stopOldServer } from '../support/old-server.ts';
import { useApi } from '../support/suite.ts';

const said = (id: number, chat_id: string, chat_type: number | null, chat_content: string) => ({
  ...{ id, chat_id, chat_type, chat_content, create_time: `2024-10-01 08:00:${String(id).padStart(2, '0')}` },
});

const chat = (chat_id: string, username_id: string, chat_title: string) => ({
  ...{ chat_id, username_id, chat_title, create_time: '2024-10-01 08:00:00' },
});

describe('an import of the notebook', { timeout: 120_000 }, () => {
  const ctx = useApi();
  let old: OldDatabase;
  let done: Imported;

  beforeAll(async () => {
    old = await oldDatabase('notebook_of_import');
    // As old servers have it: latin1, but for the columns that somebody has changed.
    await old.run(
      ...NOTEBOOK_TABLES,
      'ALTER TABLE myapp_account CONVERT TO CHARACTER SET latin1 COLLATE latin1_swedish_ci',
    );
    await old.insert('myapp_account', [
      { username: 'jiuhua', password: '123456' },
      { username: 'Zoë', password: 'pa$$word$1' },
      { username: 'empty', password: '' },
    ]);
    await old.insert('myapp_chat', [
      chat('1', 'jiuhua', '请根据以下历史聊天字'),
      chat('2', 'JIUHUA', '请根据以下历史聊天字'),
      chat('x-3', 'Zoë', ''),
      chat('4', 'nobody', 'of nobody'),
    ]);
    await old.insert('myapp_message', [
      said(1, '1', 0, 'sdasdasdadadasdfas'),
      said(2, '1', 0, '二'),
      said(3, '1', 1, '🚗 三'),
      said(4, 'x-3', 1, "C'est l'été"),
      said(5, '9', 1, 'of no chat'),
      said(6, 'x-3', null, 'of no type'),
    ]);
    await old.insert('myapp_prompt_fuction', [
      { id: 1, prompt_title: 'python数据处理', prompt_text: '我有五个excel表' },
      { id: 2, prompt_title: 'python数据处理', prompt_text: '我有五个excel表' },
      { id: 3, prompt_title: ' ', prompt_text: 'without a title' },
      { id: 4, prompt_title: 'second', prompt_text: "it's" },
    ]);
    done = await runImport(ctx.api.env, 'notebook', old.url);
  }, 90_000);

  afterAll(() => stopOldServer());

  it('says what it did', () => {
    expectDone(done);
    expect(done.report!.kinds).toEqual({
      users: { read: 3, imported: 3, known: 0, skipped: 0, failed: 0 },
      chats: { read: 4, imported: 3, known: 0, skipped: 1, failed: 0 },
      messages: { read: 6, imported: 5, known: 0, skipped: 1, failed: 0 },
      prompts: { read: 4, imported: 2, known: 0, skipped: 2, failed: 0 },
    });
    expect(keysOf(done, 'users', 'password_missing')).toEqual(['empty']);
    expect(keysOf(done, 'chats', 'owner_missing')).toEqual(['4']);
    expect(keysOf(done, 'messages', 'chat_missing')).toEqual(['5']);
    expect(keysOf(done, 'prompts', 'prompt_known')).toEqual(['2']);
    expect(keysOf(done, 'prompts', 'empty')).toEqual(['3']);
  });

  it('hashes the passwords that stood there as they are, and tells nobody', async () => {
    const rows = await ctx.query('SELECT username, password_hash FROM users ORDER BY username');
    expect(rows.map(({ username, password_hash }) => [username, password_hash.slice(0, 10)])).toEqual([
      ['Zoë', '$argon2id$'],
      ['empty', '!'],
      ['jiuhua', '$argon2id$'],
    ]);
    expect(done.output).not.toMatch(/123456|word\$1/);
    await comeBack(ctx, 'jiuhua', '123456');
    await comeBack(ctx, 'zoë', 'pa$$word$1');
    const nobody = { token: null };
    expect((await ctx.client.post('auth/login', { username: 'empty', password: '!' }, nobody)).status).toBe(
      401,
    );
  });

  it('has chats by the ids that clients gave them, whoever’s name was written how', async () => {
    const jiuhua = await comeBack(ctx, 'jiuhua', '123456');
    const chats = await chatsOf(jiuhua);
    expect(chats.map(({ externalId, title }) => [externalId, title])).toEqual([
      ['1', '请根据以下历史聊天字'],
      ['2', '请根据以下历史聊天字'],
    ]);
    expect(await linesOf(jiuhua, chats[0]!.id)).toEqual([
      ['assistant', 'sdasdasdadadasdfas'],
      ['assistant', '二'],
      ['user', '🚗 三'],
    ]);
    expect(await linesOf(jiuhua, chats[1]!.id)).toEqual([]);
  });

  it('names a chat without a title by what is said first', async () => {
    const zoe = await comeBack(ctx, 'Zoë', 'pa$$word$1');
    const chats = await chatsOf(zoe);
    expect(chats.map(({ externalId, title }) => [externalId, title])).toEqual([['x-3', "C'est l'été"]]);
  });

  it('has the library of prompts for everybody', async () => {
    const zoe = await comeBack(ctx, 'Zoë', 'pa$$word$1');
    const { items } = (await zoe.get('prompts?scope=shared', { expect: 200 })).body;
    expect(items.map(({ title, text }: { title: string; text: string }) => [title, text]).toSorted()).toEqual(
      [
        ['python数据处理', '我有五个excel表'],
        ['second', "it's"],
      ],
    );
    const random = (await zoe.get('prompts/random', { expect: 200 })).body;
    expect(random.items).toHaveLength(2);
    expect((await zoe.get('prompts?q=excel', { expect: 200 })).body.items).toHaveLength(1);
  });

  it('brings only what is new when it is run again', async () => {
    await old.insert('myapp_account', [{ username: 'late', password: 'too late' }]);
    await old.insert('myapp_chat', [chat('10', 'late', 'late')]);
    await old.insert('myapp_message', [
      said(7, '1', 1, 'more'),
      said(8, '10', 1, 'late'),
      said(9, '9', 1, 'still'),
    ]);
    await old.insert('myapp_prompt_fuction', [{ id: 5, prompt_title: 'third', prompt_text: 'more' }]);
    const again = await runImport(ctx.api.env, 'notebook', old.url);
    expectDone(again);
    expect(again.report!.kinds).toEqual({
      users: { read: 4, imported: 1, known: 3, skipped: 0, failed: 0 },
      chats: { read: 5, imported: 1, known: 3, skipped: 1, failed: 0 },
      messages: { read: 9, imported: 2, known: 5, skipped: 2, failed: 0 },
      prompts: { read: 5, imported: 1, known: 2, skipped: 2, failed: 0 },
    });
    const jiuhua = await comeBack(ctx, 'jiuhua', '123456');
    const first = (await chatsOf(jiuhua)).find(({ externalId }) => externalId === '1')!;
    expect((await linesOf(jiuhua, first.id)).map(([, content]) => content)).toEqual([
      ...['sdasdasdadadasdfas', '二', '🚗 三', 'more'],
    ]);
  });

  it('does not bring back what was deleted here', async () => {
    const late = await comeBack(ctx, 'late', 'too late');
    await late.delete('users/me', { password: 'too late' }, { expect: 204 });
    const jiuhua = await comeBack(ctx, 'jiuhua', '123456');
    const first = (await chatsOf(jiuhua)).find(({ externalId }) => externalId === '1')!;
    await jiuhua.delete(`conversations/${first.id}`, undefined, { expect: 204 });
    await old.insert('myapp_message', [said(10, '1', 1, 'to a chat that is gone')]);
    const again = await runImport(ctx.api.env, 'notebook', old.url);
    expectDone(again);
    expect(keysOf(again, 'users', 'account_deleted')).toEqual(['late']);
    expect(keysOf(again, 'chats', 'owner_missing')).toEqual(['10', '4']);
    expect(keysOf(again, 'messages', 'chat_deleted')).toEqual(['10']);
    expect(again.report!.kinds['messages']).toMatchObject({ imported: 0, known: 6 });
    expect((await chatsOf(jiuhua)).map(({ externalId }) => externalId)).toEqual(['2']);
  });
});
