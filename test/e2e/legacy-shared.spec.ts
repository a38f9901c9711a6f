import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';

const OK = { unchecked: true, expect: 200 };

describe('the same conversation', () => {
  const ctx = useApi();
  let client: ApiClient;
  let id: number;
  let username: string;
  /** What the model was shown last, without the system text. */
  const shown = () => {
    const { messages } = ctx.upstream.log.at(-1)!.body as { messages: { role: string; content: string }[] };
    return messages.filter(({ role }) => role !== 'system').map(({ content }) => content);
  };

  beforeEach(async () => {
    ctx.upstream.reset();
    ctx.upstream.setDefaults({ echo: true });
    client = await ctx.register();
    ({ id, username } = client.account);
  });

  const post = async (path: string, body: object) => (await client.post(path, body, OK)).body;
  const get = async (path: string) => (await client.get(path, OK)).body;
  const say = (conversationId: number, content: string) =>
    client.post(`conversations/${conversationId}/messages`, { content }, { expect: 201 });
  /** A conversation as the main API has it. */
  const read = async (conversationId: number) => {
    const { body } = await client.get(`conversations/${conversationId}/messages`, { expect: 200 });
    return body.items.map(({ role, content }: any) => [role, content]);
  };
  const turns = (...contents: string[]) =>
    contents.flatMap((content) => [
      ['user', content],
      ['assistant', content],
    ]);
  const historyOf = async (conversationId: number) =>
    (await get(`/api/conversations/${conversationId}/history?username=${username}`)).map(
      ({ query, answer }: any) => [query, answer],
    );

  it('goes on between the main API and companion', async () => {
    const { data } = await post('/bots/create', { user_id: id, chatbot_name: 'Bot', chatbot_type: 0 });
    const [{ chatbot_id: bot }] = data;
    await post('/chat/new_chat', { user_id: id, chatbot_id: bot, input: 'One' });
    const { body: running } = await client.get(`chatbots/${bot}/conversation`, { expect: 200 });
    expect(await read(running.id)).toEqual(turns('One'));
    await say(running.id, 'Two');
    await post('/chat/new_chat', { user_id: id, chatbot_id: bot, input: 'Three' });
    expect(shown()).toEqual(['One', 'One', 'Two', 'Two', 'Three']);
    expect(await read(running.id)).toEqual(turns('One', 'Two', 'Three'));
    const history = await get(`/chat/history?user_id=${id}&chatbot_id=${bot}`);
    expect(history.data.map(([content, byUser]: any) => [content, byUser])).toEqual(
      turns('One', 'Two', 'Three').map(([role, content]) => [content, role === 'user' ? 1 : 0]),
    );
  });

  it('a bot of the main API is one of companion, and the other way round', async () => {
    const { body: bot } = await client.post(
      'chatbots',
      { name: 'Jay', kind: 'persona', persona: 'Jay Chou' },
      { expect: 201 },
    );
    const { data } = await post('/bots/detail', { user_id: id, chatbot_id: bot.id });
    expect(data).toMatchObject([{ chatbot_name: 'Jay', chatbot_type: 1, chatbot_persona: 'Jay Chou' }]);
    await post('/bots/delete', { user_id: id, chatbot_id: bot.id });
    expect((await client.get('chatbots', { expect: 200 })).body.items).toEqual([]);
  });

  it('goes on between the main API and tutor', async () => {
    const { topics } = (
      await client.post(
        '/botchat/chat/customtopic/',
        { user_id: id, instructions: 'Tea.' },
        { unchecked: true, expect: 201 },
      )
    ).body;
    const topic = topics[0].topic_id;
    const path = '/botchat/chat/obtain_openai_response/';
    const said = { user_id: id, topic_id: topic, conversation_id: -1 };
    await post(path, { ...said, prompt_word: 'One' });
    const { body: running } = await client.get(`topics/${topic}/conversation`, { expect: 200 });
    expect(await read(running.id)).toEqual(turns('One'));
    await say(running.id, 'Two');
    await post(path, { ...said, prompt_word: 'Three' });
    expect(shown()).toEqual(['One', 'One', 'Two', 'Two', 'Three']);
    const { details } = await get(`/botchat/chat/getdetails/?topic_id=${topic}`);
    expect(details.map(({ prompt, response_word }: any) => [prompt, response_word])).toEqual([
      ...[
        ['One', 'One'],
        ['Two', 'Two'],
        ['Three', 'Three'],
      ],
    ]);
    expect((await client.get(`topics/${topic}`, { expect: 200 })).body).toMatchObject({
      instructions: 'Tea.',
    });
  });

  it('goes on between the main API and notebook', async () => {
    const chat = { username, chat_id: 'c-1', chat_title: 'Tea' };
    await post('/myapp/add_chat/', chat);
    await post('/myapp/add_chat/', { ...chat, chat_content: 'One', chat_tpye: 1 });
    await post('/myapp/add_chat/', { ...chat, chat_content: 'Two', chat_tpye: 0 });
    const { body: list } = await client.get('conversations', { expect: 200 });
    expect(list.items).toMatchObject([{ externalId: 'c-1', title: 'Tea' }]);
    await say(list.items[0].id, 'Three');
    expect(shown()).toEqual(['One', 'Two', 'Three']);
    expect((await post('/myapp/get_history_chat/', { chat_title: 'Tea' }))['历史信息列表']).toEqual([
      ...[
        ['user', 'One'],
        ['chatcar', 'Two'],
        ['user', 'Three'],
        ['chatcar', 'Three'],
      ],
    ]);
    await post('/myapp/delete_chat/', { chat_id: 'c-1' });
    expect((await client.get('conversations', { expect: 200 })).body.items).toEqual([]);
  });

  it('goes on between the main API and assistant', async () => {
    await post('/api/chat', { message: 'One', username, conversation_id: null, file_ids: [] });
    const { conversations } = await get(`/api/conversations/list/${username}`);
    const conversation = Number(conversations[0].id);
    expect(await read(conversation)).toEqual(turns('One'));
    await say(conversation, 'Two');
    await post('/api/chat', {
      message: 'Three',
      username,
      conversation_id: String(conversation),
      file_ids: [],
    });
    expect(shown()).toEqual(['One', 'One', 'Two', 'Two', 'Three']);
    expect(await historyOf(conversation)).toEqual([
      ...[
        ['One', 'One'],
        ['Two', 'Two'],
        ['Three', 'Three'],
      ],
    ]);
    const other = await begin(client, { title: 'Made by the main API' });
    await say(other, 'Hello');
    expect((await get(`/api/conversations/list/${username}`)).conversations[0]).toMatchObject({
      id: String(other),
      name: 'Made by the main API',
    });
    const path = `/api/conversations/${conversation}/delete?username=${username}`;
    await client.delete(path, undefined, OK);
    expect((await client.get(`conversations/${conversation}`)).status).toBe(404);
  });

  it('goes on from one surface to another', async () => {
    const { data } = await post('/bots/create', { user_id: id, chatbot_name: 'Bot', chatbot_type: 0 });
    const [{ chatbot_id: bot }] = data;
    await post('/chat/new_chat', { user_id: id, chatbot_id: bot, input: 'By companion' });
    const [listed] = (await get(`/api/conversations/list/${username}`)).conversations;
    expect(await historyOf(listed.id)).toEqual([['By companion', 'By companion']]);
    await post('/api/chat', { message: 'By assistant', username, conversation_id: listed.id, file_ids: [] });
    expect(shown()).toEqual(['By companion', 'By companion', 'By assistant']);
    const { data: rows } = await get(`/chat/history?user_id=${id}&chatbot_id=${bot}`);
    expect(rows.map(([content]: any) => content)).toEqual([
      ...['By companion', 'By companion', 'By assistant', 'By assistant'],
    ]);
    await client.patch(`conversations/${listed.id}`, { title: 'Shared' }, { expect: 200 });
    expect((await post('/myapp/get_history_chat/', { chat_title: 'Shared' }))['历史信息列表']).toHaveLength(
      4,
    );
  });

  it('one account logs in everywhere, whichever surface made it', async () => {
    const nobody = ctx.client;
    const account = (n: number) => ({ username: `everywhere_${n}`, password: 'sixsix' });
    const registers = [
      '/users/register/',
      '/botchat/user/register/',
      '/myapp/register/',
      '/api/user/register',
    ];
    const logins = ['/login/', '/botchat/user/login/', '/myapp/login/', '/api/user/login', 'auth/login'];
    for (const [n, register] of registers.entries()) {
      const made = await nobody.post(register, account(n), { unchecked: true });
      expect([register, Math.floor(made.status / 100)]).toEqual([register, 2]);
      for (const login of logins) {
        const { status, headers, body } = await nobody.post(login, account(n), { unchecked: true });
        expect([login, status, (body.code ?? 0) >= 0]).toEqual([login, 200, true]);
        const [cookie] = headers['set-cookie']!.map((line) => line.split(';')[0]!);
        const me = await nobody.get('users/me', { token: null, headers: { cookie: cookie! } });
        expect(me.body).toMatchObject({ username: `everywhere_${n}` });
      }
    }
  });
});
