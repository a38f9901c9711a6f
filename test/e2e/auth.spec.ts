import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import { freePort } from '../support/child.ts';
import { type Answer, type ApiClient, PASSWORD } from '../support/client.ts';
import { claimsOf, forge, type Login, logIn, loginOf, setCookieOf, statusesOf } from '../support/logins.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { useApi } from '../support/suite.ts';

const ANONYMOUS = { token: null };
const MINUTE = 60;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Goes on until one round is right: a busy machine may spoil some of them. */
async function untilOne(
  round: () => Promise<number>,
  isRight: (ratio: number) => boolean,
): Promise<number[]> {
  const ratios: number[] = [];
  while (ratios.length < 5 && !(ratios.length > 0 && isRight(ratios.at(-1)!))) ratios.push(await round());
  return ratios;
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

describe('registering', () => {
  const ctx = useApi({ upstream: false });

  it('makes an account and logs in', async () => {
    const answer = await ctx.client.post(
      'auth/register',
      { username: '学生.Reader-7', password: 'öffne dich 👋🏽', email: 'Reader@Example.com' },
      { expect: 201 },
    );
    expect(answer.body.user).toMatchObject({
      username: '学生.Reader-7',
      email: 'Reader@Example.com',
      role: 'user',
      deactivatedAt: null,
    });
    expect(answer.body.expiresIn).toBe(15 * MINUTE);
    expect(await statusesOf(ctx.client, loginOf(answer))).toEqual([200, 200]);
    await logIn(ctx.client, '学生.reader-7', 'öffne dich 👋🏽');
  });

  it.each([
    ['reader.k', 'READER.K'],
    ['ÄNNE', 'änne'],
    ['alice', 'ＡＬＩＣＥ'],
    ['ｂｏｂ', 'bob'],
    ['ﬁona', 'FIONA'],
    ['e\u0301mile', 'Émile'],
  ])('takes %s and %s for one name', async (first, second) => {
    await ctx.client.register(first);
    const { status, body } = await ctx.client.post('auth/register', { username: second, password: PASSWORD });
    expect([status, body.code]).toEqual([409, 'username_taken']);
    expect((await logIn(ctx.client, second)).user.username).toBe(first);
  });

  it('takes an e-mail address once, whatever its case', async () => {
    const account = { password: PASSWORD, email: 'Only.Once@Example.com' };
    await ctx.client.post('auth/register', { ...account, username: 'once' }, { expect: 201 });
    const again = { ...account, username: 'twice', email: 'only.once@EXAMPLE.com' };
    const { status, body } = await ctx.client.post('auth/register', again);
    expect([status, body.code]).toEqual([409, 'email_taken']);
    const both = await ctx.client.post('auth/register', { ...again, username: 'ONCE' });
    expect(both.body.code).toBe('username_taken');
    for (const username of ['nobody1', 'nobody2']) {
      await ctx.client.post('auth/register', { username, password: PASSWORD, email: null }, { expect: 201 });
    }
  });

  it('lets one of 20 have a name', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ctx.client.post('auth/register', { username: n % 2 ? 'wanted' : 'WANTED', password: PASSWORD }),
      ),
    );
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array(19).fill(409)]);
    expect(
      answers.filter(({ status }) => status === 409).every(({ body }) => body.code === 'username_taken'),
    ).toBe(true);
    expect(await ctx.query("SELECT id FROM users WHERE username_key = 'wanted'")).toHaveLength(1);
  });

  it.each(['password', 'PASSWORD1', '12345678', 'Qwerty123', 'iloveyou', 'woaini1314'])(
    'refuses the common password %s',
    async (password) => {
      const { status, body } = await ctx.client.post('auth/register', { username: 'careless', password });
      expect([status, body.code]).toEqual([400, 'invalid_input']);
      expect(body.errors).toEqual([{ field: 'password', message: expect.stringContaining('common') }]);
    },
  );

  it.each(['ab', 'a b', 'a@b.example', 'a/b', '<b>', 'wan\u200bda', 'emoji👋', `${'x'.repeat(51)}`])(
    'refuses the name %s',
    async (username) => {
      const { status, body } = await ctx.client.post('auth/register', { username, password: PASSWORD });
      expect([status, body.errors?.[0].field]).toEqual([400, 'username']);
    },
  );

  it('takes or refuses names that grow when they are normalised, and never fails over them', async () => {
    const grows = '\ufdfa'; // One letter that stands for eighteen.
    for (const account of [
      { username: grows.repeat(50) },
      { username: `long_${randomUUID().slice(0, 8)}`, email: `${grows.repeat(20)}@example.com` },
      { username: '𝒲'.repeat(50) },
    ]) {
      const { status } = await ctx.client.post('auth/register', { ...account, password: PASSWORD });
      expect([201, 400]).toContain(status);
    }
  });

  it('keeps the password as argon2id only, and shows or logs neither hash nor password', async () => {
    const password = `secret ${randomUUID()}`;
    const registered = await ctx.client.post('auth/register', { username: 'discreet', password });
    const login = await ctx.client.post('auth/login', { username: 'discreet', password });
    const wrong = await ctx.client.post('auth/login', { username: 'discreet', password: `${password}!` });
    const me = await ctx.client.get('users/me', { token: login.body.accessToken });
    const [row] = await ctx.query("SELECT password_hash FROM users WHERE username = 'discreet'");
    expect(row.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const said = [registered, login, wrong, me].map(({ bytes }) => bytes.toString()).join('\n') + ctx.logs();
    for (const secret of [password, row.password_hash, 'argon2', 'passwordHash', 'password_hash']) {
      expect(said).not.toContain(secret);
    }
    for (const token of [login.body.accessToken, login.body.refreshToken, setCookieOf(login)!]) {
      expect(ctx.logs()).not.toContain(token);
    }
    const kept = await ctx.query('SELECT * FROM sessions');
    expect(JSON.stringify(kept)).not.toContain(login.body.refreshToken);
  });
});

