import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import type { SseEvent } from '../support/event-stream.ts';
import { useApi } from '../support/suite.ts';
import { begin, beginWith, eventually, textOf } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const ANSWER = PIECES.join('');
const plain = (events: SseEvent[]) => events.map(({ id, event, data }) => ({ id, event, data }));

describe('a turn that was stored by a process that is gone', () => {
  const ctx = useApi();

  /** What a process leaves that dies between the storing of a turn and the call of its model. */
  async function leftBehind(client: ApiClient, more: Record<string, unknown> = {}): Promise<number> {
    const id = await begin(client);
    const ownerId = client.account.id;
    const past = ctx.dialect === 'sqlite' ? '2020-01-01 00:00:00.000' : new Date('2020-01-01T00:00:00Z');
    const now = ctx.dialect === 'sqlite' ? '2026-01-01 00:00:00.000' : new Date();
    const insert = async (row: Record<string, unknown>) => {
      const all = {
        ...{ conversation_id: id, owner_id: ownerId, usage_estimated: 0, created_at: now, attempt: 0 },
        ...row,
      };
      const names = Object.keys(all);
      const marks = names.map(() => '?').join(', ');
      await ctx.query(`INSERT INTO messages (${names.join(', ')}) VALUES (${marks})`, Object.values(all));
      const where = [id, all['seq' as keyof typeof all]];
      const [found] = await ctx.query('SELECT id FROM messages WHERE conversation_id = ? AND seq = ?', where);
      return Number(found.id);
    };
    await ctx.query('UPDATE conversations SET last_seq = 2, active_seq = 2 WHERE id = ?', [id]);
    const content = 'Am I heard?';
    const asked = await insert({ seq: 1, role: 'user', content, content_tokens: 5, status: 'completed' });
    return insert({
      ...{ seq: 2, role: 'assistant', content: '', status: 'pending', reply_to: asked, running_in: id },
      ...{ lease_owner: 'gone', lease_expires_at: past },
      ...more,
    });
  }

  const ended = (client: ApiClient, answerId: number, status: string) =>
    eventually(async () => {
      const { body } = await client.get(`messages/${answerId}`);
      return body.status === status && body;
    }, 10_000);

  it('is begun again, once, whichever process finds it', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    ctx.upstream.reset();
    const answerIds = await Promise.all(Array.from({ length: 5 }, () => leftBehind(client)));
    for (const answerId of answerIds) {
      expect((await ended(client, answerId, 'completed')).content).toBe(ANSWER);
      const events = await (await client.stream(`messages/${answerId}/events`)).collect();
      expect(events.map(({ event }) => event).filter((event) => event !== 'message.delta')).toEqual([
        ...['message.created', 'message.completed'],
      ]);
      expect(textOf(events)).toBe(ANSWER);
    }
    expect(ctx.upstream.log).toHaveLength(5);
    await other.stop();
  });

  it('is not begun where somebody has stopped it meanwhile', async () => {
    const client = await ctx.register();
    ctx.upstream.reset();
    const at = ctx.dialect === 'sqlite' ? '2026-01-01 00:00:00.000' : new Date();
    const answerId = await leftBehind(client, { stop_requested_at: at });
    expect(await ended(client, answerId, 'stopped')).toMatchObject({ content: '', error: null });
    expect(ctx.upstream.log).toHaveLength(0);
  });

  it('is given up where it has taken process after process with it', async () => {
    const client = await ctx.register();
    ctx.upstream.reset();
    const answerId = await leftBehind(client, { attempt: 5 });
    expect((await ended(client, answerId, 'interrupted')).error.code).toBe('process_ended');
    expect(ctx.upstream.log).toHaveLength(0);
    const replay = await (await client.stream(`messages/${answerId}/events`)).collect();
    expect(replay.map(({ event }) => event)).toEqual(['message.created', 'message.interrupted']);
  });

  it('is not begun where its model was asked already', async () => {
    const client = await ctx.register();
    ctx.upstream.reset();
    const answerId = await leftBehind(client, { status: 'streaming', content: 'Half an ans' });
    expect((await ended(client, answerId, 'interrupted')).content).toBe('Half an ans');
    expect(ctx.upstream.log).toHaveLength(0);
  });
});

