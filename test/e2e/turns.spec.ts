import { describe, expect, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import { begin, beginWith, eventually, textOf } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const ANSWER = PIECES.join('');

describe('a turn', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0' } });

  it('is stored, streamed and persisted, with a persona bot', async () => {
    const client = await ctx.register();
    const persona = 'You are an old sailor who loves tea. 你爱喝茶。';
    const id = await beginWith(client, {
      name: 'Captain',
      kind: 'persona',
      persona,
      instructions: 'Be brief.',
    });
    ctx.upstream.reset();
    const stream = await client.stream(`conversations/${id}/messages`, {
      body: { content: 'Ahoy, 船长! 👋🏽' },
    });
    expect(stream.response.headers['x-accel-buffering']).toBe('no');
    expect(stream.response.headers['cache-control']).toBe('no-cache, no-transform');
    const events = await stream.collect();
    expect(events.map(({ id: seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events[0]?.event).toBe('message.created');
    expect(events.slice(1, -1).every(({ event }) => event === 'message.delta')).toBe(true);
    expect(textOf(events)).toBe(ANSWER);
    const last = events.at(-1)!;
    expect(last.event).toBe('message.completed');
    expect(last.data.message).toMatchObject({
      content: ANSWER,
      status: 'completed',
      seq: 2,
      provider: 'openai',
    });
    expect(last.data.message.usage.estimated).toBe(false);
    const { body: page } = await client.get(`conversations/${id}/messages`);
    expect(page.items).toEqual([events[0]!.data.userMessage, last.data.message]);
    const system = (ctx.upstream.log[0]!.body as any).messages[0];
    expect(system.role).toBe('system');
    expect(system.content).toContain(persona);
    expect(system.content).toContain('Be brief.');
  });

  it("is answered in the topic's language, the chatbot's where the topic names none, and never in two", async () => {
    const client = await ctx.register();
    const bot = await client.post('chatbots', { name: 'Guide', replyLanguage: 'fr' }, { expect: 201 });
    const asked = async (replyLanguage: string | null) => {
      const topic = await client.post('topics', { theme: '机场', replyLanguage }, { expect: 201 });
      const made = { chatbotId: bot.body.id, topicId: topic.body.id };
      const { body: conversation } = await client.post('conversations', made, { expect: 201 });
      ctx.upstream.reset();
      await client.post(`conversations/${conversation.id}/messages`, { content: '你好' }, { expect: 201 });
      const { content } = (ctx.upstream.log[0]!.body as any).messages[0];
      return [...content.matchAll(/Always answer in (\w+), whatever language/g)].map(([, name]) => name);
    };
    expect(await asked('en')).toEqual(['English']);
    expect(await asked(null)).toEqual(['French']);
  });

  it('sends the history once and the prompt once', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    ctx.upstream.reset();
    await client.post(`conversations/${id}/messages`, { content: 'I like trains.' }, { expect: 201 });
    await client.post(`conversations/${id}/messages`, { content: 'What do I like?' }, { expect: 201 });
    expect((ctx.upstream.log[1]!.body as any).messages).toEqual([
      { role: 'user', content: 'I like trains.' },
      { role: 'assistant', content: ANSWER },
      { role: 'user', content: 'What do I like?' },
    ]);
  });

  it('answers whole where no stream is asked for', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'Hello' }, { expect: 201 });
    expect(body.userMessage).toMatchObject({ role: 'user', content: 'Hello', seq: 1, status: 'completed' });
    expect(body.assistantMessage).toMatchObject({
      content: ANSWER,
      replyTo: body.userMessage.id,
      status: 'completed',
    });
    expect((await client.get(`messages/${body.assistantMessage.id}`)).body).toEqual(body.assistantMessage);
  });

  it('names the conversation by its first 40 graphemes, once', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const family = '👨‍👩‍👧‍👦';
    await client.post(`conversations/${id}/messages`, { content: `  ${family.repeat(38)}\n\n e\u0301 more` });
    expect((await client.get(`conversations/${id}`)).body.title).toBe(`${family.repeat(38)} e\u0301…`);
    await client.post(`conversations/${id}/messages`, { content: 'Another' });
    expect((await client.get(`conversations/${id}`)).body.title).toContain(family);
    await client.patch(`conversations/${id}`, { title: 'Mine' }, { expect: 200 });
    await client.post(`conversations/${id}/messages`, { content: 'Third' });
    expect((await client.get(`conversations/${id}`)).body.title).toBe('Mine');
  });

  it('is replayed from any event, by any number of readers, while it runs and after', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=15,count=40' });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const created = await stream.nextOf('message.created');
    const answerId = created.data.assistantMessage.id;
    const path = `messages/${answerId}/events`;
    const readers = await Promise.all([
      client.stream(path),
      client.stream(`${path}?after=5`),
      client.stream(path, { headers: { 'Last-Event-ID': '12' } }),
    ]);
    const [all, after5, after12] = await Promise.all(readers.map((reader) => reader.collect()));
    const original = (await stream.collect()).map(({ id: seq, event, data }) => ({ id: seq, event, data }));
    const plain = (events: typeof all) =>
      events!.map(({ id: seq, event, data }) => ({ id: seq, event, data }));
    expect(plain(all)).toEqual(original);
    expect(plain(after5)).toEqual(original.slice(5));
    expect(plain(after12)).toEqual(original.slice(12));
    expect(plain(await (await client.stream(`${path}?after=40`)).collect())).toEqual(original.slice(40));
    expect(
      ctx.upstream.log.filter(({ body }) => (body as any).model === 'test:gap=15,count=40'),
    ).toHaveLength(1);
  });

  it('goes on when its reader leaves', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=10,count=30' });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    await stream.nextOf('message.delta');
    stream.close();
    await eventually(
      async () => (await client.get(`conversations/${id}/messages`)).body.items[1]?.status === 'completed',
    );
    const { body } = await client.get(`conversations/${id}/messages`);
    expect(body.items[1].content).toBe(ANSWER);
  });

  it('is on its row while it runs, at most 250 ms behind', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=20,count=100' });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
    const seen: { at: number; text: string }[] = [];
    const lags: number[] = [];
    let text = '';
    for await (const event of stream) {
      if (event.event !== 'message.delta') break;
      text += event.data.text;
      seen.push({ at: performance.now(), text });
      if (seen.length % 10 !== 0) continue;
      const { body } = await client.get(`messages/${answerId}`);
      const behind = seen.findLast(({ text: known }) => known.length <= body.content.length);
      lags.push(performance.now() - (behind?.at ?? performance.now()));
      expect(text.startsWith(body.content) || body.content.startsWith(text)).toBe(true);
    }
    expect(lags.length).toBeGreaterThan(5);
    // The bound is 250 ms; the reading itself and a busy machine are allowed for.
    expect(lags.toSorted((a, b) => a - b)[Math.floor(lags.length / 2)]).toBeLessThan(400);
  });

  it('keeps whole newest turns within the budget, and never the prompt twice', async () => {
    const api = await ctx.startAnother({ LLM_CONTEXT_TOKENS: '600', LLM_MAX_OUTPUT_TOKENS: '100' });
    const client = (await ctx.register()).at(api.url);
    const id = await begin(client);
    for (let n = 1; n <= 8; n += 1) {
      await client.post(`conversations/${id}/messages`, { content: `Message number ${n}` }, { expect: 201 });
    }
    const body = ctx.upstream.log
      .map((call) => call.body as any)
      .findLast(({ messages }) => messages.at(-1).content === 'Message number 8');
    // Older turns may be in a summary by now, which goes before what is said word for word.
    const said = body.messages.filter(({ role }: { role: string }) => role !== 'system');
    const contents = said.map(({ content }: { content: string }) => content);
    expect(body.max_tokens ?? body.max_completion_tokens).toBe(100);
    expect(contents.at(-1)).toBe('Message number 8');
    expect(contents.filter((content: string) => content === 'Message number 8')).toHaveLength(1);
    expect(contents.length).toBeGreaterThan(2);
    expect(contents.length).toBeLessThan(15);
    expect(said.map(({ role }: { role: string }) => role)).toEqual(
      contents.map((_: string, index: number) => (index % 2 === 0 ? 'user' : 'assistant')),
    );
    const refused = await client.post(
      `conversations/${id}/messages`,
      { content: 'word '.repeat(700) },
      { expect: 400 },
    );
    expect(refused.body.errors[0].field).toBe('content');
    expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(16);
  });

  it('can be made again: both answers stay, and the newer one is the history', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const first = (await client.post(`conversations/${id}/messages`, { content: 'One' }, { expect: 201 }))
      .body;
    ctx.upstream.setDefaults({ pieces: ['Another ', 'answer'] });
    try {
      const again = await client.post(`messages/${first.assistantMessage.id}/regenerate`, undefined, {
        expect: 201,
      });
      expect(again.body.assistantMessage).toMatchObject({
        seq: 3,
        replyTo: first.userMessage.id,
        content: 'Another answer',
      });
      ctx.upstream.reset();
      await client.post(`conversations/${id}/messages`, { content: 'Two' }, { expect: 201 });
      const contents = (ctx.upstream.log[0]!.body as any).messages.map(
        ({ content }: { content: string }) => content,
      );
      expect(contents).toEqual(['One', 'Another answer', 'Two']);
      expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(5);
    } finally {
      ctx.upstream.setDefaults({});
    }
  });

  it('is not made with a deleted chatbot, nor by a provider that is not set up', async () => {
    const client = await ctx.register();
    const chatbot = (await client.post('chatbots', { name: 'Gone' }, { expect: 201 })).body;
    const id = await begin(client, { chatbotId: chatbot.id });
    await client.post(`conversations/${id}/messages`, { content: 'Hello' }, { expect: 201 });
    await client.delete(`chatbots/${chatbot.id}`, undefined, { expect: 204 });
    const refused = await client.post(`conversations/${id}/messages`, { content: 'Hello' }, { expect: 409 });
    expect(refused.body.code).toBe('chatbot_deleted');
    expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(2);
    const other = await beginWith(client, { provider: 'bailian' });
    const unknown = await client.post(
      `conversations/${other}/messages`,
      { content: 'Hello' },
      { expect: 400 },
    );
    expect(unknown.body.code).toBe('provider_not_configured');
    expect((await client.get(`conversations/${other}/messages`)).body.items).toHaveLength(0);
  });

  it('takes feedback on answers only', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'Hello' });
    for (const value of ['up', 'down', null]) {
      const rated = await client.put(
        `messages/${body.assistantMessage.id}/feedback`,
        { value },
        { expect: 200 },
      );
      expect(rated.body.feedback).toBe(value);
    }
    await client.put(`messages/${body.userMessage.id}/feedback`, { value: 'up' }, { expect: 404 });
  });

  it('ends when its conversation or its account is deleted', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=20,never-ending' });
    ctx.upstream.reset();
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    await stream.nextOf('message.delta');
    await client.delete(`conversations/${id}`, undefined, { expect: 204 });
    await eventually(async () => ctx.upstream.log[0]!.closedByClient);
    expect((await stream.collect()).at(-1)?.event).toBe('message.interrupted');
    const other = await beginWith(client, { model: 'test:gap=20,never-ending,no-usage' });
    const second = await client.stream(`conversations/${other}/messages`, { body: { content: 'Go' } });
    await second.nextOf('message.delta');
    await client.delete('users/me', { password: client.account.password }, { expect: 204 });
    await eventually(async () => ctx.upstream.log[1]!.closedByClient);
    for (const table of ['conversations', 'messages', 'chatbots', 'sessions']) {
      const column = table === 'sessions' ? 'user_id' : 'owner_id';
      expect(await ctx.query(`SELECT id FROM ${table} WHERE ${column} = ?`, [client.account.id])).toEqual([]);
    }
  });
});