describe('logging in', () => {
  const ctx = useApi({ upstream: false });

  it('works by name or e-mail address, whatever the case', async () => {
    const account = { username: 'Reader', password: PASSWORD, email: 'reader@example.com' };
    await ctx.client.post('auth/register', account, { expect: 201 });
    for (const name of [
      'Reader',
      'reader',
      'READER',
      'ｒｅａｄｅｒ',
      'reader@example.com',
      'READER@Example.COM',
    ]) {
      const login = await logIn(ctx.client, name);
      expect(await statusesOf(ctx.client, login)).toEqual([200, 200]);
    }
  });

  it('sets a cookie that scripts and other sites do not get', async () => {
    const client = await ctx.register();
    const { username } = client.account;
    const attributes = async (headers: Record<string, string>, api: ApiClient) => {
      const answer = await api.post(
        'auth/login',
        { username, password: PASSWORD },
        { ...ANONYMOUS, headers },
      );
      const [, ...parts] = setCookieOf(answer)!.split('; ');
      return parts.toSorted();
    };
    const plain = ['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Lax'];
    const secure = [...plain, 'Secure'].toSorted();
    const https = { 'X-Forwarded-Proto': 'https' };
    expect(await attributes({}, ctx.client)).toEqual(plain);
    // Nobody may say so who is not the proxy.
    expect(await attributes(https, ctx.client)).toEqual(plain);
    const behindProxy = ctx.client.as(undefined).at((await ctx.startAnother({ TRUST_PROXY: 'true' })).url);
    expect(await attributes(https, behindProxy)).toEqual(secure);
    expect(await attributes({}, behindProxy)).toEqual(plain);
  });

  it('does not tell an unknown name from a wrong password, in text or time', async () => {
    const { username } = (await ctx.register()).account;
    const tries = {
      known: () => ctx.client.post('auth/login', { username, password: 'wrong password' }),
      unknown: () =>
        ctx.client.post('auth/login', { username: `no_${username}`, password: 'wrong password' }),
    };
    const plain = ({ status, body, headers }: Answer) => {
      const { requestId, ...rest } = body;
      expect(requestId).toBe(headers['x-request-id']);
      return { status, rest, headers: Object.keys(headers).toSorted() };
    };
    const known = plain(await tries.known());
    expect(known.status).toBe(401);
    expect(plain(await tries.unknown())).toEqual(known);
    const ratioOfOneRound = async () => {
      const times = { known: [] as number[], unknown: [] as number[] };
      for (let n = 0; n < 15; n += 1) {
        times.known.push(await msOf(tries.known));
        times.unknown.push(await msOf(tries.unknown));
      }
      return median(times.unknown) / median(times.known);
    };
    // A name that is not looked for any further answers in a tenth of the time, in every round.
    const ratios = await untilOne(ratioOfOneRound, (ratio) => ratio > 0.5 && ratio < 2);
    expect(ratios.at(-1)).toBeGreaterThan(0.5);
    expect(ratios.at(-1)).toBeLessThan(2);
  });

  it('does not hold up the event loop', async () => {
    const { username } = (await ctx.register()).account;
    const login = () => logIn(ctx.client, username);
    const live = () => msOf(() => ctx.client.get('/health/live', { expect: 200 }));
    const alone: number[] = [];
    for (let n = 0; n < 5; n += 1) alone.push(await msOf(login));
    const ratioOfOneRound = async () => {
      let busy = true;
      const logins = Promise.all(Array.from({ length: 40 }, login)).finally(() => (busy = false));
      const during: number[] = [];
      while (busy) during.push(await live());
      await logins;
      return median(during) / median(alone);
    };
    // A hash on the event loop would keep every other answer waiting for at least the time of one. The machine may be
    // busy with something else in one of the rounds.
    const ratios = await untilOne(ratioOfOneRound, (ratio) => ratio < 0.7);
    expect(Math.min(...ratios)).toBeLessThan(1);
  });
});

