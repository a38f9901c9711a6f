import { beforeEach, describe, expect, it } from 'vitest';
import { postChunked } from '../support/chunked.ts';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import type { Switches } from '../support/upstream/switches.ts';

const THREE = ['它产自哪里？', '怎么泡？', '配什么杯子？'];
const isSuggesting = ({ messages }: any) => messages[0].content.includes('three short questions');

describe('assistant: GET /api/chat/next_suggest/{message_id}', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0', SUGGESTIONS_TIMEOUT_MS: '2000' } });
  let client: ApiClient;
  let username: string;
  let suggesting: Switches;

  beforeEach(async () => {
    ctx.upstream.reset();
    suggesting = { pieces: [JSON.stringify(THREE)] };
    ctx.upstream.choose = (body) => (isSuggesting(body) ? suggesting : { pieces: ['茶。'] });
    client = await ctx.register();
    ({ username } = client.account);
  });

  /** The id that a page finds at the end of an answer. */
  async function answered(): Promise<string> {
    const { chunks } = await postChunked(client, '/api/chat', { message: '乌龙茶是什么？', username }).answer;
    return /^\[MESSAGE_ID:(\d+)\]$/.exec(chunks.at(-1)!)![1]!;
  }

  const suggestions = async (id: string, more = '', caller = client) => {
    const path = `/api/chat/next_suggest/${id}?username=${caller.account?.username ?? username}${more}`;
    const { status, headers, body } = await caller.get(path);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    return { status, body };
  };

  it('row: a bare array by the id of MESSAGE_ID; ?format=object: {data}; asked for once', async () => {
    const id = await answered();
    expect(await suggestions(id)).toEqual({ status: 200, body: THREE });
    expect(await suggestions(id, '&format=object')).toEqual({ status: 200, body: { data: THREE } });
    expect(ctx.upstream.log.filter(({ body }) => isSuggesting(body))).toHaveLength(1);
    expect((await client.get(`messages/${id}/suggestions`)).body.items).toEqual(THREE);
  });

  it.each(['987654', 'b8c6f1d2-unknown'])('unknown (%s): 404', async (id) => {
    expect(await suggestions(id)).toEqual({ status: 404, body: { error: '消息不存在' } });
  });

  it('somebody else’s: 404; another user’s name: 403; no session: 401', async () => {
    const id = await answered();
    expect(await suggestions(id, '', await ctx.register())).toEqual({
      ...{ status: 404, body: { error: '消息不存在' } },
    });
    expect(
      (await (await ctx.register()).get(`/api/chat/next_suggest/${id}?username=${username}`)).status,
    ).toBe(403);
    expect((await suggestions(id, '', client.as(undefined))).status).toBe(401);
  });

  it('a link of another site spends nothing with the cookie: 403', async () => {
    const id = await answered();
    const login = { username, password: client.account.password };
    const { headers } = await client.post('/api/user/login', login, { expect: 200 });
    const cookie = headers['set-cookie']![0]!.split(';')[0]!;
    const from = async (site: Record<string, string>, token: string | null = null) =>
      (
        await client.get(`/api/chat/next_suggest/${id}?username=${username}`, {
          ...{ headers: { ...(token === null && { cookie }), ...site }, token },
        })
      ).status;
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(ctx.upstream.log.filter(({ body }) => isSuggesting(body))).toEqual([]);
    expect(await from({ 'sec-fetch-site': 'cross-site' }, client.token!)).toBe(200);
    expect([await from({}), await from({ 'sec-fetch-site': 'same-origin' })]).toEqual([200, 200]);
  });

  it('the model failing, or taking too long: 502', async () => {
    for (const switches of [{ status: 500 }, { 'hang-head': true }] as Switches[]) {
      suggesting = switches;
      expect(await suggestions(await answered())).toEqual({
        ...{ status: 502, body: { error: '暂时无法生成建议问题' } },
      });
    }
  });

  it('of what was said by the user himself: none', async () => {
    const { body } = await client.get(`messages/${await answered()}`);
    expect(await suggestions(String(body.replyTo))).toEqual({ status: 200, body: [] });
  });
});
