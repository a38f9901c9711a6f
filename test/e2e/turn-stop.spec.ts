import { describe, expect, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import { begin, beginWith, eventually, textOf } from '../support/talk.ts';

describe('stopping a turn', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0' } });

  it('closes the upstream socket at once and keeps the part', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=10,never-ending' });
    ctx.upstream.reset();
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
    for (let n = 0; n < 20; n += 1) await stream.nextOf('message.delta');
    const askedAt = Date.now();
    const stopped = await client.post(`messages/${answerId}/stop`, undefined, { expect: 200 });
    const call = ctx.upstream.log[0]!;
    expect(call.closedByClient).toBe(true);
    // How long it takes is measured by test/bench/stop.ts; here a busy machine is allowed for.
    expect(call.closedAt! - askedAt).toBeLessThan(1_000);
    const events = await stream.collect();
    expect(events.at(-1)?.event).toBe('message.stopped');
    expect(stopped.body).toMatchObject({ status: 'stopped', content: textOf(events), error: null });
    expect(stopped.body.usage.estimated).toBe(true);
    const [row] = await ctx.query('SELECT status, content, running_in FROM messages WHERE id = ?', [
      answerId,
    ]);
    expect(row).toEqual({ status: 'stopped', content: textOf(events), running_in: null });
    expect((await client.post(`messages/${answerId}/stop`, undefined, { expect: 200 })).body).toEqual(
      stopped.body,
    );
  });

  it('works while the model has not said anything, even while its head hangs', async () => {
    const client = await ctx.register();
    for (const model of ['test:hang-head', 'test:hang=0', 'test:delay=60000']) {
      ctx.upstream.reset();
      const id = await beginWith(client, { model });
      const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
      const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
      await eventually(async () => ctx.upstream.log.length === 1);
      const askedAt = Date.now();
      const { body } = await client.post(`messages/${answerId}/stop`, undefined, { expect: 200 });
      expect(body).toMatchObject({ status: 'stopped', content: '' });
      expect(ctx.upstream.log[0]!.closedByClient).toBe(true);
      expect(ctx.upstream.log[0]!.closedAt! - askedAt).toBeLessThan(1_000);
      expect((await stream.collect()).at(-1)?.event).toBe('message.stopped');
    }
  });

  it('lets the conversation go on, with the part in its history', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=30' });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'First' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
    for (let n = 0; n < 3; n += 1) await stream.nextOf('message.delta');
    const part = (await client.post(`messages/${answerId}/stop`)).body.content as string;
    expect(part.length).toBeGreaterThan(0);
    ctx.upstream.reset();
    await client.post(`conversations/${id}/messages`, { content: 'Second' }, { expect: 201 });
    expect((ctx.upstream.log[0]!.body as any).messages).toEqual([
      { role: 'user', content: 'First' },
      { role: 'assistant', content: part },
      { role: 'user', content: 'Second' },
    ]);
  });

  it('reaches a turn in another process', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=20,never-ending' });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
    await stream.nextOf('message.delta');
    const { body } = await client.at(other.url).post(`messages/${answerId}/stop`, undefined, { expect: 200 });
    expect(body.status).toBe('stopped');
    expect((await stream.collect()).at(-1)?.event).toBe('message.stopped');
  });

  it('is nothing for a user message, and changes nothing on an ended answer', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'Hello' });
    expect(
      (await client.post(`messages/${body.userMessage.id}/stop`, undefined, { expect: 200 })).body,
    ).toEqual(body.userMessage);
    expect(
      (await client.post(`messages/${body.assistantMessage.id}/stop`, undefined, { expect: 200 })).body,
    ).toEqual(body.assistantMessage);
  });
});

describe('two at once', () => {
  const ctx = useApi();

  it('lets one of 20 sends into a conversation', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=20' });
    ctx.upstream.reset();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        client.post(`conversations/${id}/messages`, { content: `Send ${n}` }),
      ),
    );
    const won = answers.filter(({ status }) => status === 201);
    const lost = answers.filter(({ status }) => status === 409);
    expect([won.length, lost.length]).toEqual([1, 19]);
    for (const { body } of lost) {
      expect(body).toMatchObject({
        code: 'turn_running',
        runningMessageId: won[0]!.body.assistantMessage.id,
      });
    }
    expect(ctx.upstream.log).toHaveLength(1);
    const { body } = await client.get(`conversations/${id}/messages`);
    expect(body.items.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2]);
  });

  it('makes one turn of 20 sends with one key', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=10' });
    ctx.upstream.reset();
    const send = (content: string) =>
      client.post(`conversations/${id}/messages`, { content }, { headers: { 'Idempotency-Key': 'key-1' } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('Once')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(19);
    expect(ctx.upstream.log).toHaveLength(1);
    const later = await send('Once');
    expect(later.headers['idempotent-replayed']).toBe('true');
    expect(later.body).toEqual(answers[0]!.body);
    expect((await send('Other')).body.code).toBe('idempotency_key_reused');
    const stream = await client.stream(`conversations/${id}/messages`, {
      body: { content: 'Once' },
      headers: { 'Idempotency-Key': 'key-1' },
    });
    expect((await stream.collect()).at(-1)?.data.message).toEqual(later.body.assistantMessage);
    expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(2);
    const stranger = await ctx.register();
    const own = await begin(stranger);
    const free = await stranger.post(
      `conversations/${own}/messages`,
      { content: 'x' },
      { headers: { 'Idempotency-Key': 'key-1' } },
    );
    expect(free.headers['idempotent-replayed']).toBeUndefined();
  });
});
