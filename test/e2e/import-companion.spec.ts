import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Imported, keysOf, runImport } from '../support/import.ts';
import { chatsOf, comeBack, djangoHash, linesOf, saidIn } from '../support/import-talk.ts';
import { COMPANION_TABLES } from '../support/old-database.ts';
import { oldDatabase, stopOldServer } from '../support/old-server.ts';
import { useApi } from '../support/suite.ts';
import { allIndexed } from '../support/tables.ts';

const LONG = 'A'.repeat(250);
const EMOJI = 'Grüße 👩‍👩‍👧‍👦 你好 𠮷';

const account = (id: number, username: string, more: Record<string, unknown> = {}) => ({
  ...{ id, username, password: djangoHash(`secret of ${id}`), email: `${id}@old.example` },
  ...{ is_active: 1, is_superuser: 0, is_staff: 0, date_joined: '2024-05-01 10:00:00' },
  ...more,
});

const bot = (id: number, user_id: number, chatbot_name: string, more: Record<string, unknown> = {}) => ({
  ...{ id, user_id, chatbot_name, chatbot_type: 0, chatbot_persona: '', create_at: '2024-05-22 00:41:04' },
  ...{ is_deleted: 0, ...more },
});

const said = (
  id: number,
  user_id: number | null,
  chatbot_id: number | null,
  content: string | null,
  by_user: number,
) => ({
  ...{ id, user_id, chatbot_id, content, by_user },
  timestamp: `2024-05-22 00:41:${String(id % 60).padStart(2, '0')}.250000`,
});

