import { describe, expect, it } from 'vitest';
import { Companion, refused, said, saidBy } from '../support/companion.ts';
import { useApi } from '../support/suite.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const REPLY = PIECES.join('');
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
const ok = (data: unknown) => said({ code: 200, msg: 'ok', data });

describe('companion: history and list', () => {
  const ctx = useApi({ env: { LEGACY_TIME_ZONE: 'Asia/Shanghai', LLM_MAX_RETRIES: '0' } });
  const companion = async () => new Companion(await ctx.register());

  const messagesOf = async (one: Companion, chatbotId: number) => {
    const { body } = await one.client.get(`chatbots/${chatbotId}/conversation`, { expect: 200 });
    return (await one.client.get(`conversations/${body.id}/messages`, { expect: 200 })).body.items;
  };

  describe('GET /chat/history', () => {
    it('rows, oldest first; times in the configured zone', async () => {
      const one = await companion();
      const id = await one.bot();
      for (const input of ['hello', 'and you?']) await one.say(id, input);
      const rows = [
        ...[
          ['hello', 1, TIME],
          [REPLY, 0, TIME],
        ],
        ...[
          ['and you?', 1, TIME],
          [REPLY, 0, TIME],
        ],
      ];
      expect(await one.history(id)).toEqual(ok(rows));
      expect(await one.get('/chat/history', { user_id: one.userId, chatbot_id: id })).toEqual(ok(rows));
      const [first] = await messagesOf(one, id);
      const there = new Date(Date.parse(first.createdAt) + 8 * 3_600_000).toISOString().slice(0, 19);
      expect(((await one.history(id)).body as any).data[0][2]).toBe(there);
    });

    it("the document's objects, asked for by media type or by format", async () => {
      const one = await companion();
      const id = await one.bot();
      await one.say(id, 'hello');
      const objects = ok([
        { content: 'hello', by_user: true, timestamp: TIME },
        { content: REPLY, by_user: false, timestamp: TIME },
      ]);
      expect(await one.history(id, { format: 'object' })).toEqual(objects);
      const headers = { accept: 'application/vnd.companion.v1+json' };
      expect(await one.get('/chat/history', { chatbot_id: id }, { headers })).toEqual(objects);
    });

    it('a long one whole, and the active branch alone', async () => {
      const one = await companion();
      const id = await one.bot();
      await one.say(id, 'hello');
      const [, answer] = await messagesOf(one, id);
      const items = Array.from({ length: 100 }, (_, n) => ({ role: 'user', content: `Message ${n}` }));
      for (let n = 0; n < 3; n += 1)
        await one.client.post(
          `conversations/${answer.conversationId}/messages/records`,
          { items },
          { expect: 201 },
        );
      expect(((await one.history(id)).body as any).data).toHaveLength(302);
      await one.client.post(`messages/${answer.id}/regenerate`, undefined, { expect: 201 });
      expect(await one.history(id)).toEqual(
        ok([
          ['hello', 1, TIME],
          [REPLY, 0, TIME],
        ]),
      );
    });

    it("otherwise: unknown bot, no messages, none named, somebody else's", async () => {
      const [one, other] = [await companion(), await companion()];
      const theirs = await other.bot();
      await other.say(theirs, 'hello');
      for (const id of [987_654_321, await one.bot(), theirs]) expect(await one.history(id)).toEqual(ok([]));
      expect(await one.get('/chat/history')).toEqual(ok([]));
      // It is read, and nothing is made.
      expect((await one.client.get('conversations')).body.items).toEqual([]);
    });
  });

  it('GET /chat/list: a row a bot, newest first, with what was said last', async () => {
    const one = await companion();
    expect(await one.get('/chat/list')).toEqual(ok([]));
    const [a, b, silent] = [
      await one.bot({ chatbot_name: 'A' }),
      await one.bot({ chatbot_name: 'B' }),
      await one.bot(),
    ];
    await one.say(a, 'hello');
    await one.say(b, 'hello');
    expect(await one.get('/chat/list')).toEqual(
      ok([
        [b, 'B', TIME, REPLY],
        [a, 'A', TIME, REPLY],
      ]),
    );
    ctx.upstream.setDefaults({ status: 500 });
    await one.say(a, 'are you there?');
    ctx.upstream.setDefaults({});
    // A reply that has failed is none.
    const rows = [
      [a, 'A', TIME, 'are you there?'],
      [b, 'B', TIME, REPLY],
    ];
    expect(await one.get('/chat/list')).toEqual(ok(rows));
    // Another conversation with the same bot is no other row.
    const { body } = await one.client.post('conversations', { chatbotId: a }, { expect: 201 });
    await one.client.post(`conversations/${body.id}/messages`, { content: 'Elsewhere' }, { expect: 201 });
    expect(await one.get('/chat/list')).toEqual(ok(rows));
    expect(await one.history(silent)).toEqual(ok([]));
  });

  it('GET /chat/list: many bots, over the pages', async () => {
    const one = await companion();
    const ids: number[] = [];
    for (let n = 0; n < 120; n += 1) {
      const id = await one.bot({ chatbot_name: `Bot-${n}` });
      const { body } = await one.client.put(`chatbots/${id}/conversation`, undefined, { expect: 200 });
      const items = [{ role: 'user', content: `Hi ${n}`, createdAt: '2026-01-01T00:00:00Z' }];
      await one.client.post(`conversations/${body.id}/messages/records`, { items }, { expect: 201 });
      ids.unshift(id);
    }
    const { data } = (await one.get('/chat/list')).body as any;
    expect(data.map(([id]: [number]) => id)).toEqual(ids);
    expect(data[0]).toEqual([ids[0], 'Bot-119', '2026-01-01T08:00:00', 'Hi 119']);
    const page = (await one.client.get('running-conversations?limit=2', { expect: 200 })).body;
    expect(page.items.map((talk: any) => [talk.chatbotId, talk.lastMessage.content])).toEqual([
      ...[
        [ids[0], 'Hi 119'],
        [ids[1], 'Hi 118'],
      ],
    ]);
  });

  it('GET /chat/history, /chat/list: no login 401, another id 403', async () => {
    const [one, other] = [await companion(), await companion()];
    const id = await one.bot();
    await one.say(id, 'hello');
    for (const path of ['/chat/history', '/chat/list']) {
      const fields = { user_id: one.userId, chatbot_id: id };
      expect(await one.get(path, fields, { token: null })).toEqual(refused(expect.any(String), 401));
      expect(await other.get(path, fields)).toEqual(refused(expect.any(String), 403));
      const both = await other.client.get(`${path}?user_id=${other.userId}&user_id=${one.userId}`);
      expect(saidBy(both).status).toBe(403);
    }
  });

  it('what is said through the main API in the running conversation is history here', async () => {
    const one = await companion();
    const id = await one.bot();
    const { body } = await one.client.put(`chatbots/${id}/conversation`, undefined, { expect: 200 });
    await one.client.post(`conversations/${body.id}/messages`, { content: 'From there' }, { expect: 201 });
    expect(await one.history(id)).toEqual(
      ok([
        ['From there', 1, TIME],
        [REPLY, 0, TIME],
      ]),
    );
    expect(await one.say(id, 'From here')).toEqual(ok(REPLY));
    const { items } = (await one.client.get(`conversations/${body.id}/messages`)).body;
    expect(items.map(({ content }: any) => content)).toEqual(['From there', REPLY, 'From here', REPLY]);
  });
});
