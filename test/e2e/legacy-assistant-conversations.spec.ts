import { beforeEach, describe, expect, it } from 'vitest';
import { postChunked } from '../support/chunked.ts';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually } from '../support/talk.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const MISSING = { status: 404, body: { error: '对话不存在' } };

describe('assistant: conversations', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0' } });
  let client: ApiClient;
  let username: string;

  beforeEach(async () => {
    ctx.upstream.reset();
    ctx.upstream.setDefaults({ pieces: ['A tea.'] });
    client = await ctx.register();
    ({ username } = client.account);
  });

  const said = async (path: string, method = 'GET', caller = client) => {
    const { status, headers, body } = await caller.request(method, path);
    expect(headers['content-type']).toBe(JSON_TYPE);
    return { status, body };
  };
  const list = async () => (await said(`/api/conversations/list/${username}`)).body.conversations;
  const history = (id: number | string, more = '') =>
    said(`/api/conversations/${id}/history?username=${username}${more}`);
  const remove = (id: number | string) =>
    said(`/api/conversations/${id}/delete?username=${username}`, 'DELETE');

  async function say(message: string, conversation_id?: string | number): Promise<string> {
    await postChunked(client, '/api/chat', { message, username, conversation_id }).answer;
    const [{ id }] = await list();
    return id;
  }

  describe('GET /api/conversations/list/{username}', () => {
    it('row: newest first, named, with ISO times; none at first', async () => {
      expect(await said(`/api/conversations/list/${username}`)).toEqual({
        status: 200,
        body: { conversations: [] },
      });
      const first = await say('第一个问题');
      const second = await say('Second');
      await say('Again', first);
      const time = expect.stringMatching(ISO);
      expect(await list()).toEqual([
        { id: first, name: '第一个问题', created_at: time, updated_at: time },
        { id: second, name: 'Second', created_at: time, updated_at: time },
      ]);
    });

    it('shows what the main API has: renamed, pinned in its place, unnamed with a name, put away not at all', async () => {
      const pinned = await begin(client, { title: 'Pinned' });
      await client.patch(`conversations/${pinned}`, { pinned: true }, { expect: 200 });
      const away = await begin(client, { title: 'Away' });
      await client.patch(`conversations/${away}`, { archived: true }, { expect: 200 });
      const unnamed = await begin(client);
      const talked = await say('Hello');
      await client.patch(`conversations/${talked}`, { title: '茶' }, { expect: 200 });
      expect((await list()).map(({ id, name }: any) => [id, name])).toEqual([
        [talked, '茶'],
        [String(unnamed), '新对话'],
        [String(pinned), 'Pinned'],
      ]);
    });

    it('has all of them, however many', async () => {
      const { id: owner } = client.account;
      const [row] = await ctx.query('SELECT * FROM conversations WHERE id = ?', [await begin(client)]);
      const columns = Object.keys(row).filter((name) => name !== 'id' && name !== 'external_id');
      // Many at the same time, so that pages end between equal ones.
      for (let n = 0; n < 12; n += 1)
        await ctx.query(
          `INSERT INTO conversations (${columns.join(', ')}) SELECT ${columns.map((name) => (name === 'title' ? `'${n}'` : name)).join(', ')} FROM conversations WHERE owner_id = ?`,
          [owner],
        );
      const ids = (await list()).map(({ id }: any) => Number(id));
      expect(ids).toHaveLength(4_096);
      expect(ids).toEqual([...ids].sort((a, b) => b - a));
      expect(new Set(ids).size).toBe(4_096);
    });

    it('no session: 401, another user: 403', async () => {
      const path = `/api/conversations/list/${username}`;
      const error = { error: expect.any(String) };
      expect(await said(path, 'GET', client.as(undefined))).toEqual({ status: 401, body: error });
      expect(await said(path, 'GET', await ctx.register())).toEqual({ status: 403, body: error });
    });
  });

  describe('GET /api/conversations/{id}/history', () => {
    it('row: a bare array of questions with their answers, oldest first; ?format=object: {data}', async () => {
      const id = await say('第一个问题');
      await say('Second', id);
      const turn = (query: string) => ({
        ...{ query, answer: 'A tea.', message_files: [], created_at: expect.stringMatching(ISO) },
      });
      expect(await history(id)).toEqual({ status: 200, body: [turn('第一个问题'), turn('Second')] });
      expect(await history(id, '&format=object')).toEqual({
        ...{ status: 200, body: { data: [turn('第一个问题'), turn('Second')] } },
      });
      expect(await said(`/api/conversations/${id}/history`)).toEqual(await history(id));
    });

    it('of an empty one is empty', async () => {
      const id = await begin(client);
      expect(await history(id)).toEqual({ status: 200, body: [] });
      expect(await history(id, '&format=object')).toEqual({ status: 200, body: { data: [] } });
    });

    it('has failed and running answers with what there is of them, and only the branch that is gone on from', async () => {
      const id = await say('Good');
      ctx.upstream.setDefaults({ status: 500 });
      await say('Failed', id);
      ctx.upstream.setDefaults({ pieces: ['Part', ' lost'], gap: 5, reset: 1 });
      await say('Broken', id);
      ctx.upstream.setDefaults({ pieces: ['Other.'] });
      const { body } = await client.get(`conversations/${id}/messages`);
      const first = body.items.find(({ content }: any) => content === 'Failed').replyTo;
      const shown = async () => (await history(id)).body.map(({ query, answer }: any) => [query, answer]);
      expect(await shown()).toEqual([
        ['Good', 'A tea.'],
        ['Failed', ''],
        ['Broken', 'Part'],
      ]);
      const branch = { content: 'Else', replyTo: first };
      await client.post(`conversations/${id}/messages`, branch, { expect: 201 });
      expect(await shown()).toEqual([
        ['Good', 'A tea.'],
        ['Else', 'Other.'],
      ]);
      ctx.upstream.setDefaults({ pieces: ['Now', ' and never'], 'never-ending': true, gap: 20 });
      const running = postChunked(client, '/api/chat', { message: 'Running', username, conversation_id: id });
      await eventually(async () => (await shown()).at(-1)[1].startsWith('Now'));
      expect((await shown()).at(-1)[0]).toBe('Running');
      running.hangUp();
    });

    it('of a long one is whole, page by page', async () => {
      const id = await say('0');
      for (let n = 1; n < 45; n += 1)
        await client.post(`conversations/${id}/messages`, { content: String(n) });
      const { body } = await history(id);
      expect(body.map(({ query }: any) => query)).toEqual(Array.from({ length: 45 }, (_, n) => String(n)));
    });

    it.each(['987654', 'b8c6f1d2-unknown', '0'])('unknown (%s): 404', async (id) => {
      expect(await history(id)).toEqual(MISSING);
    });

    it('somebody else’s: 404 with his own name, 403 with the owner’s; no session: 401', async () => {
      const id = await say('Mine');
      const other = await ctx.register();
      const path = `/api/conversations/${id}/history?username=`;
      expect(await said(path + other.account.username, 'GET', other)).toEqual(MISSING);
      expect((await said(path + username, 'GET', other)).status).toBe(403);
      expect((await said(path + username, 'GET', client.as(undefined))).status).toBe(401);
    });
  });

  describe('DELETE /api/conversations/{id}/delete', () => {
    it('row: it is gone, from the main API, too', async () => {
      const id = await say('Hello');
      expect(await remove(id)).toEqual({ status: 200, body: { message: '对话已删除', conversation_id: id } });
      expect(await list()).toEqual([]);
      await client.get(`conversations/${id}`, { expect: 404 });
      expect(await remove(id)).toEqual(MISSING);
    });

    it('somebody else’s or unknown: 404, and it stays; no session: 401', async () => {
      const id = await say('Mine');
      const other = await ctx.register();
      const path = `/api/conversations/${id}/delete?username=`;
      expect(await said(path + other.account.username, 'DELETE', other)).toEqual(MISSING);
      expect((await said(path + username, 'DELETE', other)).status).toBe(403);
      expect((await said(path + username, 'DELETE', client.as(undefined))).status).toBe(401);
      expect(await remove('nonsense')).toEqual(MISSING);
      expect(await list()).toHaveLength(1);
    });
  });
});
