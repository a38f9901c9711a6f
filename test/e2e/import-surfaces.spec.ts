import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../support/client.ts';
import { expectDone, runImport } from '../support/import.ts';
import { djangoHash, werkzeugHash } from '../support/import-talk.ts';
import { setCookieOf } from '../support/logins.ts';
import {
  ASSISTANT_TABLES,
  COMPANION_TABLES,
  NOTEBOOK_TABLES,
  TUTOR_TABLES,
} from '../support/old-database.ts';
import { oldDatabase, stopOldServer } from '../support/old-server.ts';
import { ffmpeg, SENTENCES, soundFile, speak } from '../support/sounds.ts';
import { useApi } from '../support/suite.ts';

const AT = '2024-05-22 00:41:04';

describe('what was imported, through the surfaces of the older backends', { timeout: 120_000 }, () => {
  const ctx = useApi({ env: { LEGACY_TIME_ZONE: 'UTC' } });

  let sounds: { wav: Buffer; mp3: Buffer };

  async function import_(surface: string, tables: string[], rows: Record<string, Record<string, unknown>[]>) {
    const old = await oldDatabase(`${surface}_of_surfaces`);
    await old.run(...tables);
    for (const [name, some] of Object.entries(rows)) await old.insert(name, some);
    expectDone(await runImport(ctx.api.env, surface, old.url));
  }

  /** Logs in at a surface, with the password of before, and goes on with the cookie alone, as a page does. */
  async function logIn(path: string, username: string, password: string) {
    const answer = await ctx.client.post(path, { username, password }, { token: null, expect: 200 });
    const headers = { cookie: setCookieOf(answer)!.split(';')[0]! };
    const client = new ApiClient(ctx.api.url, { spec: ctx.spec });
    return {
      body: answer.body,
      get: async (to: string) => (await client.get(to, { headers, expect: 200 })).body,
      post: async (to: string, body: object) => (await client.post(to, body, { headers, expect: 200 })).body,
    };
  }

  beforeAll(async () => {
    await import_('companion', COMPANION_TABLES, {
      auth_user: [{ id: 7, username: 'ella', password: djangoHash('of ella'), email: '', date_joined: AT }],
      bots_chatbot: [
        {
          id: 13549,
          user_id: 7,
          chatbot_name: 'hahaha',
          chatbot_type: 1,
          chatbot_persona: 'Jackie Chan',
          create_at: AT,
        },
        { id: 13671, user_id: 7, chatbot_name: 'test1', chatbot_type: 0, chatbot_persona: '', create_at: AT },
      ],
      chat_chat: [
        { id: 1, user_id: 7, chatbot_id: 13549, content: 'hello', by_user: 1, timestamp: AT },
        { id: 2, user_id: 7, chatbot_id: 13549, content: '你好 👋', by_user: 0, timestamp: AT },
      ],
    });
    const wav = speak(SENTENCES[0]!);
    sounds = { wav: readFileSync(wav), mp3: readFileSync(ffmpeg('-i', wav, soundFile('mp3'))) };
    await import_('tutor', TUTOR_TABLES, {
      auth_user: [{ id: 3, username: 'lin', password: djangoHash('of lin'), date_joined: AT }],
      topics: [
        { id: 1, user_id: 3, theme: 'Food Ordering', context: '', custom_context: 'You are a waiter.' },
        { id: 2, user_id: 3, theme: 'lin:2024-05-22 00:41:04', context: '', custom_context: '' },
      ],
      conversations: [
        {
          ...{ id: 1, topic_id: 1, created_time: AT, prompt: 'I want soup', response: 'Which soup?' },
          ...{ prompt_audio: sounds.wav, response_audio: sounds.mp3.toString('base64') },
        },
      ],
    });
    await import_('notebook', NOTEBOOK_TABLES, {
      myapp_account: [{ username: 'jiuhua', password: '123456' }],
      myapp_chat: [
        { chat_id: '1', username_id: 'jiuhua', chat_title: '请根据以下历史聊天字', create_time: AT },
      ],
      myapp_message: [
        { id: 1, chat_id: '1', chat_type: 0, create_time: AT, chat_content: 'sdasd' },
        { id: 2, chat_id: '1', chat_type: 1, create_time: AT, chat_content: '二' },
      ],
      myapp_prompt_fuction: [{ id: 1, prompt_title: '小红书', prompt_text: '请输入' }],
    });
    await import_('assistant', ASSISTANT_TABLES, {
      users: [{ id: 1, username: 'wang', password: werkzeugHash('of wang'), created_at: AT }],
      conversations: [{ id: 'c-1', username: 'wang', name: '第一', created_at: AT, updated_at: AT }],
      messages: [
        { id: 'm-1', conversation_id: 'c-1', query: 'first?', answer: 'first.', created_at: AT },
        {
          id: 'm-2',
          conversation_id: 'c-1',
          query: 'second?',
          answer: 'second.',
          created_at: '2024-05-22 00:42:00',
        },
      ],
    });
  }, 90_000);

  afterAll(() => stopOldServer());

  it('companion: bots, their details, history and list; and the chat goes on', async () => {
    const ella = await logIn('/login/', 'ella', 'of ella');
    const { user_id } = ella.body;
    const bots = (await ella.post('/bots/list', { user_id })).data;
    const shown = { chatbot_name: 'hahaha', chatbot_type: 1, chatbot_persona: 'Jackie Chan' };
    expect(bots).toMatchObject([shown, { chatbot_name: 'test1', chatbot_type: 0, chatbot_persona: '' }]);
    const { chatbot_id } = bots[0];
    const detail = await ella.post('/bots/detail', { user_id, chatbot_id });
    expect(detail.data).toEqual([{ ...shown, create_at: '2024-05-22T00:41:04' }]);
    const history = `/chat/history?user_id=${user_id}&chatbot_id=${chatbot_id}`;
    const before = [
      ['hello', 1, '2024-05-22T00:41:04'],
      ['你好 👋', 0, '2024-05-22T00:41:04'],
    ];
    expect((await ella.get(history)).data).toEqual(before);
    expect((await ella.get(`/chat/list?user_id=${user_id}`)).data).toMatchObject([
      [chatbot_id, 'hahaha', '2024-05-22T00:41:04', '你好 👋'],
    ]);
    await ella.post('/chat/new_chat', { user_id, chatbot_id, input: 'still there?' });
    const after = (await ella.get(history)).data;
    expect(after).toHaveLength(4);
    expect(after.slice(0, 2)).toEqual(before);
  });

  it('tutor: topics, and turns with their voices', async () => {
    const lin = await logIn('/botchat/user/login/', 'lin', 'of lin');
    const { topics } = await lin.get(`/botchat/chat/gettopics/?user_id=${lin.body.user_id}`);
    expect(topics).toMatchObject([
      { theme: 'Food Ordering', custom_context: 'You are a waiter.' },
      { theme: 'lin:2024-05-22 00:41:04' },
    ]);
    const { details } = await lin.get(`/botchat/chat/getdetails/?topic_id=${topics[0].topic_id}`);
    expect(details).toMatchObject([
      {
        ...{ prompt_word: 'I want soup', response_word: 'Which soup?' },
        ...{ prompt_voice: sounds.wav.toString('base64'), response_voice: sounds.mp3.toString('base64') },
      },
    ]);
    const rows = await ctx.query('SELECT theme, practice, theme_is_label AS label FROM topics ORDER BY id');
    expect(rows.map(({ practice, label }) => [Number(practice), Number(label)])).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  it('notebook: the history of a chat, a message more, and the library', async () => {
    const jiuhua = await logIn('/myapp/login/', 'jiuhua', '123456');
    const chat = { username: 'jiuhua', chat_id: '1', chat_title: '请根据以下历史聊天字' };
    expect(await jiuhua.post('/myapp/get_history_chat/', chat)).toEqual({
      ...{
        code: 0,
        历史信息列表: [
          ['chatcar', 'sdasd'],
          ['user', '二'],
        ],
      },
    });
    const more = { ...chat, chat_content: '三', chat_type: 1 };
    expect(await jiuhua.post('/myapp/add_chat/', more)).toEqual({ code: 0, msg: '消息加入成功' });
    const { 历史信息列表: said } = await jiuhua.post('/myapp/get_history_chat/', chat);
    expect(said.at(-1)).toEqual(['user', '三']);
    expect(await jiuhua.post('/myapp/get_prompt_fuction/', {})).toBe("['小红书', '请输入']");
  });

  it('assistant: the list of conversations, and the history of one', async () => {
    const wang = await logIn('/api/user/login', 'wang', 'of wang');
    const { conversations } = await wang.get('/api/conversations/list/wang');
    expect(conversations).toMatchObject([{ name: '第一', created_at: '2024-05-22T00:41:04.000Z' }]);
    expect(await wang.get(`/api/conversations/${conversations[0].id}/history?username=wang`)).toMatchObject([
      { query: 'first?', answer: 'first.', message_files: [], created_at: '2024-05-22T00:41:04.000Z' },
      { query: 'second?', answer: 'second.', message_files: [] },
    ]);
  });
});