describe('tokens', () => {
  const ctx = useApi({ upstream: false });

  async function newLogin(): Promise<Login> {
    return logIn(ctx.client, (await ctx.register()).account.username);
  }

  const refresh = (refreshToken: string) => ctx.client.post('auth/refresh', { refreshToken });

  async function statusOf(token: string): Promise<number> {
    return (await ctx.client.get('users/me', { token })).status;
  }

  it('are exchanged by the refresh token, once', async () => {
    let login = await newLogin();
    for (let n = 0; n < 3; n += 1) {
      const answer = await refresh(login.refreshToken);
      expect(answer.status).toBe(200);
      const next = loginOf(answer);
      expect(next.user).toEqual(login.user);
      expect(new Set([next.refreshToken, login.refreshToken]).size).toBe(2);
      expect(await statusesOf(ctx.client, next)).toEqual([200, 200]);
      login = next;
    }
  });

  it('all end when an exchanged refresh token comes back', async () => {
    const first = await newLogin();
    const other = await logIn(ctx.client, first.user.username);
    const second = loginOf(await refresh(first.refreshToken));
    const third = loginOf(await refresh(second.refreshToken));
    const reuse = await refresh(first.refreshToken);
    expect([reuse.status, reuse.body.code]).toEqual([401, 'invalid_refresh_token']);
    for (const login of [first, second, third])
      expect(await statusesOf(ctx.client, login)).toEqual([401, 401]);
    expect((await refresh(third.refreshToken)).status).toBe(401);
    // Another login of the same person has nothing to do with it.
    expect(await statusesOf(ctx.client, other)).toEqual([200, 200]);
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });

  it('are given to at most one of two refreshes at once', async () => {
    const other = ctx.client.at((await ctx.startAnother()).url);
    for (let round = 0; round < 8; round += 1) {
      const { refreshToken } = await newLogin();
      const answers = await Promise.all(
        [ctx.client, other, ctx.client].map((client) => client.post('auth/refresh', { refreshToken })),
      );
      const won = answers.filter(({ status }) => status === 200);
      expect(won.length).toBeLessThanOrEqual(1);
      expect(answers.every(({ status }) => status === 200 || status === 401)).toBe(true);
    }
  });

  it('end with the logout: access token, cookie and refresh token', async () => {
    for (const way of ['bearer', 'cookie'] as const) {
      const login = await newLogin();
      const other = await logIn(ctx.client, login.user.username);
      const credentials = way === 'bearer' ? { token: login.accessToken } : ANONYMOUS;
      const headers: Record<string, string> = way === 'cookie' ? { cookie: login.cookie } : {};
      const answer = await ctx.client.post('auth/logout', undefined, {
        ...credentials,
        headers,
        expect: 204,
      });
      expect(setCookieOf(answer)).toMatch(/^parley_session=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/);
      expect(await statusesOf(ctx.client, login)).toEqual([401, 401]);
      expect((await refresh(login.refreshToken)).status).toBe(401);
      expect(await statusesOf(ctx.client, other)).toEqual([200, 200]);
    }
  });

  it('that a refresh has replaced end with the logout too', async () => {
    const first = await newLogin();
    const second = loginOf(await refresh(first.refreshToken));
    await ctx.client.post('auth/logout', undefined, { token: second.accessToken, expect: 204 });
    expect(await statusesOf(ctx.client, first)).toEqual([401, 401]);
  });

  it('end with their time', async () => {
    const login = await newLogin();
    const { id } = login.user;
    await ctx.query("UPDATE sessions SET expires_at = '2020-01-01 00:00:00.000' WHERE user_id = ?", [id]);
    expect(await statusesOf(ctx.client, login)).toEqual([401, 401]);
    expect((await refresh(login.refreshToken)).body.code).toBe('invalid_refresh_token');
  });

  it('are refused where they are not what the server signed', async () => {
    const { accessToken } = await newLogin();
    const victim = claimsOf((await newLogin()).accessToken);
    const claims = claimsOf(accessToken);
    const secret = ctx.api.env['JWT_SECRET']!;
    const now = Math.floor(Date.now() / 1000);
    expect(await statusOf(forge(claims, secret))).toBe(200);
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(15 * MINUTE);
    const [header, , signature] = accessToken.split('.');
    const payload = Buffer.from(JSON.stringify({ ...claims, sid: victim['sid'] })).toString('base64url');
    const refused = {
      expired: forge({ ...claims, iat: now - 1000, exp: now - 1 }, secret),
      'of a later time': forge({ ...claims, nbf: now + 1000 }, secret),
      'signed by somebody else': forge(claims, 'x'.repeat(64)),
      'signed with nothing': forge(claims, ''),
      unsigned: forge(claims, secret, { alg: 'none' }),
      'unsigned, with capitals': forge(claims, secret, { alg: 'NONE' }),
      'unsigned, with a signature': `${forge(claims, secret, { alg: 'none' })}${signature}`,
      'of another algorithm': forge(claims, secret, { alg: 'HS512', hash: 'sha512' }),
      'of another login': `${header}.${payload}.${signature}`,
      'without its signature': `${accessToken.split('.').slice(0, 2).join('.')}.`,
      'of no session': forge({ ...claims, sid: undefined }, secret),
      'of a session that is text': forge({ ...claims, sid: String(claims['sid']) }, secret),
      'of a session that does not exist': forge({ ...claims, sid: 999_999_999 }, secret),
      'of no use': forge({ ...claims, use: undefined }, secret),
      'of another use': forge({ ...claims, use: 'refresh' }, secret),
      nonsense: 'a.b.c',
    };
    const statuses = Object.entries(refused).map(async ([what, token]) => [what, await statusOf(token)]);
    expect(await Promise.all(statuses)).toEqual(Object.keys(refused).map((what) => [what, 401]));
  });

  it('serve for one thing only', async () => {
    const login = await newLogin();
    const cookieToken = login.cookie.replace('parley_session=', '');
    expect(await statusOf(cookieToken)).toBe(401);
    expect(await statusOf(login.refreshToken)).toBe(401);
    for (const token of [login.accessToken, login.refreshToken]) {
      const headers = { cookie: `parley_session=${token}` };
      expect((await ctx.client.get('users/me', { ...ANONYMOUS, headers })).status).toBe(401);
    }
    for (const token of [login.accessToken, cookieToken]) expect((await refresh(token)).status).toBe(401);
  });

  it('that are wrong are not made good by a cookie', async () => {
    const login = await newLogin();
    const statusWith = async (authorization: string) => {
      const headers = { cookie: login.cookie, authorization };
      return (await ctx.client.get('users/me', { ...ANONYMOUS, headers })).status;
    };
    for (const wrong of ['Bearer wrong', 'Bearer', 'bearer', 'Bearer  ', `Bearer ${login.accessToken} x`])
      expect([wrong, await statusWith(wrong)]).toEqual([wrong, 401]);
    // Another scheme is a proxy's business.
    expect(await statusWith('Basic d2FuZGE6eA==')).toBe(200);
    const headers = { authorization: `bearer ${login.accessToken}` };
    expect((await ctx.client.get('users/me', { ...ANONYMOUS, headers })).status).toBe(200);
  });
});

