import { beforeAll, describe, expect, it } from 'vitest';
import {
  CHAT,
  DELETED,
  history,
  MESSAGE,
  Notebook,
  refused,
  type Somebody,
  somebodyOf,
} from '../support/notebook.ts';
import { useApi } from '../support/suite.ts';

describe('notebook: chats, read and deleted', () => {
  const ctx = useApi();
  let me: Somebody;

  const somebody = async (): Promise<Somebody> => somebodyOf(await ctx.register());

  const count = async (table: 'conversations' | 'messages', { client }: Somebody): Promise<number> => {
    const rows = await ctx.query(`SELECT id FROM ${table} WHERE owner_id = ?`, [client.account.id]);
    return rows.length;
  };

  beforeAll(async () => {
    me = await somebody();
  });

  it('delete_chat: the chat with its messages; the same answer where there is none', async () => {
    const who = await somebody();
    const chat = { chat_id: '1', chat_title: 'Gone', chat_content: 'x' };
    await who.add(chat);
    await who.add(chat);
    expect(await who.notebook.post('delete_chat', { chat_id: '1' })).toEqual(DELETED);
    expect([await count('conversations', who), await count('messages', who)]).toEqual([0, 0]);
    expect(await who.notebook.post('get_history_chat', chat)).toEqual(history());
    for (const chat_id of ['1', 1, 'never', '', undefined, 'x'.repeat(500)])
      expect(await who.notebook.post('delete_chat', { chat_id })).toEqual(DELETED);
    expect(await who.notebook.form('delete_chat', { chat_id: '1' })).toEqual(DELETED);
    expect(await who.add(chat)).toEqual(CHAT);
    expect(await who.notebook.post('delete_chat', { chat_id: 1 })).toEqual(DELETED);
    expect(await count('conversations', who)).toBe(0);
  });

  it('delete_chat: ten at once, and beside messages that are added', async () => {
    const who = await somebody();
    const chat = { chat_id: '1', chat_title: 'Race', chat_content: 'x' };
    await who.add(chat);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? who.add(chat) : who.notebook.post('delete_chat', chat))),
    );
    for (const answer of answers) expect([CHAT, MESSAGE, DELETED]).toContainEqual(answer);
  });

  it('get_history_chat: the documented example, the oldest message first', async () => {
    const who = await somebody();
    const chat = { chat_id: '1', chat_title: '请根据以下历史聊天字' };
    const texts = ['sdasdasdadadasdfas', 'sdasdasdadadasdfsdasdffdsfas', 'sdasdasdadadasdfsdasdffdsfas'];
    await who.add(chat);
    for (const [n, chat_content] of texts.entries())
      await who.add({ ...chat, chat_content, chat_tpye: n < 2 ? '0' : '1' });
    const asked = { chat_title: '请根据以下历史聊天字' };
    const rows = texts.map((text, n): [string, string] => [n < 2 ? 'chatcar' : 'user', text]);
    expect(await who.notebook.post('get_history_chat', asked)).toEqual(history(...rows));
    expect(await who.notebook.multipart('get_history_chat', asked)).toEqual(history(...rows));
  });

  it('get_history_chat: all of a long chat, in its order', async () => {
    const who = await somebody();
    const chat = { chat_id: 'long', chat_title: 'Long' };
    await who.add(chat);
    for (let n = 0; n < 230; n += 1) await who.add({ ...chat, chat_content: `${n}`, chat_type: n % 2 });
    const rows = Array.from({ length: 230 }, (_, n): [string, string] => [
      n % 2 ? 'user' : 'chatcar',
      `${n}`,
    ]);
    expect(await who.notebook.post('get_history_chat', chat)).toEqual(history(...rows));
  });

  it('get_history_chat: of several of one title the newest', async () => {
    const who = await somebody();
    for (const chat_id of ['a', 'b']) {
      await who.add({ chat_id, chat_title: 'Twice' });
      await who.add({ chat_id, chat_title: 'Twice', chat_content: chat_id });
    }
    expect(await who.notebook.post('get_history_chat', { chat_title: 'Twice' })).toEqual(
      history(['user', 'b']),
    );
  });

  it.each([['never'], [''], [undefined], [null], ['x'.repeat(5_000)], ['%'], ['LONG']])(
    'get_history_chat: none of the title %j: an empty list',
    async (chat_title) => {
      expect(await me.notebook.post('get_history_chat', { chat_title })).toEqual(history());
    },
  );

  it('get_history_chat, delete_chat: nothing of other users', async () => {
    const [owner, other] = [await somebody(), await somebody()];
    const chat = { chat_id: 'mine', chat_title: 'Mine alone', chat_content: 'secret' };
    await owner.add(chat);
    await owner.add(chat);
    expect(await other.notebook.post('get_history_chat', chat)).toEqual(history());
    expect(await other.notebook.post('delete_chat', chat)).toEqual(DELETED);
    expect(await owner.notebook.post('get_history_chat', chat)).toEqual(history(['user', 'secret']));
  });

  it('all: no login is 401, another user’s name 403, a key refused', async () => {
    const [owner, other] = [await somebody(), await somebody()];
    const chat = { chat_id: 'x', chat_title: 'X' };
    for (const route of ['add_chat', 'delete_chat', 'get_history_chat']) {
      const fields = { username: owner.username, ...chat };
      expect(await owner.notebook.post(route, fields, { token: null })).toEqual(refused(/./, 401));
    }
    expect(await other.notebook.post('add_chat', { username: owner.username, ...chat })).toEqual(
      refused(/./, 403),
    );
    const { password } = owner.client.account;
    const key = await owner.client.post('users/me/api-keys', {
      name: 'k',
      scopes: ['chat', 'read'],
      password,
    });
    expect(key.status).toBe(201);
    expect(await owner.notebook.post('get_history_chat', chat, { token: key.body.key })).toEqual(
      refused(/./, 403),
    );
    expect(await count('conversations', owner)).toBe(0);
  });

  it('all: the main API shows the same, both ways', async () => {
    const { client, notebook, add } = await somebody();
    const chat = { chat_id: 'both', chat_title: 'Both ways' };
    await add(chat);
    await add({ ...chat, chat_content: 'Hello', chat_type: 1 });
    const [conversation] = (await client.get('conversations')).body.items;
    expect(conversation).toMatchObject({ externalId: 'both', title: 'Both ways' });
    const sent = await client.post(
      `conversations/${conversation.id}/messages`,
      { content: 'And now?' },
      { expect: 201 },
    );
    await add({ ...chat, chat_content: 'Noted', chat_type: 0 });
    const rows = [
      ['user', 'Hello'],
      ['user', 'And now?'],
      ['chatcar', sent.body.assistantMessage.content],
    ] as const;
    expect(await notebook.post('get_history_chat', chat)).toEqual(
      history(...rows.map(([who, text]): [string, string] => [who, text]), ['chatcar', 'Noted']),
    );
    const { body } = await client.get(`conversations/${conversation.id}/messages`);
    expect(body.items.map(({ content }: { content: string }) => content)).toEqual([
      ...rows.map(([, text]) => text),
      'Noted',
    ]);
  });

  it('all: an answer that failed is no reply, and a message beside a running turn is refused', async () => {
    const { client, notebook, add } = await somebody();
    const chat = { chat_id: 'turns', chat_title: 'Turns', chat_content: 'x' };
    await add(chat);
    const [{ id }] = (await client.get('conversations')).body.items;
    const talkTo = async (model: string) => {
      const { body } = await client.post('chatbots', { name: 'Bot', model }, { expect: 201 });
      await client.patch(`conversations/${id}`, { chatbotId: body.id }, { expect: 200 });
    };
    await talkTo('test:status=401');
    await client.post(`conversations/${id}/messages`, { content: 'Fails' });
    expect(await notebook.post('get_history_chat', chat)).toEqual(history(['user', 'Fails']));
    await talkTo('test:delay=60000');
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Waits' } });
    const created = await stream.nextOf('message.created');
    expect(await add(chat)).toEqual(refused(/./));
    expect(await notebook.post('get_history_chat', chat)).toEqual(
      history(['user', 'Fails'], ['user', 'Waits']),
    );
    await client.post(`messages/${created.data.assistantMessage.id}/stop`, undefined, { expect: 200 });
    await stream.collect();
    expect(await add(chat)).toEqual(MESSAGE);
  });
});

