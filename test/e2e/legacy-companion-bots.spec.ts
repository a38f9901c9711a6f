import { describe, expect, it } from 'vitest';
import { Companion, refused, said, saidBy } from '../support/companion.ts';
import { useApi } from '../support/suite.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;
const ok = (data: unknown) => said({ code: 200, msg: 'OK', data });

describe('companion: bots', () => {
  const ctx = useApi({ env: { LEGACY_TIME_ZONE: 'Asia/Shanghai' } });
  const companion = async () => new Companion(await ctx.register());

  const told = (name: string, type: 0 | 1, persona: string) => ({
    ...{ chatbot_name: name, chatbot_type: type, chatbot_persona: persona },
    create_at: expect.stringMatching(TIME),
  });

  it('GET /bots/get_persona: the configured list, also without a login', async () => {
    const list = ok(['Jay Chou', 'Jackie Chan', 'Defined by me']);
    expect(saidBy(await ctx.client.get('/bots/get_persona'))).toEqual(list);
    expect(await (await companion()).get('/bots/get_persona')).toEqual(list);
  });

  it('POST /bots/create: the documented example, whose persona a plain bot does not have', async () => {
    const one = await companion();
    const example = { chatbot_name: 'Bot-1', chatbot_type: 0, chatbot_persona: 'Jackie Chan' };
    const answer = await one.post('/bots/create', example);
    expect(answer).toEqual(ok([{ chatbot_id: expect.any(Number) }]));
    const [{ chatbot_id: id }] = (answer.body as any).data;
    expect(await one.post('/bots/detail', { chatbot_id: id })).toEqual(ok([told('Bot-1', 0, '')]));
    const { body } = await one.client.get(`chatbots/${id}`, { expect: 200 });
    expect(body).toMatchObject({ name: 'Bot-1', kind: 'plain', persona: null });
  });

  it('POST /bots/create: a bot that plays a persona', async () => {
    const one = await companion();
    const id = await one.bot({ chatbot_name: 'hahaha', chatbot_type: '1', chatbot_persona: 'Jackie Chan' });
    const { body } = await one.client.get(`chatbots/${id}`, { expect: 200 });
    expect(body).toMatchObject({ name: 'hahaha', kind: 'persona', persona: 'Jackie Chan' });
  });

  it.each([
    ['without a name', { chatbot_type: 0 }, /^chatbot_name /],
    ['with a blank name', { chatbot_name: ' ', chatbot_type: 0 }, /^chatbot_name must not be blank$/],
    [
      'with a long name',
      { chatbot_name: 'x'.repeat(101), chatbot_type: 0 },
      /^chatbot_name .*100 characters$/,
    ],
    ['without a type', { chatbot_name: 'Bot-1' }, /^chatbot_type must be one of: 0, 1$/],
    ['with another type', { chatbot_name: 'Bot-1', chatbot_type: 2 }, /^chatbot_type must be one of: 0, 1$/],
    [
      'of type 1 without a persona',
      { chatbot_name: 'Bot-1', chatbot_type: 1 },
      /^chatbot_persona is required$/,
    ],
    [
      'of type 1 with a blank one',
      { chatbot_name: 'Bot-1', chatbot_type: 1, chatbot_persona: ' ' },
      /^chatbot_persona is/,
    ],
  ])('POST /bots/create otherwise: %s', async (_what, fields, msg) => {
    const one = await companion();
    expect(await one.post('/bots/create', fields)).toEqual(refused(expect.stringMatching(msg)));
    expect((await one.client.get('chatbots')).body.items).toEqual([]);
  });

  it('POST /bots/detail: the documented example; ids also as texts', async () => {
    const one = await companion();
    const id = await one.bot({ chatbot_type: 1, chatbot_persona: 'Xiao' });
    const detail = ok([told('Bot-1', 1, 'Xiao')]);
    expect(await one.post('/bots/detail', { chatbot_id: id })).toEqual(detail);
    expect(await one.post('/bots/detail', { user_id: String(one.userId), chatbot_id: String(id) })).toEqual(
      detail,
    );
  });

  it('POST /bots/detail: create_at is in the configured zone', async () => {
    const one = await companion();
    const id = await one.bot();
    const { createdAt } = (await one.client.get(`chatbots/${id}`)).body;
    const there = new Date(Date.parse(createdAt) + 8 * 3_600_000).toISOString().slice(0, 19);
    const { data } = (await one.post('/bots/detail', { chatbot_id: id })).body as any;
    expect(data[0].create_at).toBe(there);
  });

  it("POST /bots/detail otherwise: unknown, missing, deleted, and somebody else's", async () => {
    const [one, other] = [await companion(), await companion()];
    const [theirs, deleted] = [await other.bot(), await one.bot()];
    await one.post('/bots/delete', { chatbot_id: deleted });
    for (const fields of [{ chatbot_id: 987_654_321 }, {}, { chatbot_id: deleted }, { chatbot_id: theirs }])
      expect(await one.post('/bots/detail', fields)).toEqual(refused('DetailsNotFound'));
  });

  it('POST /bots/list: all of them, oldest first', async () => {
    const one = await companion();
    const ids: number[] = [];
    for (let n = 1; n <= 101; n += 1) ids.push(await one.bot({ chatbot_name: `Bot-${n}` }));
    expect(await one.post('/bots/list')).toEqual(
      ok(ids.map((id, index) => ({ chatbot_id: id, ...told(`Bot-${index + 1}`, 0, '') }))),
    );
  });

  it('POST /bots/list otherwise: no bots', async () => {
    expect(await (await companion()).post('/bots/list')).toEqual(refused('DetailsNotFound'));
  });

  it('POST /bots/delete: the documented example; gone from lists, no longer to be talked to, history stays', async () => {
    const one = await companion();
    const [id, stays] = [await one.bot(), await one.bot({ chatbot_name: 'Bot-2' })];
    await one.say(id, 'hello');
    const before = await one.history(id);
    expect(await one.post('/bots/delete', { chatbot_id: String(id) })).toEqual(ok([]));
    expect((await one.post('/bots/list')).body).toMatchObject({ data: [{ chatbot_id: stays }] });
    expect(await one.get('/chat/list')).toEqual(said({ code: 200, msg: 'ok', data: [] }));
    expect(await one.say(id, 'hello')).toEqual(refused('ChatbotNotFound'));
    expect(await one.history(id)).toEqual(before);
    expect((before.body as any).data).toHaveLength(2);
  });

  it("POST /bots/delete otherwise: unknown, deleted already, missing, and somebody else's", async () => {
    const [one, other] = [await companion(), await companion()];
    const [theirs, deleted] = [await other.bot(), await one.bot()];
    await one.post('/bots/delete', { chatbot_id: deleted });
    for (const fields of [{ chatbot_id: 987_654_321 }, { chatbot_id: deleted }, {}, { chatbot_id: theirs }])
      expect(await one.post('/bots/delete', fields)).toEqual(refused('ChatbotNotFound'));
    expect((await other.post('/bots/list')).body).toMatchObject({ data: [{ chatbot_id: theirs }] });
  });

  it('forms are taken as JSON is, with slashes doubled or at the end', async () => {
    const one = await companion();
    const fields = { user_id: String(one.userId), chatbot_name: 'Bot-1', chatbot_type: '0' };
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    expect(await one.post('/bots/create/', form)).toMatchObject({ status: 200, body: { code: 200 } });
    const urlencoded = await fetch(`${ctx.api.url}//bots/create`, {
      method: 'POST',
      headers: { authorization: `Bearer ${one.client.token}` },
      body: new URLSearchParams(fields),
    });
    expect(await urlencoded.json()).toMatchObject({ code: 200, msg: 'OK' });
    expect((await one.client.get('chatbots')).body.items).toHaveLength(2);
  });

  it("without a login, and with another user's id, nothing is told or done", async () => {
    const [one, other] = [await companion(), await companion()];
    const id = await one.bot();
    for (const path of ['/bots/create', '/bots/detail', '/bots/list', '/bots/delete']) {
      const fields = { chatbot_id: id, chatbot_name: 'x', chatbot_type: 0 };
      expect(await one.post(path, fields, { token: null })).toEqual(refused(expect.any(String), 401));
      const named = await other.post(path, { ...fields, user_id: one.userId });
      expect(named).toEqual(refused(expect.any(String), 403));
    }
    expect((await one.client.get('chatbots')).body.items.map((bot: any) => bot.id)).toEqual([id]);
    expect((await other.client.get('chatbots')).body.items).toEqual([]);
  });

  it('broken JSON and too long bodies are refused in the envelope', async () => {
    const one = await companion();
    const broken = await one.client.post('/bots/list', undefined, { raw: '{"user_id":' });
    expect(saidBy(broken)).toEqual(refused(expect.any(String), 400));
    const long = await one.post('/bots/create', { chatbot_name: 'x'.repeat(1_100_000) });
    expect(long).toEqual(refused(expect.any(String), 413));
  });
});
