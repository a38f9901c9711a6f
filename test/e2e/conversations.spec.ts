import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { idsOfPages, readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';

describe('conversations', () => {
  const ctx = useApi();

  async function bot(client: ApiClient): Promise<number> {
    return (await client.post('chatbots', { name: 'Bot' }, { expect: 201 })).body.id;
  }

  async function topic(client: ApiClient): Promise<number> {
    return (await client.post('topics', { theme: 'Tea' }, { expect: 201 })).body.id;
  }

  it('keep every field as it was given', async () => {
    const client = await ctx.register();
    const values = {
      title: '晚餐 🍽️ “for two”',
      chatbotId: await bot(client),
      topicId: await topic(client),
      externalId: '对话-0001 🆔',
    };
    const { body: made } = await client.post('conversations', values, { expect: 201 });
    expect(made).toMatchObject(values);
    expect((await client.get(`conversations/${made.id}`)).body).toEqual(made);
    expect((await client.get('conversations')).body.items).toEqual([made]);
    const { body: bare } = await client.post('conversations', {}, { expect: 201 });
    expect(bare).toMatchObject({ title: '', chatbotId: null, topicId: null, externalId: null });
    expect(Math.abs(Date.parse(bare.lastMessageAt) - Date.parse(bare.createdAt))).toBeLessThan(5_000);
  });

  it('change in what is named, and null clears', async () => {
    const client = await ctx.register();
    const [chatbotId, topicId] = [await bot(client), await topic(client)];
    const { body: made } = await client.post('conversations', { title: 'Old', chatbotId, topicId });
    const path = `conversations/${made.id}`;
    const { body: renamed } = await client.patch(path, { title: '新 🆕' }, { expect: 200 });
    expect(renamed).toEqual({ ...made, title: '新 🆕', updatedAt: renamed.updatedAt });
    const other = await bot(client);
    expect((await client.patch(path, { chatbotId: other }, { expect: 200 })).body.chatbotId).toBe(other);
    const { body: cleared } = await client.patch(path, { chatbotId: null, topicId: null }, { expect: 200 });
    expect(cleared).toMatchObject({ title: '新 🆕', chatbotId: null, topicId: null });
    expect((await client.get(path)).body).toEqual(cleared);
    for (const values of [{ title: null }, { title: ' ' }, { externalId: 'x' }]) {
      const refused = await client.patch(path, values);
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, Object.keys(values)[0]]);
    }
    const gone = await client.patch(path, { title: 'Half', chatbotId: 987_654_321 });
    expect(gone.status).toBe(404);
    expect((await client.get(path)).body).toEqual(cleared);
  });

  it('have an external id once for each owner', async () => {
    const [client, other] = await Promise.all([ctx.register(), ctx.register()]);
    const make = (externalId: string | null, owner = client) => owner.post('conversations', { externalId });
    const { body: first } = await make('chat-1');
    const again = await make('chat-1');
    expect([again.status, again.body.code]).toEqual([409, 'external_id_taken']);
    expect((await make('chat-1', other)).status).toBe(201);
    // Ids are compared as they are, in every database: case and accents count.
    for (const different of ['Chat-1', 'chat-\uff11', 'c\u0301hat-1'])
      expect([different, (await make(different)).status]).toEqual([different, 201]);
    // White space around one may be refused, but must not be overlooked.
    for (const spaced of ['chat-1 ', ' chat-1', 'chat-1\u3000']) {
      expect([spaced, (await make(spaced)).status]).not.toEqual([spaced, 409]);
    }
    for (let n = 0; n < 3; n += 1) expect((await make(null)).status).toBe(201);
    const many = await Promise.all(Array.from({ length: 20 }, () => make('chat-2')));
    expect(many.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, ...Array(19).fill(409)]);
    await client.delete(`conversations/${first.id}`, undefined, { expect: 204 });
    expect((await make('chat-1')).status).toBe(201);
  });

  it('are deleted with their messages', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'Hello' }, { expect: 201 });
    await client.delete(`conversations/${id}`, undefined, { expect: 204 });
    const paths = [
      `conversations/${id}`,
      `conversations/${id}/messages`,
      `messages/${body.userMessage.id}`,
      `messages/${body.assistantMessage.id}`,
      `messages/${body.assistantMessage.id}/events`,
    ];
    for (const path of paths) expect((await client.get(path)).status).toBe(404);
    expect((await client.delete(`conversations/${id}`)).status).toBe(404);
    expect((await client.post(`conversations/${id}/messages`, { content: 'Hello?' })).status).toBe(404);
    expect(await ctx.query('SELECT id FROM messages WHERE conversation_id = ?', [id])).toEqual([]);
  });

  it('are listed by what was said last', async () => {
    const client = await ctx.register();
    const ids: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      ids.push(await begin(client));
      await sleep(5);
    }
    const order = async () => idsOfPages([(await client.get('conversations')).body.items]);
    expect(await order()).toEqual(ids.toReversed());
    await client.post(`conversations/${ids[0]}/messages`, { content: 'Hello' }, { expect: 201 });
    expect(await order()).toEqual([ids[0], ids[2], ids[1]]);
    // A new name is nothing that was said.
    await client.patch(`conversations/${ids[1]}`, { title: 'Renamed' }, { expect: 200 });
    expect(await order()).toEqual([ids[0], ids[2], ids[1]]);
    const { body } = await client.get(`conversations/${ids[0]}`);
    expect(Date.parse(body.lastMessageAt)).toBeGreaterThan(Date.parse(body.createdAt));
  });

  it('are filtered by chatbot and topic', async () => {
    const client = await ctx.register();
    const [botA, botB, topicA] = [await bot(client), await bot(client), await topic(client)];
    const both = await begin(client, { chatbotId: botA, topicId: topicA });
    const onlyBot = await begin(client, { chatbotId: botA });
    const onlyTopic = await begin(client, { topicId: topicA, chatbotId: botB });
    await begin(client);
    const found = async (query: string) =>
      idsOfPages([(await client.get(`conversations?${query}`)).body.items]).toSorted((a, b) => a - b);
    expect(await found(`chatbotId=${botA}`)).toEqual([both, onlyBot]);
    expect(await found(`topicId=${topicA}`)).toEqual([both, onlyTopic]);
    expect(await found(`chatbotId=${botA}&topicId=${topicA}`)).toEqual([both]);
    expect(await found(`chatbotId=987654321`)).toEqual([]);
    const pages = await readPages(client, `conversations?chatbotId=${botA}`, 1);
    expect(idsOfPages(pages).toSorted((a, b) => a - b)).toEqual([both, onlyBot]);
  });

  it('are paged without a gap or a double, also where many have the same time', async () => {
    const client = await ctx.register();
    const ids: number[] = [];
    for (let n = 0; n < 45; n += 1) ids.push(await begin(client));
    const at = (ids_: number[], time: string) =>
      ctx.query(`UPDATE conversations SET last_message_at = ? WHERE id IN (${ids_.join(',')})`, [time]);
    await at(ids, '2026-01-02 03:04:05.678');
    const newest = ids.toReversed();
    for (const limit of [1, 7, 9, 44, 45, 46, 100]) {
      const pages = await readPages(client, 'conversations', limit);
      expect(idsOfPages(pages)).toEqual(newest);
    }
    const { body } = await client.get(`conversations/${ids[0]}`);
    expect(body.lastMessageAt).toBe('2026-01-02T03:04:05.678Z');
    // Three times a millisecond apart, across pages.
    await at(ids.slice(0, 15), '2026-01-02 03:04:05.679');
    await at(ids.slice(15, 30), '2026-01-02 03:04:05.677');
    const expected = [ids.slice(0, 15), ids.slice(30), ids.slice(15, 30)].flatMap((part) =>
      part.toReversed(),
    );
    for (const limit of [4, 15, 16]) {
      expect(idsOfPages(await readPages(client, 'conversations', limit))).toEqual(expected);
    }
  });

  it('are paged without a double or a gap while one talks, begins and deletes', async () => {
    const client = await ctx.register();
    const ids: number[] = [];
    for (let n = 0; n < 45; n += 1) ids.push(await begin(client));
    const moved = new Set<number>();
    const pages = await readPages(client, 'conversations', 10, async (page: { id: number }[]) => {
      // What was shown is talked in and deleted, what comes next is deleted and talked in, and a new one begins.
      const [first, second] = page.map(({ id }) => id);
      const unseen = ids.filter((id) => id < page.at(-1)!.id && !moved.has(id));
      const [, gone, , talked] = unseen.toReversed();
      await client.post(`conversations/${first}/messages`, { content: 'Again' });
      await client.delete(`conversations/${second}`);
      if (gone) await client.delete(`conversations/${gone}`);
      if (talked) await client.post(`conversations/${talked}/messages`, { content: 'Hello' });
      await begin(client);
      for (const id of [gone, talked]) if (id) moved.add(id);
    });
    const seen = idsOfPages(pages);
    expect(new Set(seen).size).toBe(seen.length);
    for (const id of ids.filter((one) => !moved.has(one))) expect(seen).toContain(id);
  });
});

