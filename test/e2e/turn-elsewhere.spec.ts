import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { useApi } from '../support/suite.ts';
import { begin, beginWith, eventually, textOf } from '../support/talk.ts';

const isMariaDb = inject('dialect') === 'mariadb';

describe('a turn and a process that does not run it', () => {
  const ctx = useApi();
  /** Hears no signals, and sends none: its Redis is another one, or there is none. The rows are the same. */
  let other: ApiProcess;
  let deaf: Redis | undefined;

  beforeAll(async () => {
    if (isMariaDb) deaf = await startRedis();
    other = await ctx.startAnother(deaf && { REDIS_URL: deaf.url });
  }, 60_000);

  afterAll(async () => {
    await other.stop();
    await deaf?.stop();
  });

  it('stops there, by its row alone, while it is being written', async () => {
    const client = await ctx.register();
    ctx.upstream.reset();
    const id = await beginWith(client, { model: 'test:gap=20,never-ending' });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
    await stream.nextOf('message.delta');
    const { body } = await client.at(other.url).post(`messages/${answerId}/stop`, undefined, { expect: 200 });
    // The request waits for the end, three seconds at most.
    expect(body.status).toBe('stopped');
    expect(body.content).not.toBe('');
    const events = await stream.collect();
    expect(events.at(-1)).toMatchObject({ event: 'message.stopped', data: { message: body } });
    expect(textOf(events)).toBe(body.content);
    await eventually(async () => ctx.upstream.log[0]!.closedByClient);
  });

  it('stops before anything came from its model, wherever that is asked for', async () => {
    const client = await ctx.register();
    ctx.upstream.reset();
    const ids = await Promise.all(
      Array.from({ length: 12 }, () => beginWith(client, { model: 'test:hang-head' })),
    );
    const ends = await Promise.all(
      ids.map(async (id, n) => {
        const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
        const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
        const at = n % 2 ? client : client.at(other.url);
        const { body } = await at.post(`messages/${answerId}/stop`, undefined, { expect: 200 });
        const last = (await stream.collect()).at(-1)!;
        return [body.status, last.event, last.data.message.content];
      }),
    );
    expect(ends).toEqual(Array(12).fill(['stopped', 'message.stopped', '']));
    await eventually(async () => ctx.upstream.log.every(({ closedByClient }) => closedByClient));
    const rows = await ctx.query('SELECT id FROM messages WHERE owner_id = ? AND running_in IS NOT NULL', [
      client.account.id,
    ]);
    expect(rows).toEqual([]);
    expect((await client.get('users/me/usage')).body.today.tokens).toMatchObject({ total: 0, reserved: 0 });
  });

  it('stops though the process that stored it has died before it began', async () => {
    const client = await ctx.register();
    ctx.upstream.reset();
    const id = await begin(client);
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'One' }, { expect: 201 });
    const answerId = body.assistantMessage.id;
    const time = (inMs: number) => {
      const at = new Date(Date.now() + inMs);
      return isMariaDb ? at : at.toISOString().replace('T', ' ').replace('Z', '');
    };
    // Made a moment earlier, it has no stream, as one that was never begun.
    await ctx.query(
      `UPDATE messages SET status = 'pending', content = '', running_in = ?, lease_owner = 'gone', lease_expires_at = ?,
       created_at = ?, input_tokens = NULL, output_tokens = NULL, finished_at = NULL WHERE id = ?`,
      [id, time(1_500), time(-60_000), answerId],
    );
    const stopped = await client.at(other.url).post(`messages/${answerId}/stop`, undefined, { expect: 200 });
    expect(stopped.body).toMatchObject({ status: 'stopped', content: '', error: null });
    expect(ctx.upstream.log).toHaveLength(1);
    await client.post(`conversations/${id}/messages`, { content: 'Two' }, { expect: 201 });
  });

  it('is answered anew there', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const path = `conversations/${id}/messages`;
    const first = (await client.post(path, { content: 'One' }, { expect: 201 })).body;
    const stream = await client
      .at(other.url)
      .stream(`messages/${first.assistantMessage.id}/regenerate`, { method: 'POST' });
    const events = await stream.collect();
    const made = events.at(-1)!.data.message;
    expect(events[0]!.data.userMessage).toEqual(first.userMessage);
    expect(made).toMatchObject({ seq: 3, replyTo: first.userMessage.id, status: 'completed' });
    const next = (await client.post(path, { content: 'Two' }, { expect: 201 })).body;
    expect(next.userMessage).toMatchObject({ seq: 4, replyTo: made.id });
    const { items } = (await client.get(path)).body;
    expect(items.slice(0, 3)).toEqual([first.userMessage, first.assistantMessage, made]);
  });

  it('is refused there while it runs here', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=20,never-ending' });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
    const refused = await client.at(other.url).post(`messages/${answerId}/regenerate`);
    expect([refused.status, refused.body.code]).toEqual([409, 'turn_running']);
    expect(refused.body.runningMessageId).toBe(answerId);
    await client.post(`messages/${answerId}/stop`, undefined, { expect: 200 });
    await stream.collect();
  });
});
