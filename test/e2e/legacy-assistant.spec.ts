import { beforeEach, describe, expect, it } from 'vitest';
import { readAsPage } from '../support/assistant-page.ts';
import { postChunked } from '../support/chunked.ts';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const ANSWER = PIECES.join('');
const JSON_TYPE = 'application/json; charset=utf-8';

describe('assistant: POST /api/chat', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0' } });
  let client: ApiClient;
  let username: string;

  beforeEach(async () => {
    ctx.upstream.reset();
    client = await ctx.register();
    ({ username } = client.account);
  });

  const say = (more: object = {}) =>
    postChunked(client, '/api/chat', {
      message: '你好',
      username,
      conversation_id: null,
      file_ids: [],
      ...more,
    });

  const refused = async (more: object, caller = client) => {
    const { status, headers, body } = await caller.post('/api/chat', { message: '你好', username, ...more });
    expect(headers['content-type']).toBe(JSON_TYPE);
    return { status, body };
  };

  const listed = async () => (await client.get(`/api/conversations/list/${username}`)).body.conversations;
  const answerOf = async (conversationId: number | string) =>
    (await client.get(`conversations/${conversationId}/messages`)).body.items.at(-1);
  const turnsOf = (table = 'messages') =>
    ctx.query(`SELECT id FROM ${table} WHERE owner_id = ?`, [client.account.id]);

  it('row: raw text pieces, then one piece [MESSAGE_ID:<id>], nothing after', async () => {
    const { status, headers, chunks, isWhole } = await say().answer;
    expect([status, headers['content-type'], headers['transfer-encoding']]).toEqual([
      ...[200, 'text/plain; charset=utf-8', 'chunked'],
    ]);
    expect(headers).toMatchObject({ 'x-accel-buffering': 'no', 'cache-control': 'no-cache, no-transform' });
    expect(isWhole).toBe(true);
    const [{ id, name }] = await listed();
    const answer = await answerOf(id);
    expect(chunks.slice(0, -1).join('')).toBe(ANSWER);
    expect(chunks.at(-1)).toBe(`[MESSAGE_ID:${answer.id}]`);
    expect(chunks.filter((chunk) => chunk.trim() === '')).toEqual([]);
    expect(name).toBe('你好');
    expect(answer).toMatchObject({ role: 'assistant', content: ANSWER, status: 'completed' });
  });

  it.each([[null], [''], [' '], [undefined]])('conversation_id %j begins a new one', async (none) => {
    await say({ conversation_id: none }).answer;
    await say({ conversation_id: none }).answer;
    expect(await listed()).toHaveLength(2);
  });

  it('conversation_id as text or as a number goes on with that one, which is first in the list at the end', async () => {
    await say({ message: 'First' }).answer;
    const [{ id }] = await listed();
    await say({ message: 'Other' }).answer;
    await say({ message: 'More', conversation_id: id }).answer;
    expect((await listed()).map(({ id: one }: any) => one)[0]).toBe(id);
    await say({ message: 'Still more', conversation_id: Number(id) }).answer;
    const { messages } = ctx.upstream.log.at(-1)!.body as any;
    expect(messages.filter(({ role }: any) => role === 'user').map(({ content }: any) => content)).toEqual([
      ...['First', 'More', 'Still more'],
    ]);
  });

  it('is read by a page as the older backend’s was', async () => {
    const response = await fetch(`${client.baseUrl}/api/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${client.token}` },
      body: JSON.stringify({ message: '你好', username, conversation_id: '', file_ids: [] }),
    });
    const shown = await readAsPage(response.body!);
    const answer = await answerOf((await listed())[0].id);
    expect(shown).toEqual({ content: ANSWER, messageId: String(answer.id), isError: false });
  });

  it.each([
    ['urlencoded', (fields: Record<string, string>) => new URLSearchParams(fields)],
    ['multipart', formOf],
  ])('takes a form, too: %s', async (_what, encode) => {
    const response = await fetch(`${client.baseUrl}//api/chat/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${client.token}` },
      body: encode({ message: '你好', username, conversation_id: '' }),
    });
    expect((await readAsPage(response.body!)).content).toBe(ANSWER);
  });

  it.each([[''], [' \n\u3000'], [null], [undefined]])('blank (%j): 400', async (message) => {
    expect(await refused({ message })).toEqual({ status: 400, body: { error: '消息内容不能为空' } });
    expect(await turnsOf('conversations')).toEqual([]);
  });

  it.each([['987654'], [987_654], ['b8c6f1d2-unknown'], ['-1'], [{}]])(
    'unknown conversation (%j): 404',
    async (id) => {
      expect(await refused({ conversation_id: id })).toEqual({
        ...{ status: 404, body: { error: '对话或文件不存在' } },
      });
    },
  );

  it('somebody else’s conversation: as one that does not exist', async () => {
    const theirs = await begin(await ctx.register());
    expect(await refused({ conversation_id: String(theirs) })).toEqual({
      ...{ status: 404, body: { error: '对话或文件不存在' } },
    });
  });

  it.each([[['987654']], ['987654'], [['no-such-file']]])(
    'unknown file (%j): 404, and nothing begun',
    async (ids) => {
      expect(await refused({ file_ids: ids })).toEqual({ status: 404, body: { error: '对话或文件不存在' } });
      expect(await turnsOf('conversations')).toEqual([]);
    },
  );

  it('too much is refused: 400', async () => {
    const many = Array.from({ length: 11 }, (_, n) => String(n + 1));
    expect((await refused({ file_ids: many })).status).toBe(400);
    expect((await refused({ message: 'x'.repeat(100_001) })).body).toEqual({
      error: expect.stringMatching(/^message: /),
    });
    expect((await refused({ message: 'x'.repeat(1_100_000) })).status).toBe(413);
    expect((await refused({ message: ['a'] })).status).toBe(400);
  });

  it('no session: 401, a wrong token: 401, another user’s name: 403, an API key: 403', async () => {
    const nobody = client.as(undefined);
    expect(await refused({}, nobody)).toEqual({ status: 401, body: { error: expect.any(String) } });
    expect((await refused({}, client.as('nonsense'))).status).toBe(401);
    const other = await ctx.register();
    expect(await refused({}, other)).toEqual({ status: 403, body: { error: expect.any(String) } });
    const asked = { name: 'Report', scopes: ['chat'], password: PASSWORD };
    const { body: key } = await client.post('users/me/api-keys', asked, { expect: 201 });
    expect(await refused({}, client.as(key.secret ?? key.key))).toEqual({
      ...{ status: 403, body: { error: expect.any(String) } },
    });
    expect(await turnsOf()).toEqual([]);
  });

  it('broken JSON: 400, another media type: 415', async () => {
    for (const [type, status] of [
      ['application/json', 400],
      ['text/csv', 415],
    ] as const) {
      const headers = { 'content-type': type };
      const answer = await client.post('/api/chat', undefined, { raw: '{"message', headers });
      expect([answer.status, answer.body]).toEqual([status, { error: expect.any(String) }]);
    }
  });
});

function formOf(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}