describe('guessing', () => {
  const ctx = useApi({ upstream: false });
  let limited: ApiProcess;
  let addresses = 0;

  beforeAll(async () => {
    limited = await ctx.startAnother({ RATE_LIMIT_SCALE: '1', TRUST_PROXY: 'true' });
  });

  /** Somebody at an address of his own. */
  function somebody(address = `10.1.${Math.floor(addresses / 250)}.${(addresses += 1) % 250}`) {
    const at = (api: ApiProcess) => (username: string, password: string) =>
      ctx.client
        .at(api.url)
        .post(
          'auth/login',
          { username, password },
          { ...ANONYMOUS, headers: { 'X-Forwarded-For': address } },
        );
    return { at, tries: at(limited) };
  }

  async function guess(
    tries: (name: string, password: string) => Promise<Answer>,
    name: string,
    times: number,
  ) {
    const statuses: number[] = [];
    for (let n = 0; n < times; n += 1) statuses.push((await tries(name, `wrong password ${n}`)).status);
    return statuses;
  }

  it.each(['somebody', 'nobody'])('locks the name of %s after 10 wrong passwords', async (who) => {
    const { username } = (await ctx.register()).account;
    const name = who === 'somebody' ? username : `no_${username}`;
    const { tries } = somebody();
    expect(await guess(tries, name, 11)).toEqual([...Array(10).fill(401), 429]);
    const locked = await tries(name, PASSWORD);
    expect([locked.status, locked.body.code]).toEqual([429, 'too_many_attempts']);
    const seconds = Number(locked.headers['retry-after']);
    expect(seconds).toBeGreaterThan(14 * MINUTE);
    expect(seconds).toBeLessThanOrEqual(15 * MINUTE);
    // Whoever is elsewhere is not locked out by it, and here other names are not.
    expect((await somebody().tries(username, PASSWORD)).status).toBe(200);
    const other = (await ctx.register()).account;
    expect((await tries(other.username, PASSWORD)).status).toBe(200);
  });

  it('is counted whatever the case and width of the name', async () => {
    const { username } = (await ctx.register('guessed_at')).account;
    const { tries } = somebody();
    const forms = [username, username.toUpperCase(), 'ｇuessed_at', 'Guessed_At'];
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await tries(forms[n % 4]!, 'wrong password')).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  });

  it('is counted before the password is looked at: many at once do not slip through', async () => {
    const { username } = (await ctx.register()).account;
    const { tries } = somebody();
    const answers = await Promise.all(Array.from({ length: 30 }, () => tries(username, 'wrong password')));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([...Array(10).fill(401), ...Array(20).fill(429)]);
  });

  it('begins anew after the right password', async () => {
    const { username } = (await ctx.register()).account;
    const { tries } = somebody();
    for (let round = 0; round < 3; round += 1) {
      expect(await guess(tries, username, 9)).toEqual(Array(9).fill(401));
      expect((await tries(username, PASSWORD)).status).toBe(200);
    }
  });

  it('counts a whole network of IPv6 addresses as one', async () => {
    const { username } = (await ctx.register()).account;
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      const { tries } = somebody(`2001:db8:0:7::${n + 1}`);
      statuses.push((await tries(username, 'wrong password')).status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    expect((await somebody('2001:db8:0:8::1').tries(username, PASSWORD)).status).toBe(200);
  });

  it('bounds what one address tries, whatever the names', async () => {
    const { tries } = somebody();
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => tries(`name_${n}`, 'wrong password')),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(60);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(4);
  });

  it('is bounded for the password of the own account as well', async () => {
    const client = (await ctx.register()).at(limited.url);
    const headers = { 'X-Forwarded-For': '10.9.0.1' };
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      const body = { currentPassword: `wrong password ${n}`, username: 'thief' };
      statuses.push((await client.patch('users/me', body, { headers })).status);
    }
    expect(statuses).toEqual([...Array(10).fill(400), 429]);
    expect((await client.delete('users/me', { password: PASSWORD }, { headers })).status).toBe(429);
    expect((await client.get('users/me')).body.username).toBe(client.account.username);
  });

  it('is no way to make accounts without end', async () => {
    const headers = { 'X-Forwarded-For': '10.9.0.2' };
    const api = ctx.client.at(limited.url);
    const statuses: number[] = [];
    for (let n = 0; n < 21; n += 1) {
      const body = { username: `many_${n}`, password: PASSWORD };
      const answer = await api.post('auth/register', body, { ...ANONYMOUS, headers });
      statuses.push(answer.status);
      if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([...Array(20).fill(201), 429]);
  });

  it('is not made easier by an invented X-Forwarded-For where no proxy is trusted', async () => {
    const untrusting = await ctx.startAnother({ RATE_LIMIT_SCALE: '1' });
    const { username } = (await ctx.register()).account;
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      statuses.push((await somebody().at(untrusting)(username, 'wrong password')).status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
  });

  it('is bounded, and logging in works, when Redis cannot be reached', async () => {
    const REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
    const api = await ctx.startAnother({ RATE_LIMIT_SCALE: '1', TRUST_PROXY: 'true', REDIS_URL });
    const { username } = (await ctx.register()).account;
    const tries = somebody().at(api);
    expect(await msOf(() => tries(username, PASSWORD))).toBeLessThan(3_000);
    expect((await tries(username, PASSWORD)).status).toBe(200);
    expect(await guess(tries, username, 11)).toEqual([...Array(10).fill(401), 429]);
  });
});

