import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { beginWith, eventually } from '../support/talk.ts';

const GRACE_MS = 500;

describe('a turn that nobody listens to', () => {
  const ctx = useApi({ env: { DISCONNECT_GRACE_MS: String(GRACE_MS) } });

  async function leave(client: ApiClient, onDisconnect?: string, more: { close?: boolean } = {}) {
    const id = await beginWith(client, { model: 'test:gap=20,never-ending' });
    ctx.upstream.reset();
    const body = { content: 'Go', ...(onDisconnect && { onDisconnect }) };
    const stream = await client.stream(`conversations/${id}/messages`, { body });
    const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id as number;
    await stream.nextOf('message.delta');
    if (more.close !== false) stream.close();
    return { id, answerId, stream };
  }

  const statusOf = async (client: ApiClient, answerId: number) =>
    (await client.get(`messages/${answerId}`)).body.status as string;

  it('ends after the time of grace where that was asked for, and keeps the part', async () => {
    const client = await ctx.register();
    const { answerId } = await leave(client, 'cancel');
    await eventually(async () => (await statusOf(client, answerId)) === 'stopped');
    expect(ctx.upstream.log[0]!.closedByClient).toBe(true);
    const { body } = await client.get(`messages/${answerId}`);
    expect(body.content.length).toBeGreaterThan(0);
    expect(body.error).toBe(null);
  });

  it('goes on where somebody comes back in time, and ends after the last one', async () => {
    const client = await ctx.register();
    const { answerId } = await leave(client, 'cancel');
    await sleep(GRACE_MS / 5);
    const back = await client.stream(`messages/${answerId}/events`);
    await sleep(GRACE_MS * 3);
    expect(await statusOf(client, answerId)).toBe('streaming');
    back.close();
    await eventually(async () => (await statusOf(client, answerId)) === 'stopped');
  });

  it('goes on to its end where nothing was asked for', async () => {
    const client = await ctx.register();
    const { answerId } = await leave(client);
    const { answerId: other } = await leave(client, 'continue');
    await sleep(GRACE_MS * 3);
    expect([await statusOf(client, answerId), await statusOf(client, other)]).toEqual([
      'streaming',
      'streaming',
    ]);
    for (const id of [answerId, other]) await client.post(`messages/${id}/stop`, undefined, { expect: 200 });
  });

  it('ends when the one who waits for the whole answer leaves', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:gap=20,never-ending' });
    const leaving = new AbortController();
    const waiting = client
      .post(
        `conversations/${id}/messages`,
        { content: 'Go', onDisconnect: 'cancel' },
        { signal: leaving.signal },
      )
      .catch(() => undefined);
    const answer = await eventually(
      async () => (await client.get(`conversations/${id}/messages`)).body.items[1],
    );
    await sleep(GRACE_MS * 2);
    expect(await statusOf(client, answer.id)).toBe('streaming');
    leaving.abort();
    await waiting;
    await eventually(async () => (await statusOf(client, answer.id)) === 'stopped');
  });

  it('can be asked of an answer that is made again, and of nothing else', async () => {
    const client = await ctx.register();
    const { answerId } = await leave(client, 'cancel');
    await eventually(async () => (await statusOf(client, answerId)) === 'stopped');
    const stream = await client.stream(`messages/${answerId}/regenerate`, {
      body: { onDisconnect: 'cancel' },
    });
    const again = (await stream.nextOf('message.created')).data.assistantMessage.id as number;
    stream.close();
    await eventually(async () => (await statusOf(client, again)) === 'stopped');
    const wrong = await client.post(`messages/${answerId}/regenerate`, { onDisconnect: 'explode' });
    expect([wrong.status, wrong.body.errors[0].field]).toEqual([400, 'onDisconnect']);
  });

  it.runIf(inject('dialect') === 'mariadb')(
    'is listened to where somebody listens in another process',
    async () => {
      const other = await ctx.startAnother();
      const client = await ctx.register();
      const { answerId, stream } = await leave(client, 'cancel', { close: false });
      const there = await client.at(other.url).stream(`messages/${answerId}/events`);
      await there.nextOf('message.delta');
      stream.close();
      await sleep(GRACE_MS * 4);
      expect(await statusOf(client, answerId)).toBe('streaming');
      there.close();
      await eventually(async () => (await statusOf(client, answerId)) === 'stopped');
    },
  );
});
