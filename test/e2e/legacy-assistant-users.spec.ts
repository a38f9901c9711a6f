import { beforeEach, describe, expect, it } from 'vitest';
import { readAsPage } from '../support/assistant-page.ts';
import { useApi } from '../support/suite.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const PASSWORD = 'secret';
const WRONG = { detail: '密码错误', message: '密码错误' };
const ERROR = { detail: expect.any(String), message: expect.any(String) };

describe('assistant: accounts', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0' } });
  let name: string;
  let names = 0;

  beforeEach(() => {
    ctx.upstream.reset();
    name = `u${(names += 1)}`;
  });

  const post = async (path: string, body: unknown, headers = {}) => {
    const answer = await ctx.client.post(path, body, { headers });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    return {
      status: answer.status,
      body: answer.body,
      cookie: answer.headers['set-cookie']?.[0]?.split(';')[0],
    };
  };
  const register = (body: unknown) => post('/api/user/register', body);
  const login = (body: unknown) => post('/api/user/login', body);

  function formOf(fields: Record<string, string>): FormData {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    return form;
  }

  describe('POST /api/user/register', () => {
    it.each([
      ['as a form', formOf],
      ['as JSON', (fields: object) => fields],
    ])('row: %s; the account logs in at the main API as well', async (_what, encode) => {
      const { status, body, cookie } = await register(encode({ username: name, password: PASSWORD }));
      expect([status, body]).toEqual([200, { message: '用户注册成功！' }]);
      expect(cookie).toMatch(/^parley_session=/);
      await ctx.client.post('auth/login', { username: name, password: PASSWORD }, { expect: 200 });
    });

    it('urlencoded', async () => {
      const response = await fetch(`${ctx.api.url}/api/user/register`, {
        method: 'POST',
        body: new URLSearchParams({ username: name, password: PASSWORD }),
      });
      expect([response.status, await response.json()]).toEqual([200, { message: '用户注册成功！' }]);
    });

    it('a name of 50 characters, in Chinese', async () => {
      expect((await register({ username: '明'.repeat(50), password: PASSWORD })).status).toBe(200);
    });

    it('taken, also in another case: 400', async () => {
      await register({ username: name, password: PASSWORD });
      for (const username of [name, name.toUpperCase()])
        expect(await register({ username, password: 'another' })).toMatchObject({
          ...{ status: 400, body: { detail: '用户已存在', message: '用户已存在' } },
        });
    });

    it.each([
      ['no name', { password: PASSWORD }],
      ['a blank one', { username: ' ', password: PASSWORD }],
      ['a long one', { username: 'x'.repeat(51), password: PASSWORD }],
      ['no password', { username: 'nobody-1' }],
      ['a short one', { username: 'nobody-1', password: '12345' }],
      ['a long one', { username: 'nobody-1', password: 'x'.repeat(129) }],
      ['nothing', {}],
      ['a list', { username: ['nobody-1'], password: PASSWORD }],
    ])('bad field: 422: %s', async (_what, body) => {
      const answer = await register(body);
      expect(answer).toEqual({ status: 422, body: ERROR, cookie: undefined });
      expect(answer.body.detail).toBe(answer.body.message);
      expect(answer.body.detail).toMatch(/username|password/);
      expect(await ctx.query("SELECT id FROM users WHERE username = 'nobody-1'")).toEqual([]);
    });
  });

  describe('POST /api/user/login', () => {
    it('row: sets the session’s cookie, with which a page goes on without anything else', async () => {
      await register({ username: name, password: PASSWORD });
      const { status, body, cookie } = await login({ username: name, password: PASSWORD });
      expect([status, body]).toEqual([200, { message: '登录成功' }]);
      const response = await fetch(`${ctx.api.url}/api/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', cookie: cookie! },
        body: JSON.stringify({ message: '你好', username: name, conversation_id: null, file_ids: [] }),
      });
      expect((await readAsPage(response.body!)).content).toBe(PIECES.join(''));
    });

    it('a wrong password and an unknown name: 401, alike', async () => {
      await register({ username: name, password: PASSWORD });
      for (const username of [name, 'nobody-2'])
        expect(await login({ username, password: 'wrong!' })).toEqual({
          ...{ status: 401, body: WRONG, cookie: undefined },
        });
    });

    it.each([[{}], [{ username: 'x' }], [{ password: 'x' }], [{ username: ' ', password: '' }], [undefined]])(
      'nothing to log in with (%j): 400',
      async (body) => {
        expect(await login(body)).toMatchObject({
          ...{ status: 400, body: { detail: '未提供用户名和密码', message: '未提供用户名和密码' } },
        });
      },
    );

    it('broken JSON: 400 in the same shape', async () => {
      const answer = await ctx.client.post('/api/user/login', undefined, { raw: '{"username"' });
      expect([answer.status, answer.body]).toEqual([400, ERROR]);
    });
  });

  describe('GET /api/user/user_info/{username}', () => {
    it('row', async () => {
      const client = await ctx.register('小明明');
      const answer = await client.get(`/api/user/user_info/${encodeURIComponent('小明明')}`);
      expect([answer.status, answer.body]).toEqual([
        ...[200, { code: 200, message: '获取用户信息成功', data: { username: '小明明' } }],
      ]);
    });

    it('no session: 401, another user: 403', async () => {
      const client = await ctx.register();
      const path = `/api/user/user_info/${client.account.username}`;
      for (const [caller, status] of [
        [ctx.client, 401],
        [await ctx.register(), 403],
      ] as const) {
        const answer = await caller.get(path);
        expect([answer.status, answer.body]).toEqual([status, ERROR]);
      }
    });
  });

  it('from another site with the cookie: 403', async () => {
    const { cookie } = await register({ username: name, password: PASSWORD });
    const headers = { cookie: cookie!, 'sec-fetch-site': 'cross-site' };
    const { status, body } = await post('/api/chat', { message: 'x', username: name }, headers);
    expect([status, body]).toEqual([403, { error: expect.any(String) }]);
  });
});

describe('assistant: accounts under limits', () => {
  const ctx = useApi({ env: { RATE_LIMIT_SCALE: '1' } });

  it('too many logins: 429 in the same shape, with Retry-After', async () => {
    await ctx.client.post('/api/user/register', { username: 'limited', password: PASSWORD }, { expect: 200 });
    let answer = await ctx.client.post('/api/user/login', { username: 'limited', password: 'wrong!' });
    for (let n = 0; n < 60 && answer.status === 401; n += 1)
      answer = await ctx.client.post('/api/user/login', { username: 'limited', password: 'wrong!' });
    expect([answer.status, answer.body]).toEqual([429, ERROR]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});