describe.runIf(inject('dialect') === 'mariadb')('guessing at two processes', () => {
  const ctx = useApi({ upstream: false, env: { RATE_LIMIT_SCALE: '1', TRUST_PROXY: 'true' } });
  let others: ApiProcess[];
  let redis: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    const env = { REDIS_URL: redis.url };
    others = await Promise.all([ctx.startAnother(env), ctx.startAnother(env)]);
    return () => redis.stop();
  });

  function tries(n: number, username: string, password: string, address = '10.2.0.1'): Promise<Answer> {
    const headers = { 'X-Forwarded-For': address };
    return ctx.client
      .at(others[n % 2]!.url)
      .post('auth/login', { username, password }, { ...ANONYMOUS, headers });
  }

  it('is counted together, in Redis', async () => {
    const { username } = (await ctx.register()).account;
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await tries(n, username, 'wrong password')).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    for (const n of [0, 1]) expect((await tries(n, username, PASSWORD)).status).toBe(429);
  });

  it('goes on when Redis goes away and comes back', async () => {
    const { username } = (await ctx.register()).account;
    await redis.kill();
    for (const n of [0, 1]) expect((await tries(n, username, PASSWORD, '10.2.0.2')).status).toBe(200);
    await redis.start();
    for (const n of [0, 1]) expect((await tries(n, username, PASSWORD, '10.2.0.2')).status).toBe(200);
  });
});