describe.runIf(inject('dialect') === 'mariadb')('a turn among several processes', () => {
  const ctx = useApi();

  async function running(client: ApiClient, model: string) {
    const id = await beginWith(client, { model });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id as number;
    await stream.nextOf('message.delta');
    return { id, stream, answerId };
  }

  it('is followed live in each of them, event by event', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    const { stream, answerId } = await running(client, 'test:gap=25,count=60');
    const path = `messages/${answerId}/events`;
    const there = await client.at(other.url).stream(path);
    const behind = await client.at(other.url).stream(path, { headers: { 'Last-Event-ID': '7' } });
    await there.nextOf('message.delta');
    expect((await client.get(`messages/${answerId}`)).body.status).toBe('streaming');
    const [here, seen, rest] = await Promise.all([stream.collect(), there.collect(), behind.collect()]);
    expect(plain(seen)).toEqual(plain(here));
    expect(plain(rest)).toEqual(plain(here).slice(7));
    expect(plain(await (await client.at(other.url).stream(path)).collect())).toEqual(plain(here));
    await other.stop();
  });

  it('is found again by its key in each of them', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=25,count=40' });
    ctx.upstream.reset();
    const headers = { 'Idempotency-Key': 'once' };
    const send = (at: ApiClient) => at.post(`conversations/${id}/messages`, { content: 'Once' }, { headers });
    const clients = Array.from({ length: 20 }, (_, n) => (n % 2 ? client : client.at(other.url)));
    const answers = await Promise.all(clients.map(send));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers.filter(({ headers: sent }) => sent['idempotent-replayed'] === 'true')).toHaveLength(19);
    expect(ctx.upstream.log).toHaveLength(1);
    await other.stop();
  });

  it('is swept with the longer of row and stream when its process is killed, and its readers get the end', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    const { stream, answerId } = await running(client.at(other.url), 'test:gap=10,never-ending');
    const here = await client.stream(`messages/${answerId}/events`);
    for (let n = 0; n < 60; n += 1) await here.nextOf('message.delta');
    await other.kill();
    await stream.collect().catch(() => undefined);
    const events = await here.collect();
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ event: 'message.interrupted' });
    const { body } = await client.get(`messages/${answerId}`);
    expect(body.content).toBe(textOf(events));
    expect(events.at(-1)!.data.message).toEqual(body);
  });

  it('ends once where its process comes back from the dead', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    ctx.upstream.reset();
    const { stream, answerId } = await running(client.at(other.url), 'test:gap=20,never-ending');
    const here = await client.stream(`messages/${answerId}/events`);
    other.signal('SIGSTOP');
    const swept = await here.collect();
    expect(swept.at(-1)!.event).toBe('message.interrupted');
    const row = (await client.get(`messages/${answerId}`)).body;
    other.signal('SIGCONT');
    await eventually(async () => ctx.upstream.log[0]!.closedByClient, 10_000);
    const events = await stream.collect();
    expect(events.filter(({ event }) => /completed|stopped|interrupted|failed/.test(event!))).toHaveLength(1);
    expect(events.at(-1)!.event).toBe('message.interrupted');
    await sleep(500);
    expect((await client.get(`messages/${answerId}`)).body).toEqual(row);
    await other.stop();
  });
});

describe.runIf(inject('dialect') === 'mariadb')('installations that share a Redis', () => {
  const ctx = useApi();

  it('have nothing to do with each other, though they count alike', async () => {
    const start = async (name: string) => {
      const JWT_SECRET = name.repeat(40);
      const DATABASE_URL = `sqlite:${join(ctx.dataDir, `${name}.sqlite`)}`;
      const { url } = await ctx.startAnother({ JWT_SECRET, DATABASE_URL });
      const client = await ctx.client.as(undefined).at(url).register(`user_${name}`);
      const id = await beginWith(client, { model: `${name}:gap=20,never-ending` });
      const stream = await client.stream(`conversations/${id}/messages`, {
        body: { content: `I am ${name}` },
      });
      const created = (await stream.nextOf('message.created')).data;
      await stream.nextOf('message.delta');
      return { client, stream, answerId: created.assistantMessage.id as number };
    };
    const [x, y] = await Promise.all([start('x'), start('y')]);
    expect(x.answerId).toBe(y.answerId);
    await x.client.post(`messages/${x.answerId}/stop`, undefined, { expect: 200 });
    expect((await x.stream.collect()).at(-1)!.event).toBe('message.stopped');
    await sleep(500);
    expect((await y.client.get(`messages/${y.answerId}`)).body.status).toBe('streaming');
    const replay = await y.client.stream(`messages/${y.answerId}/events`);
    expect((await replay.nextOf('message.created')).data.userMessage.content).toBe('I am y');
    await y.client.post(`messages/${y.answerId}/stop`, undefined, { expect: 200 });
  });
});

describe.runIf(inject('dialect') === 'mariadb')('a Redis that is not there', () => {
  const ctx = useApi();

  const ready = async (client: ApiClient) => (await client.get('/health/ready')).status === 200;

  it('costs no running turn, and new ones are refused until it is back', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=40,count=120' });
    const free = await begin(client);
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id as number;
    const there = await client.at(other.url).stream(`messages/${answerId}/events`);
    await there.nextOf('message.delta');
    await ctx.redis!.kill();
    await eventually(async () => !(await ready(client)), 4_000);
    expect((await client.get('/health/ready')).body).toMatchObject({ redis: 'down', database: 'up' });
    await client.get('/health/live', { expect: 200 });
    const refused = await client.post(`conversations/${free}/messages`, { content: 'x' });
    expect([refused.status, refused.body.code]).toEqual([503, 'events_unavailable']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await client.get(`conversations/${free}/messages`, { expect: 200 })).body.items).toEqual([]);
    await ctx.redis!.start();
    await eventually(() => ready(client), 10_000);
    await eventually(() => ready(client.at(other.url)), 10_000);
    expect((await client.post(`conversations/${free}/messages`, { content: 'x' })).status).toBe(201);
    const [here, seen] = await Promise.all([stream.collect(), there.collect()]);
    expect(here.at(-1)!.event).toBe('message.completed');
    expect(seen.at(-1)!.data.message).toEqual(here.at(-1)!.data.message);
    expect(textOf(here)).toBe(here.at(-1)!.data.message.content);
    expect(textOf(seen)).toBe(textOf(here));
    await other.stop();
  }, 60_000);
});