describe('notebook: chats of callers who are believed', () => {
  const ctx = useApi({ upstream: false, env: { LEGACY_TRUST_CALLER: 'true' } });

  it('are made by name, read by title and deleted by id without a login', async () => {
    const { username } = (await ctx.register()).account;
    const notebook = new Notebook(ctx.client, { token: null });
    const chat = { username, chat_id: 'closed', chat_title: 'Closed', chat_content: 'x' };
    expect(await notebook.post('add_chat', chat)).toEqual(CHAT);
    expect(await notebook.post('add_chat', chat)).toEqual(MESSAGE);
    expect(await notebook.post('get_history_chat', { chat_title: 'Closed' })).toEqual(history(['user', 'x']));
    expect(await notebook.post('delete_chat', { chat_id: 'closed' })).toEqual(DELETED);
    expect(await notebook.post('get_history_chat', { chat_title: 'Closed' })).toEqual(history());
    for (const chat_id of ['closed', undefined])
      expect(await notebook.post('delete_chat', { chat_id })).toEqual(DELETED);
    expect(await notebook.post('add_chat', { ...chat, username: 'nobody' })).toEqual(refused(/./, 401));
    expect(await notebook.post('delete_chat', chat, { token: 'wrong' })).toEqual(refused(/./, 401));
  });
});
