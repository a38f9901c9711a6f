import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';

interface Wire {
  id: number;
  seq: number;
  content: string;
}

describe('branches of a conversation', () => {
  const ctx = useApi();

  /** Has the upstream say `answer`, whatever it is asked. */
  async function answering<T>(answer: string, work: () => Promise<T>): Promise<T> {
    ctx.upstream.setDefaults({ pieces: [answer] });
    try {
      return await work();
    } finally {
      ctx.upstream.setDefaults({});
    }
  }

  const say = async (client: ApiClient, id: number, content: string, more: Record<string, unknown> = {}) => {
    const send = () => client.post(`conversations/${id}/messages`, { content, ...more }, { expect: 201 });
    return (await answering(`Re: ${content}`, send)).body as { userMessage: Wire; assistantMessage: Wire };
  };

  const again = async (client: ApiClient, messageId: number, answer: string) => {
    const make = () => client.post(`messages/${messageId}/regenerate`, undefined, { expect: 201 });
    return (await answering(answer, make)).body.assistantMessage as Wire;
  };

  const seen = () =>
    (ctx.upstream.log.at(-1)!.body as any).messages.map(({ content }: { content: string }) => content);

  const active = async (client: ApiClient, id: number) => {
    const { body } = await client.get(`conversations/${id}/messages?branch=active&limit=100`);
    return body.items.map(({ content }: Wire) => content);
  };

  it('begin where an answer is made again, also an early one, and the history follows them', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const one = await say(client, id, 'One');
    await say(client, id, 'Two');
    const other = await again(client, one.assistantMessage.id, 'Otherwise');
    expect(other).toMatchObject({ seq: 5, replyTo: one.userMessage.id, content: 'Otherwise' });
    expect(seen()).toEqual(['One']);
    expect((await client.get(`conversations/${id}`)).body.activeSeq).toBe(5);
    const three = await say(client, id, 'Three');
    expect(three.userMessage).toMatchObject({ seq: 6, replyTo: other.id });
    expect(seen()).toEqual(['One', 'Otherwise', 'Three']);
    expect(await active(client, id)).toEqual(['One', 'Otherwise', 'Three', 'Re: Three']);
    const { body } = await client.get(`conversations/${id}/messages`);
    expect(body.items.map(({ content }: Wire) => content)).toEqual([
      ...['One', 'Re: One', 'Two', 'Re: Two', 'Otherwise', 'Three', 'Re: Three'],
    ]);
  });

  it('can be gone back to, to the newest answer behind the one that is named', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const one = await say(client, id, 'One');
    await say(client, id, 'Two');
    const other = await again(client, one.assistantMessage.id, 'Otherwise');
    const change = async (activeSeq: number) =>
      (await client.patch(`conversations/${id}`, { activeSeq }, { expect: 200 })).body.activeSeq;
    expect(await change(2)).toBe(4);
    expect(await active(client, id)).toEqual(['One', 'Re: One', 'Two', 'Re: Two']);
    await say(client, id, 'Three');
    expect(seen()).toEqual(['One', 'Re: One', 'Two', 'Re: Two', 'Three']);
    expect(await change(other.seq)).toBe(5);
    expect(await active(client, id)).toEqual(['One', 'Otherwise']);
    expect(await change(1)).toBe(7);
    expect((await client.patch(`conversations/${id}`, { activeSeq: 99 })).status).toBe(404);
    expect((await client.patch(`conversations/${id}`, { activeSeq: 0 })).body.code).toBe('invalid_input');
    expect((await client.get(`conversations/${id}`)).body.activeSeq).toBe(7);
  });

  it('begin where a message is said otherwise', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const one = await say(client, id, 'One');
    await say(client, id, 'Two');
    const two = await say(client, id, 'Two, rather', { replyTo: one.assistantMessage.id });
    expect(two.userMessage).toMatchObject({ seq: 5, replyTo: one.assistantMessage.id });
    expect(seen()).toEqual(['One', 'Re: One', 'Two, rather']);
    const start = await say(client, id, 'Anew', { replyTo: null });
    expect(start.userMessage).toMatchObject({ seq: 7, replyTo: null });
    expect(seen()).toEqual(['Anew']);
    expect(await active(client, id)).toEqual(['Anew', 'Re: Anew']);
  });

  it('begin at nothing but an answer of the same conversation', async () => {
    const client = await ctx.register();
    const [id, elsewhere] = [await begin(client), await begin(client)];
    const one = await say(client, id, 'One');
    const send = (to: number, replyTo: unknown) =>
      client.post(`conversations/${to}/messages`, { content: 'x', replyTo });
    expect((await send(elsewhere, one.assistantMessage.id)).body.code).toBe('not_found');
    const own = await send(id, one.userMessage.id);
    expect([own.status, own.body.errors[0].field]).toEqual([400, 'replyTo']);
    const stranger = await ctx.register();
    const theirs = await begin(stranger);
    const refused = await stranger.post(`conversations/${theirs}/messages`, {
      content: 'x',
      replyTo: one.assistantMessage.id,
    });
    expect(refused.body.code).toBe('not_found');
    expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(2);
  });

  it('can be answered once more from the message itself', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const one = await say(client, id, 'One');
    const other = await again(client, one.userMessage.id, 'Otherwise');
    expect(other).toMatchObject({ seq: 3, replyTo: one.userMessage.id });
    expect(await active(client, id)).toEqual(['One', 'Otherwise']);
  });

  it('are paged backwards, each page oldest first', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    for (let n = 1; n <= 4; n += 1) {
      const turn = await say(client, id, `${n}`);
      await again(client, turn.assistantMessage.id, `Again ${n}`);
    }
    const pages: string[][] = [];
    for (let cursor = ''; ;) {
      const { body } = await client.get(`conversations/${id}/messages?branch=active&limit=3${cursor}`);
      pages.unshift(body.items.map(({ content }: Wire) => content));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(pages).toEqual([
      ['1', 'Again 1'],
      ['2', 'Again 2', '3'],
      ['Again 3', '4', 'Again 4'],
    ]);
    const wrong = await client.get(`conversations/${id}/messages?branch=some`);
    expect([wrong.status, wrong.body.errors[0].field]).toEqual([400, 'branch']);
    const empty = await begin(client);
    expect((await client.get(`conversations/${empty}/messages?branch=active`)).body).toEqual({
      ...{ items: [], nextCursor: null },
    });
  });

  it('are one turn where many ask for the same answer again', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const one = await say(client, id, 'One');
    const ask = () =>
      client.post(
        `messages/${one.assistantMessage.id}/regenerate`,
        {},
        { headers: { 'Idempotency-Key': 'again' } },
      );
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    expect(new Set(answers.map(({ body }) => body.assistantMessage.id)).size).toBe(1);
    expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(3);
  });
});
