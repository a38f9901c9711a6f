import { describe, expect, it } from 'vitest';
import { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { allIndexed } from '../support/tables.ts';
import { begin, beginWith, eventually } from '../support/talk.ts';

interface Wire {
  id: number;
  seq: number;
  role: string;
  content: string;
  replyTo: number | null;
}

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe('recorded messages', () => {
  const ctx = useApi();

  const record = async (client: ApiClient, id: number, items: object[]): Promise<Wire[]> =>
    (await client.post(`conversations/${id}/messages/records`, { items }, { expect: 201 })).body.items;
  const say = async (client: ApiClient, id: number, content: string, more: object = {}) =>
    (await client.post(`conversations/${id}/messages`, { content, ...more }, { expect: 201 })).body;
  const active = async (client: ApiClient, id: number): Promise<Wire[]> =>
    (await client.get(`conversations/${id}/messages?branch=active&limit=100`)).body.items;
  const seen = () =>
    (ctx.upstream.log.at(-1)!.body as any).messages.map(({ role, content }: Wire) => `${role}: ${content}`);

  it('are kept as they are, in any order of roles, and nothing is asked of a model', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    ctx.upstream.reset();
    const items = [assistant('Welcome!'), user('One'), user('Two'), assistant('Re: Two'), assistant('And?')];
    const kept = await record(client, id, items);
    expect(kept.map(({ role, content }) => ({ role, content }))).toEqual(items);
    expect(kept.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(kept.map(({ replyTo }) => replyTo)).toEqual([null, ...kept.slice(0, 4).map(({ id: one }) => one)]);
    expect(kept[1]).toMatchObject({
      status: 'completed',
      error: null,
      provider: null,
      model: null,
      usage: null,
      files: [],
    });
    expect(await active(client, id)).toEqual(kept);
    expect((await client.get(`conversations/${id}`)).body).toMatchObject({ title: 'One', activeSeq: 5 });
    expect(ctx.upstream.log).toEqual([]);
    expect(await ctx.query('SELECT * FROM usage_days WHERE user_id = ?', [client.account.id])).toEqual([]);
  });

  it('are all seen by the model of the next turn, which goes on from the last one', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const kept = await record(client, id, [
      ...[assistant('Welcome!'), user('One'), user('Two'), assistant('Re: Two'), assistant('And?')],
    ]);
    const { userMessage } = await say(client, id, 'Three');
    expect(userMessage.replyTo).toBe(kept.at(-1)!.id);
    expect(seen()).toEqual([
      ...['assistant: Welcome!', 'user: One', 'user: Two', 'assistant: Re: Two', 'assistant: And?'],
      'user: Three',
    ]);
    const [four] = await record(client, id, [user('Four')]);
    expect((await say(client, id, 'Five')).userMessage.replyTo).toBe(four!.id);
    expect(seen().slice(-3)).toEqual([expect.stringMatching(/^assistant: /), 'user: Four', 'user: Five']);
  });

  it('of the user that have no answer can be answered, and their answer follows them', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const [one, two] = await record(client, id, [user('One'), user('Two')]);
    const again = (messageId: number) =>
      client.post(`messages/${messageId}/regenerate`, undefined, { expect: 201 });
    const { body } = await again(two!.id);
    expect(body.userMessage).toMatchObject({ id: two!.id, content: 'Two' });
    expect(body.assistantMessage).toMatchObject({ replyTo: two!.id, seq: 3, status: 'completed' });
    expect(seen()).toEqual(['user: One', 'user: Two']);
    expect((await active(client, id)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    // An earlier one begins a branch, as an answer that is made again does.
    expect((await again(one!.id)).body.assistantMessage).toMatchObject({ replyTo: one!.id, seq: 4 });
    expect((await active(client, id)).map(({ seq }) => seq)).toEqual([1, 4]);
  });

  it('that answer no message of the user cannot be made again, but be read, followed and gone on from', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const [welcome, more] = await record(client, id, [assistant('Welcome!'), assistant('Sit down.')]);
    for (const one of [welcome!, more!])
      expect((await client.post(`messages/${one.id}/regenerate`)).body.code).toBe('not_found');
    const events = await (await client.stream(`messages/${more!.id}/events`)).collect();
    expect(events.map(({ event }) => event)).toEqual(['message.delta', 'message.completed']);
    ctx.upstream.setDefaults({ pieces: ['["What is there?"]'] });
    const { body } = await client.get(`messages/${welcome!.id}/suggestions`);
    ctx.upstream.setDefaults({});
    expect(body.items).toEqual(['What is there?']);
    expect((await say(client, id, 'Tea', { replyTo: welcome!.id })).userMessage.replyTo).toBe(welcome!.id);
  });

  it('can be said otherwise: what follows a message without an answer names it', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const [one] = await record(client, id, [user('One')]);
    const { userMessage } = await say(client, id, 'Two');
    expect(userMessage.replyTo).toBe(one!.id);
    await say(client, id, 'Two, rather', { replyTo: one!.id });
    expect(seen()).toEqual(['user: One', 'user: Two, rather']);
    const refused = await client.post(`conversations/${id}/messages`, {
      content: 'x',
      replyTo: userMessage.id,
    });
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'replyTo']);
  });

  it('have the times that they were said at, and do not make their conversation older', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const at = (createdAt: string) => ({ ...user('Then'), createdAt });
    const kept = await record(client, id, [at('2020-05-01T10:00:00+02:00'), at('2019-01-01T00:00:00.5Z')]);
    expect(kept.map((one: any) => one.createdAt)).toEqual([
      ...['2020-05-01T08:00:00.000Z', '2019-01-01T00:00:00.500Z'],
    ]);
    const timeOf = async () => (await client.get(`conversations/${id}`)).body.lastMessageAt;
    expect(await timeOf()).toBe('2020-05-01T08:00:00.000Z');
    const { createdAt } = (await say(client, id, 'Now')).userMessage;
    await record(client, id, [at('2021-01-01T00:00:00Z')]);
    expect(Date.parse(await timeOf())).toBeGreaterThanOrEqual(Date.parse(createdAt) - 1_000);
  });

  it('are refused where they are no messages, or too many', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const fieldOf = async (items: unknown) => {
      const answer = await client.post(`conversations/${id}/messages/records`, { items });
      expect(answer.status).toBe(400);
      return answer.body.errors[0].field;
    };
    expect(await fieldOf([])).toBe('items');
    expect(await fieldOf(Array.from({ length: 101 }, () => user('x')))).toBe('items');
    expect(await fieldOf([user('x'), user(' ')])).toBe('items.1.content');
    expect(await fieldOf([{ role: 'system', content: 'x' }])).toBe('items.0.role');
    expect(await fieldOf([user('x'.repeat(100_001))])).toBe('items.0.content');
    for (const createdAt of ['2999-01-01T00:00:00Z', '2020-01-01', '0999-01-01T00:00:00Z', 5, null])
      expect(await fieldOf([{ ...user('x'), createdAt }])).toBe('items.0.createdAt');
    expect(await active(client, id)).toEqual([]);
  });

  it('do not come in beside a running turn', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:hang-head' });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Hi' } });
    const [running] = (await client.get(`conversations/${id}/messages`)).body.items.slice(-1);
    const refused = await client.post(`conversations/${id}/messages/records`, { items: [user('x')] });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'turn_running', runningMessageId: running.id });
    await client.post(`messages/${running.id}/stop`);
    await stream.collect();
    expect((await record(client, id, [user('x')]))[0]).toMatchObject({ seq: 3, replyTo: running.id });
  });

  it('are one line with turns, however many come at once, at two processes', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const other = await ctx.startAnother();
    const elsewhere = new ApiClient(other.url, { spec: ctx.spec, token: client.token! });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => {
        const who = n % 2 === 0 ? client : elsewhere;
        if (n % 8 === 0) return who.post(`conversations/${id}/messages`, { content: `Turn ${n}` });
        const items = [user(`Record ${n}`), assistant(`Re: ${n}`)];
        return who.post(`conversations/${id}/messages/records`, { items });
      }),
    );
    const made = answers.filter(({ status }) => status === 201).length;
    expect(answers.filter(({ status, body }) => status !== 201 && body.code !== 'turn_running')).toEqual([]);
    expect(made).toBeGreaterThan(0);
    const line = await active(client, id);
    expect(line).toHaveLength(2 * made);
    expect(line.map(({ seq }) => seq)).toEqual(line.map((_, index) => index + 1));
  });

  it('are found by what they say', async () => {
    const client = await ctx.register();
    const id = await begin(client, { title: 'Untitled' });
    await record(client, id, [assistant('We have bouillabaisse.'), user('And oolong?')]);
    await allIndexed(ctx, client.account.id);
    for (const q of ['bouillabaisse', 'oolong']) {
      const { items } = (await client.get(`conversations?q=${q}`)).body;
      expect(items.map((one: Wire) => one.id)).toEqual([id]);
    }
  });

  it("are nobody else's", async () => {
    const [client, stranger] = [await ctx.register(), await ctx.register()];
    const id = await begin(client);
    const [one] = await record(client, id, [user('One')]);
    const items = [user('Mine')];
    expect((await stranger.post(`conversations/${id}/messages/records`, { items })).body.code).toBe(
      'not_found',
    );
    expect((await stranger.patch(`messages/${one!.id}`, { content: 'Mine' })).body.code).toBe('not_found');
    expect(await active(client, id)).toEqual([one]);
  });

  describe('that have no answer', () => {
    const found = async (client: ApiClient, q: string) =>
      (await client.get(`conversations?q=${q}`)).body.items.map(({ match }: any) => match.seq);

    it('can be reworded: title and search follow', async () => {
      const client = await ctx.register();
      const id = await begin(client);
      const [one] = await record(client, id, [user('Tea with lemon')]);
      await allIndexed(ctx, client.account.id);
      const { body } = await client.patch(
        `messages/${one!.id}`,
        { content: 'Tea with milk' },
        { expect: 200 },
      );
      expect(body).toEqual({ ...one, content: 'Tea with milk' });
      expect((await client.get(`conversations/${id}`)).body.title).toBe('Tea with milk');
      await client.patch(`conversations/${id}`, { title: 'Untitled' });
      expect(await found(client, 'lemon')).toEqual([]);
      expect(await found(client, 'milk')).toEqual([1]);
      expect(await found(client, 'tea')).toEqual([1]);
      await client.post(`messages/${one!.id}/regenerate`, undefined, { expect: 201 });
      expect(seen()).toEqual(['user: Tea with milk']);
    });

    it('and are not indexed yet are found by their new text', async () => {
      const client = await ctx.register();
      const id = await begin(client, { title: 'Untitled' });
      const [one] = await record(client, id, [user('Tea with lemon')]);
      await client.patch(`messages/${one!.id}`, { content: 'Tea with milk' }, { expect: 200 });
      await allIndexed(ctx, client.account.id);
      expect([await found(client, 'lemon'), await found(client, 'milk')]).toEqual([[], [1]]);
    });

    it('lose that with their answer; answers are not reworded at all', async () => {
      const client = await ctx.register();
      const id = await beginWith(client, { model: 'test:gap=30,count=20' });
      const [one] = await record(client, id, [user('Tea')]);
      const answering = client.post(`messages/${one!.id}/regenerate`);
      const reworded = () => client.patch(`messages/${one!.id}`, { content: 'Milk' });
      await eventually(async () => (await reworded()).body.code === 'message_answered');
      const { assistantMessage } = (await answering).body;
      expect((await reworded()).status).toBe(409);
      expect((await client.patch(`messages/${assistantMessage.id}`, { content: 'x' })).status).toBe(404);
    });
  });
});
