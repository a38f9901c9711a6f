import { describe, expect, it } from 'vitest';
import { type Answer, PASSWORD } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { JSON_TYPE, Learner, learner, saidBy } from '../support/tutor.ts';

const nobody = (id: number, username: string, email = '') => ({
  ...{ user_id: id, username, email, password: '' },
});

const cookieOf = ({ headers }: Answer): string => (headers['set-cookie'] ?? [])[0]!;

describe('tutor: POST /botchat/user/register/', () => {
  const ctx = useApi({ upstream: false });
  const register = async (body: object) => ctx.client.post('/botchat/user/register/', body);

  it('row: 201 with the account, and logged in', async () => {
    const answer = await register({ username: 'li', password: 'abc123' });
    const [status, body] = saidBy(answer) as [number, any];
    expect([status, body]).toEqual([201, nobody(body.user_id, 'li')]);
    expect(cookieOf(answer)).toMatch(/^parley_session=[^;]+;.*HttpOnly.*SameSite=Lax/i);
    const cookie = cookieOf(answer).split(';')[0]!;
    const topics = await ctx.client.get(`/botchat/chat/gettopics/?user_id=${body.user_id}`, {
      headers: { cookie },
    });
    expect(saidBy(topics)).toEqual([200, { topics: [] }]);
  });

  it('row: with an e-mail address; a blank one is none', async () => {
    const given = { username: '小李', password: 'secret1', email: 'li@example.com' };
    const { body } = await register(given);
    expect(body).toEqual(nobody(body.user_id, '小李', 'li@example.com'));
    const blank = await register({ username: 'blank', password: 'secret1', email: '' });
    expect(blank.body).toEqual(nobody(blank.body.user_id, 'blank'));
  });

  it.each([
    ['no name', { password: 'secret1' }, { username: ['This field is required.'] }],
    ['nothing', {}, { username: ['This field is required.'], password: ['This field is required.'] }],
    [
      'a name that is taken, in other letters',
      { username: 'TAKEN', password: 'secret1' },
      {
        username: ['A user with that username already exists.'],
      },
    ],
    [
      'an address that is taken',
      { username: 'new', password: 'secret1', email: 'TAKEN@example.com' },
      {
        email: ['A user with that email already exists.'],
      },
    ],
    [
      'a short password',
      { username: 'new', password: '12345' },
      {
        password: ['must have at least 6 characters'],
      },
    ],
    ['no address', { username: 'new', password: 'secret1', email: 'no' }, { email: [expect.any(String)] }],
    [
      'a name that is too long',
      { username: 'n'.repeat(51), password: 'secret1' },
      {
        username: ['must have at most 50 characters'],
      },
    ],
    ['an object for a name', { username: { a: 1 }, password: 'secret1' }, { username: [expect.any(String)] }],
  ])('otherwise: %s', async (_, given, lists) => {
    await register({ username: 'taken', password: 'secret1', email: 'taken@example.com' });
    expect(saidBy(await register(given))).toEqual([400, lists]);
  });
});

describe('tutor: POST /botchat/user/login/', () => {
  const ctx = useApi({ upstream: false });
  const login = async (body: object, headers = {}) =>
    ctx.client.post('/botchat/user/login/', body, { headers });

  it('row: 200 with the account, and the cookie', async () => {
    const { id } = await learner(ctx, 'wang');
    const answer = await login({ username: 'wang', password: PASSWORD });
    expect(saidBy(answer)).toEqual([200, nobody(id, 'wang')]);
    expect(cookieOf(answer)).toMatch(/^parley_session=/);
  });

  it('otherwise: 401 for a wrong password, 404 for somebody unknown', async () => {
    await learner(ctx, 'zhao');
    const wrong = { status: 'error', message: 'Incorrect password.' };
    const unknown = { status: 'error', message: 'User does not exist.' };
    expect(saidBy(await login({ username: 'zhao', password: 'wrong password' }))).toEqual([401, wrong]);
    expect(saidBy(await login({ username: 'zhao' }))).toEqual([401, wrong]);
    expect(saidBy(await login({ username: 'nobody', password: 'wrong password' }))).toEqual([404, unknown]);
    expect(saidBy(await login({}))).toEqual([404, unknown]);
  });

  it('counts both against the same limit, which is said in the same shape', async () => {
    await learner(ctx, 'qian');
    const api = await ctx.startAnother({ RATE_LIMIT_SCALE: '1' });
    const tries = async (username: string) => {
      const statuses: number[] = [];
      for (let tried = 0; tried < 12; tried += 1) {
        const url = `${api.url}/botchat/user/login/`;
        const { status, headers } = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username, password: 'wrong password' }),
        });
        if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        statuses.push(status);
      }
      return statuses;
    };
    expect(await tries('qian')).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(await tries('qiannobody')).toEqual([...Array<number>(10).fill(404), 429, 429]);
  });
});

