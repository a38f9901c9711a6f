import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import { begin, beginWith, eventually, textOf } from '../support/talk.ts';

describe('a process that is killed', () => {
  const ctx = useApi();

  it('leaves the message and the part of the answer, and the conversation goes on', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=10,never-ending' });
    const stream = await client.stream(`conversations/${id}/messages`, {
      body: { content: 'Do not lose me' },
    });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
    for (let n = 0; n < 80; n += 1) await stream.nextOf('message.delta');
    const seenBefore = textOf(stream.received.filter(({ at }) => at < performance.now() - 300));
    await ctx.api.kill();
    await stream.collect().catch(() => undefined);
    const rows = await ctx.query(
      'SELECT role, content, status FROM messages WHERE conversation_id = ? ORDER BY seq',
      [id],
    );
    expect(rows[0]).toEqual({ role: 'user', content: 'Do not lose me', status: 'completed' });
    expect(rows[1]!.status).toBe('streaming');
    // All but the last 250 ms of what the client had seen; a little more is allowed for a busy machine.
    expect(rows[1]!.content.startsWith(seenBefore)).toBe(true);
    expect(seenBefore.length).toBeGreaterThan(50);
    await ctx.restart();
    const interrupted = await eventually(async () => {
      const { body } = await client.get(`messages/${answerId}`);
      return body.status === 'interrupted' && body;
    }, 10_000);
    expect(interrupted.error.code).toBe('process_ended');
    // The longer of row and stream: where streams are in Redis, they survive their writer.
    expect(interrupted.content.startsWith(rows[1]!.content)).toBe(true);
    if (ctx.dialect === 'sqlite') expect(interrupted.content).toBe(rows[1]!.content);
    const replay = await (await client.stream(`messages/${answerId}/events`)).collect();
    const withoutDeltas = replay.map(({ event }) => event).filter((event) => event !== 'message.delta');
    expect(withoutDeltas).toEqual(['message.created', 'message.interrupted']);
    expect(textOf(replay)).toBe(interrupted.content);
    const behind = await (await client.stream(`messages/${answerId}/events?after=50`)).collect();
    expect(behind.at(-1)).toMatchObject({ event: 'message.interrupted', data: { message: interrupted } });
    await client.patch(`conversations/${id}`, { chatbotId: null }, { expect: 200 });
    ctx.upstream.reset();
    const next = await client.post(`conversations/${id}/messages`, { content: 'Go on' }, { expect: 201 });
    expect(next.body.assistantMessage.status).toBe('completed');
    expect((ctx.upstream.log[0]!.body as any).messages).toEqual([
      { role: 'user', content: 'Do not lose me' },
      { role: 'assistant', content: interrupted.content },
      { role: 'user', content: 'Go on' },
    ]);
  });

  it('is no reason for another process to touch the turns that run there', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=70,count=110' });
    const stream = await client.stream(`conversations/${id}/messages`, {
      body: { content: 'Take your time' },
    });
    const second = await beginWith(client, { model: 'test:gap=70,count=110' });
    const lost = await client
      .at(other.url)
      .stream(`conversations/${second}/messages`, { body: { content: 'x' } });
    await lost.nextOf('message.delta');
    await other.kill();
    await lost.collect().catch(() => undefined);
    expect((await stream.collect()).at(-1)?.event).toBe('message.completed');
    const { body } = await client.get(`conversations/${second}/messages`);
    expect(body.items[1].status).toBe('interrupted');
  });
});

describe('a process that is told to end', () => {
  const ctx = useApi({ env: { SHUTDOWN_GRACE_MS: '800' } });

  it('lets short answers end, interrupts long ones, and gives each stream its last event', async () => {
    const client = await ctx.register();
    const long = await Promise.all(
      Array.from({ length: 20 }, () => beginWith(client, { model: 'test:gap=20,never-ending' })),
    );
    const short = await Promise.all(
      Array.from({ length: 5 }, () => beginWith(client, { model: 'test:gap=10' })),
    );
    const open = (id: number) => client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const streams = await Promise.all([...long, ...short].map(open));
    await Promise.all(streams.map((stream) => stream.nextOf('message.delta')));
    const ended = Promise.all(streams.map((stream) => stream.collect()));
    const stopped = await ctx.api.stop();
    expect(stopped.code).toBe(0);
    expect(stopped.ms).toBeLessThan(15_000);
    const lasts = (await ended).map((events) => events.at(-1)!.event);
    expect(lasts).toEqual([...Array(20).fill('message.interrupted'), ...Array(5).fill('message.completed')]);
    const running = await ctx.query(
      "SELECT id FROM messages WHERE running_in IS NOT NULL OR status IN ('pending', 'streaming')",
    );
    expect(running).toEqual([]);
    await ctx.restart();
  });

  it('leaves nothing running of what was just being begun', async () => {
    await ctx.restart({ SHUTDOWN_GRACE_MS: '0', OPENAI_MODEL: 'test:gap=20,never-ending' });
    const client = await ctx.register();
    const ids = await Promise.all(Array.from({ length: 200 }, () => begin(client)));
    const first = await client.stream(`conversations/${ids.pop()}/messages`, { body: { content: 'Go' } });
    await first.nextOf('message.created');
    const sends = ids.map((id) => client.post(`conversations/${id}/messages`, { content: 'Go' }));
    const answers = Promise.allSettled(sends);
    await sleep(60);
    expect((await ctx.api.stop()).code).toBe(0);
    await answers;
    expect(await ctx.query('SELECT id FROM messages WHERE running_in IS NOT NULL')).toEqual([]);
    await ctx.restart();
  });

  it('refuses what is new while it ends, and says it is not ready', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=20,never-ending' });
    const free = await begin(client);
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    await stream.nextOf('message.delta');
    const stopping = ctx.api.stop();
    await sleep(200);
    const ready = await client.get('/health/ready').catch(() => undefined);
    const refused = await client
      .post(`conversations/${free}/messages`, { content: 'x' })
      .catch(() => undefined);
    if (ready) expect([ready.status, ready.body.shuttingDown]).toEqual([503, true]);
    if (refused) expect([refused.status, refused.body.code]).toEqual([503, 'shutting_down']);
    expect((await stream.collect()).at(-1)?.event).toBe('message.interrupted');
    await stopping;
    await ctx.restart();
    expect((await client.get(`conversations/${free}/messages`)).body.items).toEqual([]);
  });

  it('does not wait for a reader that has stopped reading', async () => {
    const client = await ctx.register();
    // More than all buffers on the way to him hold.
    ctx.upstream.setDefaults({ pieces: ['话'.repeat(4_000)] });
    const id = await beginWith(client, { model: 'test:count=240' });
    const socket = connect(Number(new URL(ctx.api.url).port), '127.0.0.1');
    const body = '{"content":"Go"}';
    const head = [
      'POST /api/v1/conversations/%/messages HTTP/1.1'.replace('%', String(id)),
      'Host: localhost',
    ];
    head.push(
      'Accept: text/event-stream',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    );
    socket.write([...head, `Authorization: Bearer ${client.token}`, '', body].join('\r\n'));
    socket.pause();
    await eventually(
      async () => (await client.get(`conversations/${id}/messages`)).body.items[1]?.status === 'completed',
      20_000,
    );
    const stopped = await ctx.api.stop();
    expect(stopped.code).toBe(0);
    expect(stopped.ms).toBeLessThan(15_000);
    socket.destroy();
    ctx.upstream.setDefaults({});
    await ctx.restart();
  });
});