describe('an import of the companion bots', { timeout: 120_000 }, () => {
  const ctx = useApi();
  let done: Imported;

  beforeAll(async () => {
    await ctx.client.register('taken');
    const old = await oldDatabase('companion_of_import');
    await old.run(...COMPANION_TABLES);
    await old.insert('auth_user', [
      account(1, 'ella'),
      account(2, 'bob@old.example', { is_superuser: 1, is_staff: 1 }),
      account(3, 'TAKEN'),
      account(4, 'gone', { is_active: 0 }),
      account(5, `${'x'.repeat(60)}`, { email: '1@old.example', date_joined: '0000-00-00 00:00:00' }),
      account(6, 'nopassword', { password: '!unusable', email: 'no address' }),
      account(7, 'oldhash', { password: 'md5$salt$0123456789abcdef0123456789abcdef', email: '' }),
    ]);
    await old.insert('bots_chatbot', [
      bot(13549, 1, 'hahaha', { chatbot_type: 1, chatbot_persona: 'Jackie Chan' }),
      bot(13601, 1, LONG, { create_at: '0000-00-00 00:00:00' }),
      bot(13602, 1, 'left', { is_deleted: 1 }),
      bot(13603, 2, 'of bob', { chatbot_type: 1, chatbot_persona: '  ' }),
      bot(13604, 99, 'of nobody'),
    ]);
    await old.insert('chat_chat', [
      said(1, 1, 13549, 'hello', 1),
      said(2, 1, 13602, 'to one that left', 1),
      said(3, 1, 13549, EMOJI, 0),
      said(4, 2, 13603, 'bob speaks', 1),
      said(5, 1, 13549, '', 1),
      { ...said(6, 1, 13549, 'without a time', 1), timestamp: '0000-00-00 00:00:00' },
      said(7, 1, 13549, 'twice by the bot', 0),
      said(8, 1, 13549, 'twice by the bot', 0),
      said(9, 99, 13549, 'of nobody', 1),
      said(10, 1, 13603, 'to the bot of bob', 1),
      said(11, 1, null, 'to no bot', 1),
      said(12, null, 13549, 'of null', 1),
      said(13, 1, 13549, null, 1),
      said(14, 1, 13549, 'x'.repeat(300_000), 1),
    ]);
    done = await runImport(ctx.api.env, 'companion', old.url);
  }, 90_000);

  afterAll(() => stopOldServer());

  it('says what it did, and ends with 0', () => {
    expect([done.output, done.code]).toEqual([expect.stringContaining('messages'), 0]);
    expect(done.report).toMatchObject({
      ...{ isComplete: true, ended: null, missing: [] },
      tables: { users: 'auth_user', bots: 'bots_chatbot', messages: 'chat_chat' },
      kinds: {
        users: { read: 7, imported: 7, known: 0, skipped: 0, failed: 0 },
        bots: { read: 5, imported: 4, known: 0, skipped: 1, failed: 0 },
        messages: { read: 14, imported: 10, known: 0, skipped: 4, failed: 0 },
      },
    });
    expect(done.output).not.toContain('secret');
    expect(done.output).not.toContain(new URL(ctx.databaseUrl).password || 'no password');
  });

  it('says what did not come, and what came otherwise, with the old keys', () => {
    expect(keysOf(done, 'users', 'username_adjusted')).toEqual([
      '2 → bob_old.example',
      `5 → ${'x'.repeat(50)}`,
    ]);
    expect(keysOf(done, 'users', 'username_taken')).toEqual(['3 → TAKEN-companion']);
    expect(keysOf(done, 'users', 'email_taken')).toEqual(['5']);
    expect(keysOf(done, 'users', 'email_invalid')).toEqual(['6']);
    expect(keysOf(done, 'users', 'password_missing')).toEqual(['6']);
    expect(keysOf(done, 'users', 'password_unknown_form')).toEqual(['7']);
    expect(keysOf(done, 'bots', 'owner_missing')).toEqual(['13604']);
    expect(keysOf(done, 'bots', 'name_too_long')).toEqual(['13601']);
    expect(keysOf(done, 'bots', 'persona_missing')).toEqual(['13603']);
    expect(keysOf(done, 'messages', 'owner_missing')).toEqual(['9', '12']);
    expect(keysOf(done, 'messages', 'empty')).toEqual(['5', '13']);
    expect(keysOf(done, 'messages', 'bot_missing')).toEqual(['1 with 13603', '1 with ']);
    expect(keysOf(done, 'messages', 'time_missing')).toEqual(['6']);
  });

  it('lets people in with the passwords that they had, and makes nobody an admin', async () => {
    const ella = await comeBack(ctx, 'ella', 'secret of 1');
    expect((await ella.get('users/me')).body).toMatchObject({
      username: 'ella',
      email: '1@old.example',
      role: 'user',
    });
    const bob = await comeBack(ctx, '2@old.example', 'secret of 2');
    expect((await bob.get('users/me')).body).toMatchObject({ username: 'bob_old.example', role: 'user' });
    await comeBack(ctx, 'TAKEN-companion', 'secret of 3');
    const refused = { token: null, expect: 401 };
    await ctx.client.post('auth/login', { username: 'ella', password: 'secret of 2' }, refused);
    await ctx.client.post('auth/login', { username: 'taken', password: 'secret of 3' }, refused);
    await ctx.client.post('auth/login', { username: 'nopassword', password: '!unusable' }, refused);
    const gone = await ctx.client.post(
      'auth/login',
      { username: 'gone', password: 'secret of 4' },
      { token: null },
    );
    expect(gone.status).toBeGreaterThanOrEqual(401);
  });

  it('has bots as they were: personas, names that fit, deleted ones out of sight', async () => {
    const ella = await comeBack(ctx, 'ella', 'secret of 1');
    const { items } = (await ella.get('chatbots', { expect: 200 })).body;
    expect(items).toMatchObject([
      { name: 'A'.repeat(100), kind: 'plain', persona: null },
      { name: 'hahaha', kind: 'persona', persona: 'Jackie Chan', createdAt: '2024-05-22T00:41:04.000Z' },
    ]);
    const bob = await comeBack(ctx, 'bob_old.example', 'secret of 2');
    expect((await bob.get('chatbots')).body.items).toMatchObject([{ name: 'of bob', kind: 'plain' }]);
  });

  it('has one conversation with each bot, in order, which goes on as the running one', async () => {
    const ella = await comeBack(ctx, 'ella', 'secret of 1');
    const { items } = (await ella.get('chatbots', { expect: 200 })).body;
    const running = await ella.put(`chatbots/${items[1].id}/conversation`, undefined, { expect: 200 });
    const messages = await saidIn(ella, running.body.id);
    expect(messages.map(({ role, content }) => [role, content.slice(0, 40)])).toEqual([
      ['user', 'hello'],
      ['assistant', EMOJI],
      ['user', 'without a time'],
      ['assistant', 'twice by the bot'],
      ['assistant', 'twice by the bot'],
      ['user', 'x'.repeat(40)],
    ]);
    expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(messages.map(({ replyTo }) => replyTo)).toEqual([
      null,
      ...messages.slice(0, -1).map(({ id }) => id),
    ]);
    expect(messages[0]!.createdAt).toBe('2024-05-22T00:41:01.250Z');
    expect(messages[2]!.createdAt).toBe(messages[1]!.createdAt);
    expect(messages.at(-1)!.content).toHaveLength(300_000);
    expect(running.body).toMatchObject({ title: 'hello', lastMessageAt: '2024-05-22T00:41:14.250Z' });
  });

  it('keeps what was said to bots that are gone, or were others’, and nobody can talk to them', async () => {
    const ella = await comeBack(ctx, 'ella', 'secret of 1');
    const chats = await chatsOf(ella);
    expect(chats).toHaveLength(4);
    for (const title of ['to one that left', 'to the bot of bob', 'to no bot']) {
      const chat = chats.find((one) => one.title === title)!;
      expect(await linesOf(ella, chat.id)).toEqual([['user', title]]);
      await ella.post(`conversations/${chat.id}/messages`, { content: 'Hello?' }, { expect: 409 });
    }
  });

  it('goes on where it was: the model is shown what was said', async () => {
    const bob = await comeBack(ctx, 'bob_old.example', 'secret of 2');
    const [chat] = await chatsOf(bob);
    const turn = await bob.post(
      `conversations/${chat!.id}/messages`,
      { content: 'And now?' },
      { expect: 201 },
    );
    expect(turn.body.assistantMessage.status).toBe('completed');
    const request = JSON.stringify(ctx.upstream.log.at(-1)!);
    expect(request).toContain('bob speaks');
    expect((await linesOf(bob, chat!.id)).map(([role]) => role)).toEqual(['user', 'user', 'assistant']);
  });

  it('is found by the search', async () => {
    await allIndexed(ctx);
    const ella = await comeBack(ctx, 'ella', 'secret of 1');
    const { items } = (await ella.get('conversations?q=Gr%C3%BC%C3%9Fe', { expect: 200 })).body;
    expect(items).toHaveLength(1);
  });
});