describe('tutor: POST /botchat/user/change/info/', () => {
  const ctx = useApi({ upstream: false });

  it('row: 200 with the account as it is then', async () => {
    const me = await learner(ctx, 'sun');
    const change = async (body: object) =>
      saidBy(await me.post('user/change/info', { user_id: me.id, ...body }));
    expect(await change({})).toEqual([200, nobody(me.id, 'sun')]);
    expect(await change({ username: '', email: '', password: '' })).toEqual([200, nobody(me.id, 'sun')]);
    expect(await change({ username: 'sun2' })).toEqual([200, nobody(me.id, 'sun2')]);
    expect(await change({ email: 's@example.com' })).toEqual([200, nobody(me.id, 'sun2', 's@example.com')]);
    const other = await ctx.client.post(
      'auth/login',
      { username: 'sun2', password: PASSWORD },
      { expect: 200 },
    );
    expect(await change({ password: 'new123' })).toEqual([200, nobody(me.id, 'sun2', 's@example.com')]);
    await ctx.client.as(other.body.accessToken).get('users/me', { expect: 401 });
    await me.client.get('users/me', { expect: 200 });
    const login = { username: 'sun2', password: 'new123' };
    expect(saidBy(await ctx.client.post('/botchat/user/login/', login))[0]).toBe(200);
  });

  it('otherwise: 404 without a user, 400 where a name is taken or not usable', async () => {
    const me = await learner(ctx);
    await learner(ctx, 'zhou');
    const change = async (body: object) => saidBy(await me.post('user/change/info', body));
    expect(await change({ username: 'x' })).toEqual([404, { error: 'User does not exist' }]);
    expect(await change({ user_id: me.id, username: 'Zhou' })).toEqual([
      ...[400, { username: ['A user with that username already exists.'] }],
    ]);
    expect(await change({ user_id: String(me.id), password: '1' })).toEqual([
      ...[400, { password: ['must have at least 6 characters'] }],
    ]);
  });

  it('otherwise: nobody changes another, and nobody without a login', async () => {
    const [me, other] = [await learner(ctx), await learner(ctx)];
    const body = { user_id: other.id, username: 'stolen' };
    expect(saidBy(await me.post('user/change/info', body))).toEqual([403, { error: expect.any(String) }]);
    const stranger = new Learner(ctx.client);
    const refused = await stranger.post('user/change/info', body);
    expect(saidBy(refused)).toEqual([401, { error: expect.any(String) }]);
    expect((await other.client.get('users/me')).body.username).toBe(other.client.account.username);
  });
});

describe('tutor: bodies and errors', () => {
  const ctx = useApi({ upstream: false });

  it('come as JSON, forms and multipart, by paths with doubled and missing slashes', async () => {
    const { id } = await learner(ctx, 'wuu');
    const account = { username: 'wuu', password: PASSWORD };
    const multipart = new FormData();
    for (const [name, value] of Object.entries(account)) multipart.append(name, value);
    for (const [path, body] of [
      ['/botchat/user/login/', new URLSearchParams(account)],
      ['//botchat/user/login/', multipart],
      ['/botchat//user/login', JSON.stringify({ ...account, more: [1] })],
    ] as const) {
      const json = typeof body === 'string' && { 'content-type': 'application/json' };
      const answer = await fetch(ctx.api.url + path, { method: 'POST', body, headers: { ...json } });
      expect(answer.headers.get('content-type')).toBe(JSON_TYPE);
      expect([answer.status, await answer.json()]).toEqual([200, nobody(id, 'wuu')]);
    }
  });

  it('are in the shape of their route where a body is broken or of another kind', async () => {
    const me = await learner(ctx);
    const broken = async (path: string) =>
      saidBy(await me.client.post(`/botchat/${path}/`, undefined, { raw: '{"a":' }));
    const text = expect.any(String);
    expect(await broken('user/login')).toEqual([400, { status: 'error', message: text }]);
    expect(await broken('chat/newtopic')).toEqual([400, { error: text }]);
    expect(await broken('chat/rerecord_voice')).toEqual([400, { success: false, message: text }]);
    const headers = { 'content-type': 'application/xml' };
    const xml = await me.client.post('/botchat/chat/newtopic/', undefined, { raw: '<a/>', headers });
    expect(saidBy(xml)).toEqual([415, { error: text }]);
    const long = await me.post('chat/newtopic', { user_id: me.id, more: 'x'.repeat(1_100_000) });
    expect(saidBy(long)).toEqual([413, { error: text }]);
  });
});