describe('the messages of a conversation', () => {
  const ctx = useApi();

  /** Turns of long ago, written as the API writes them. */
  async function fill(client: ApiClient, turns: number): Promise<number> {
    const id = await begin(client);
    for (let n = 1; n <= turns; n += 1) {
      for (const [role, seq] of [
        ['user', 2 * n - 1],
        ['assistant', 2 * n],
      ] as const) {
        await ctx.query(
          `INSERT INTO messages (conversation_id, owner_id, seq, role, content, status, usage_estimated, created_at, finished_at)
           VALUES (?, ?, ?, ?, ?, 'completed', 0, '2026-01-02 03:04:05.678', '2026-01-02 03:04:05.678')`,
          [id, client.account.id, seq, role, `${role} ${n} 你好`],
        );
      }
    }
    await ctx.query('UPDATE conversations SET last_seq = ? WHERE id = ?', [2 * turns, id]);
    return id;
  }

  it('come newest page first, each page oldest first', async () => {
    const client = await ctx.register();
    const id = await fill(client, 32);
    const path = `conversations/${id}/messages`;
    const { body: first } = await client.get(path);
    expect(first.items.map(({ seq }: { seq: number }) => seq)).toEqual(
      Array.from({ length: 20 }, (_, n) => 45 + n),
    );
    for (const limit of [1, 7, 20, 32, 63, 64, 65, 100]) {
      const pages = await readPages(client, path, limit);
      expect(pages.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
      const seqs = pages.toReversed().flatMap((page) => page.map(({ seq }) => seq));
      expect(seqs).toEqual(Array.from({ length: 64 }, (_, n) => n + 1));
    }
    expect(first.items[0]).toMatchObject({ role: 'user', content: 'user 23 你好', conversationId: id });
  });

  it('are paged as they were, while the conversation goes on', async () => {
    const client = await ctx.register();
    const id = await fill(client, 12);
    const path = `conversations/${id}/messages`;
    const pages = await readPages(client, path, 5, () =>
      client.post(path, { content: 'Go on' }, { expect: 201 }),
    );
    const seqs = pages.toReversed().flatMap((page) => page.map(({ seq }) => seq));
    expect(seqs).toEqual(Array.from({ length: 24 }, (_, n) => n + 1));
    const { body } = await client.get(`${path}?limit=2`);
    expect(body.items.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant']);
    expect(body.items[0].seq).toBe(24 + 2 * (pages.length - 1) - 1);
  });

  it('are none in a new conversation', async () => {
    const client = await ctx.register();
    const { body } = await client.get(`conversations/${await begin(client)}/messages`);
    expect(body).toEqual({ items: [], nextCursor: null });
  });

  it('hold the longest that one may say, whole', async () => {
    const api = await ctx.startAnother({ LLM_CONTEXT_TOKENS: '1000000' });
    const client = (await ctx.register()).at(api.url);
    const id = await begin(client);
    const content = `${'字'.repeat(49_999)}😀${'a '.repeat(25_000)}`;
    expect([...content]).toHaveLength(100_000);
    const { body } = await client.post(`conversations/${id}/messages`, { content }, { expect: 201 });
    expect(body.userMessage.content).toBe(content);
    expect((await client.get(`messages/${body.userMessage.id}`)).body.content).toBe(content);
    const more = await client.post(`conversations/${id}/messages`, { content: `${content}b` });
    expect([more.status, more.body.errors?.[0].field]).toEqual([400, 'content']);
  });
});
