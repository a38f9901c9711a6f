import { describe, expect, it } from 'vitest';
import { CHAT, history, MESSAGE, refused, type Somebody, somebodyOf } from '../support/notebook.ts';
import { useApi } from '../support/suite.ts';

describe('notebook: chats', () => {
  const ctx = useApi({ upstream: false });

  const somebody = async (): Promise<Somebody> => somebodyOf(await ctx.register());

  const count = async (table: 'conversations' | 'messages', { client }: Somebody): Promise<number> => {
    const rows = await ctx.query(`SELECT id FROM ${table} WHERE owner_id = ?`, [client.account.id]);
    return rows.length;
  };

  it('add_chat: the first time makes the chat, whose content is ignored; afterwards messages are added', async () => {
    const me = await somebody();
    const fields = {
      chat_id: '1',
      chat_title: '请根据以下历史聊天字',
      chat_content: '可以填任意文本',
      chat_tpye: '0',
    };
    expect(await me.add(fields)).toEqual(CHAT);
    expect(await me.notebook.post('get_history_chat', { chat_title: fields.chat_title })).toEqual(history());
    expect(await me.add(fields)).toEqual(MESSAGE);
    expect(await me.add({ ...fields, chat_content: '第二', chat_tpye: '1' })).toEqual(MESSAGE);
    expect(await me.notebook.post('get_history_chat', { chat_title: fields.chat_title })).toEqual(
      history(['chatcar', '可以填任意文本'], ['user', '第二']),
    );
  });

  it('add_chat: as JSON, by form and with parts, ids as numbers and as text', async () => {
    const { username, notebook } = await somebody();
    const chat = { username, chat_id: '7', chat_title: 'Forms' };
    expect(await notebook.form('add_chat', chat)).toEqual(CHAT);
    expect(await notebook.form('add_chat', { ...chat, chat_content: 'a+b & 表单', chat_tpye: '0' })).toEqual(
      MESSAGE,
    );
    expect(
      await notebook.multipart('add_chat', { ...chat, chat_content: '部分 👋', chat_tpye: '1' }),
    ).toEqual(MESSAGE);
    expect(await notebook.post('add_chat', { ...chat, chat_id: 7, chat_content: 8, chat_tpye: 0 })).toEqual(
      MESSAGE,
    );
    expect(await notebook.form('get_history_chat', { chat_title: 'Forms' })).toEqual(
      history(['chatcar', 'a+b & 表单'], ['user', '部分 👋'], ['chatcar', '8']),
    );
  });

  it.each([
    [{ chat_tpye: 0 }, 'chatcar'],
    [{ chat_tpye: '0' }, 'chatcar'],
    [{ chat_type: 0 }, 'chatcar'],
    [{ chat_type: '0' }, 'chatcar'],
    [{ chat_tpye: 1 }, 'user'],
    [{ chat_type: '1' }, 'user'],
    [{ chat_tpye: 1, chat_type: 0 }, 'user'],
    [{ chat_tpye: '' }, 'user'],
    [{}, 'user'],
  ])('add_chat: type 0 is the bot, 1 the user, under either name: %j', async (type, who) => {
    const chat = { chat_id: 'types', chat_title: `Types ${JSON.stringify(type)}` };
    const { add, notebook } = await somebody();
    await add(chat);
    expect(await add({ ...chat, chat_content: 'x', ...type })).toEqual(MESSAGE);
    expect(await notebook.post('get_history_chat', chat)).toEqual(history([who, 'x']));
  });

  it('add_chat: ids are unique for the user, up to 20 characters, without the white space around them', async () => {
    const [one, other] = [await somebody(), await somebody()];
    for (const chat_id of ['x'.repeat(20), '聊'.repeat(20), '👋'.repeat(20), ' padded ', "'; --"]) {
      for (const who of [one, other]) expect(await who.add({ chat_id, chat_title: 'T' })).toEqual(CHAT);
      const again = { chat_id: ` ${chat_id}`, chat_title: 'Another', chat_content: 'x' };
      expect(await one.add(again)).toEqual(MESSAGE);
    }
    expect([await count('conversations', one), await count('messages', other)]).toEqual([5, 0]);
    expect(await one.notebook.post('get_history_chat', { chat_title: 'Another' })).toEqual(history());
  });

  it.each([
    ['chat_id', {}],
    ['chat_id', { chat_id: '' }],
    ['chat_id', { chat_id: '  ' }],
    ['chat_id', { chat_id: null }],
    ['chat_id', { chat_id: 'x'.repeat(21) }],
    ['chat_id', { chat_id: ['1'] }],
    ['chat_id', { chat_id: { $gt: '' } }],
    ['chat_id', { chat_id: 'a\0' }],
    ['chat_title', { chat_id: '1', chat_title: '' }],
    ['chat_title', { chat_id: '1', chat_title: undefined }],
    ['chat_title', { chat_id: '1', chat_title: 'x'.repeat(101) }],
    ['chat_title', { chat_id: '1', chat_title: '\ud800' }],
    ['chat_tpye', { chat_id: '1', chat_tpye: 2 }],
    ['chat_tpye', { chat_id: '1', chat_tpye: 'bot' }],
    ['chat_type', { chat_id: '1', chat_type: -1 }],
    ['chat_content', { chat_id: '1', chat_content: 'x'.repeat(100_001) }],
    ['chat_content', { chat_id: '1', chat_content: [] }],
    ['username', { chat_id: '1', username: '' }],
    ['username', { chat_id: '1', username: undefined }],
  ])('add_chat: a bad or missing %s makes nothing: %j', async (field, fields) => {
    const who = await somebody();
    const answer = await who.add({ chat_title: 'Bad', ...fields });
    expect(answer).toEqual(refused(new RegExp(`^${field}: `)));
    expect(await count('conversations', who)).toBe(0);
  });

  it.each([[{}], [{ chat_content: '' }], [{ chat_content: ' \n' }], [{ chat_content: null }]])(
    'add_chat: a message without content, %j, is refused',
    async (fields) => {
      const who = await somebody();
      const chat = { chat_id: '1', chat_title: 'Empty' };
      await who.add(chat);
      expect(await who.add({ ...chat, ...fields })).toEqual(refused(/^chat_content: /));
      expect(await count('messages', who)).toBe(0);
    },
  );

  it('add_chat: of two at once one makes the chat and the other one message; of 20 likewise', async () => {
    for (const times of [2, 20]) {
      const who = await somebody();
      const chat = { chat_id: 'at once', chat_title: 'At once', chat_content: 'x' };
      const answers = await Promise.all(Array.from({ length: times }, () => who.add(chat)));
      expect(answers.filter(({ body }) => (body as { msg: string }).msg === '对话加入成功')).toEqual([CHAT]);
      expect(answers.filter(({ body }) => (body as { msg: string }).msg === '消息加入成功')).toHaveLength(
        times - 1,
      );
      expect([await count('conversations', who), await count('messages', who)]).toEqual([1, times - 1]);
    }
  });
});
