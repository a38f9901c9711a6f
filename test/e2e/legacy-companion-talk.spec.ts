import { describe, expect, it } from 'vitest';
import { Companion, refused, said } from '../support/companion.ts';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const REPLY = PIECES.join('');
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
const ok = (data: unknown) => said({ code: 200, msg: 'ok', data });

describe('companion: new_chat', () => {
  const ctx = useApi({ env: { LEGACY_TIME_ZONE: 'Asia/Shanghai', LLM_MAX_RETRIES: '0' } });
  const companion = async () => new Companion(await ctx.register());

  const calls = () => ctx.upstream.log.map(({ body }) => (body as any).messages.at(-1).content);
  const messagesOf = async (one: Companion, chatbotId: number) => {
    const { body } = await one.client.get(`chatbots/${chatbotId}/conversation`, { expect: 200 });
    return (await one.client.get(`conversations/${body.id}/messages`, { expect: 200 })).body.items;
  };

  describe.each([
    [
      'POST',
      (one: Companion, id?: number | string, input?: string) =>
        one.post('/chat/new_chat', { chatbot_id: id, input }),
    ],
    [
      'GET',
      (one: Companion, id?: number | string, input?: string) =>
        one.get('/chat/new_chat', {
          ...(id !== undefined && { chatbot_id: id }),
          ...(input !== undefined && { input }),
        }),
    ],
  ])('%s /chat/new_chat', (method, say) => {
    it('the reply as a string; the running chat is remembered, and seen by the main API', async () => {
      const one = await companion();
      const id = await one.bot();
      ctx.upstream.reset();
      expect(await say(one, id, 'hello')).toEqual(ok(REPLY));
      expect(await say(one, String(id), 'and you?')).toEqual(ok(REPLY));
      expect((ctx.upstream.log.at(-1)!.body as any).messages.map((m: any) => m.content)).toEqual([
        ...['hello', REPLY, 'and you?'],
      ]);
      const messages = await messagesOf(one, id);
      expect(messages.map((message: any) => message.content)).toEqual(['hello', REPLY, 'and you?', REPLY]);
      expect((await one.client.get('conversations')).body.items).toHaveLength(1);
    });

    it('a persona bot is told whom it plays', async () => {
      const one = await companion();
      const id = await one.bot({ chatbot_type: 1, chatbot_persona: 'Jackie Chan' });
      ctx.upstream.reset();
      expect(await say(one, id, 'hello')).toEqual(ok(REPLY));
      const [system] = (ctx.upstream.log[0]!.body as any).messages;
      expect([system.role, system.content]).toEqual(['system', expect.stringContaining('Jackie Chan')]);
    });

    it("otherwise: blank input, unknown, deleted and missing bot, somebody else's", async () => {
      const [one, other] = [await companion(), await companion()];
      const [id, deleted, theirs] = [await one.bot(), await one.bot(), await other.bot()];
      await one.post('/bots/delete', { chatbot_id: deleted });
      ctx.upstream.reset();
      for (const input of ['', '  \n', undefined])
        expect(await say(one, id, input)).toEqual(refused('InputRequired'));
      for (const wrong of [987_654_321, deleted, theirs, undefined])
        expect(await say(one, wrong, 'hello')).toEqual(refused('ChatbotNotFound'));
      expect(await say(one, 'x', 'hello')).toEqual(refused(expect.stringMatching(/^chatbot_id /)));
      expect(ctx.upstream.log).toEqual([]);
      expect((await one.client.get('conversations')).body.items).toEqual([]);
    });

    it('the model failing: 502, the message kept, and no reply', async () => {
      const one = await companion();
      const id = await one.bot();
      ctx.upstream.setDefaults({ status: 500 });
      const failed = await say(one, id, 'hello');
      ctx.upstream.setDefaults({});
      expect(failed).toEqual(refused(expect.any(String), 502));
      const [question, answer] = await messagesOf(one, id);
      expect(question.content).toBe('hello');
      expect(answer).toMatchObject({
        status: 'failed',
        content: '',
        error: { message: (failed.body as any).msg },
      });
      expect(await one.history(id)).toEqual(ok([['hello', 1, TIME]]));
      expect(await say(one, id, 'again')).toEqual(ok(REPLY));
    });

    it('the model failing midway: 502 as well, and the part is no reply', async () => {
      const one = await companion();
      const id = await one.bot();
      ctx.upstream.setDefaults({ count: 5, error: 2 });
      const failed = await say(one, id, 'hello');
      ctx.upstream.setDefaults({});
      expect(failed).toEqual(refused(expect.any(String), 502));
      expect(await one.history(id)).toEqual(ok([['hello', 1, TIME]]));
    });

    it("no login: 401; another user's id: 403", async () => {
      const [one, other] = [await companion(), await companion()];
      const id = await one.bot();
      ctx.upstream.reset();
      const named = { user_id: one.userId, chatbot_id: id, input: 'hello' };
      const ask = (who: Companion, options: object) =>
        method === 'GET'
          ? who.get('/chat/new_chat', named, options)
          : who.post('/chat/new_chat', named, options);
      expect(await ask(one, { token: null })).toEqual(refused(expect.any(String), 401));
      expect(await ask(other, {})).toEqual(refused(expect.any(String), 403));
      expect(ctx.upstream.log).toEqual([]);
    });

    it('sent twice at once is said once, and both get its reply', async () => {
      const one = await companion();
      const id = await one.bot();
      ctx.upstream.reset();
      ctx.upstream.setDefaults({ gap: 20 });
      const answers = await Promise.all([say(one, id, 'hello'), say(one, id, 'hello')]);
      ctx.upstream.setDefaults({});
      expect(answers).toEqual([ok(REPLY), ok(REPLY)]);
      expect(calls()).toEqual(['hello']);
      expect(await messagesOf(one, id)).toHaveLength(2);
    });

    it('something else at the same time waits its turn', async () => {
      const one = await companion();
      const id = await one.bot();
      ctx.upstream.reset();
      ctx.upstream.setDefaults({ gap: 20 });
      const answers = await Promise.all([say(one, id, 'hello'), say(one, id, 'and you?')]);
      ctx.upstream.setDefaults({});
      expect(answers).toEqual([ok(REPLY), ok(REPLY)]);
      expect(new Set(calls())).toEqual(new Set(['and you?', 'hello']));
      const messages = await messagesOf(one, id);
      expect(messages.map(({ status }: any) => status)).toEqual(Array.from({ length: 4 }, () => 'completed'));
    });
  });

  it('a client that leaves loses no reply', async () => {
    const one = await companion();
    const id = await one.bot();
    ctx.upstream.setDefaults({ gap: 20 });
    const leaving = new AbortController();
    const left = one.post('/chat/new_chat', { chatbot_id: id, input: 'hello' }, { signal: leaving.signal });
    await eventually(async () => ((await one.history(id)).body as any).data.length === 1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await eventually(async () => ((await one.history(id)).body as any).data.length === 2);
    ctx.upstream.setDefaults({});
    expect(await one.history(id)).toEqual(
      ok([
        ['hello', 1, TIME],
        [REPLY, 0, TIME],
      ]),
    );
  });

  it('GET /chat/new_chat with the cookie is for pages of this site alone', async () => {
    const one = await companion();
    const id = await one.bot();
    const { username, password } = one.client.account;
    const { headers } = await ctx.client.post('/login', { username, password });
    const cookie = headers['set-cookie']![0]!.split(';')[0]!;
    const ask = (more: Record<string, string>) =>
      one.get(
        '/chat/new_chat',
        { chatbot_id: id, input: 'hello' },
        { token: null, headers: { cookie, ...more } },
      );
    ctx.upstream.reset();
    for (const site of ['cross-site', 'same-site', 'none'])
      expect(await ask({ 'sec-fetch-site': site })).toEqual(refused(expect.any(String), 403));
    expect(await ask({})).toEqual(refused(expect.any(String), 403));
    const own = `${ctx.api.url}/talk.html`;
    for (const referer of ['http://elsewhere.example.com/', `${own.replace('http:', 'https:')}`, 'nonsense'])
      expect(await ask({ referer })).toEqual(refused(expect.any(String), 403));
    expect(await ask({ referer: own, 'sec-fetch-site': 'cross-site' })).toEqual(
      refused(expect.any(String), 403),
    );
    expect(ctx.upstream.log).toEqual([]);
    expect(await ask({ 'sec-fetch-site': 'same-origin' })).toEqual(ok(REPLY));
    // A browser over plain HTTP says no more than the page.
    expect(await ask({ referer: own })).toEqual(ok(REPLY));
  });
});
