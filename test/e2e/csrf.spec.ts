import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import { type Login, logIn } from '../support/logins.ts';
import { useApi } from '../support/suite.ts';

const LISTED = 'https://app.example.com';
const FOREIGN = 'https://evil.example.com';

describe('a request with the session cookie', () => {
  const ctx = useApi({ upstream: false, env: { CORS_ORIGINS: `${LISTED}, http://localhost:5173` } });
  let login: Login;

  beforeAll(async () => {
    login = await logIn(ctx.client, (await ctx.register()).account.username);
  });

  /** One request of every changing method, each of which would do something. */
  async function statuses(headers: Record<string, string>, credentials: 'cookie' | 'bearer' = 'cookie') {
    const options = {
      token: credentials === 'bearer' ? login.accessToken : null,
      headers: { ...(credentials === 'cookie' && { cookie: login.cookie }), ...headers },
    };
    const { body: bot } = await ctx.client.post('chatbots', { name: 'Bot' }, { token: login.accessToken });
    const answers = [
      await ctx.client.post('chatbots', { name: 'Another' }, options),
      await ctx.client.patch(`chatbots/${bot.id}`, { name: 'Changed' }, options),
      await ctx.client.put('messages/987654321/feedback', { value: 'up' }, options),
      await ctx.client.delete(`chatbots/${bot.id}`, undefined, options),
    ];
    return answers.map(({ status, body }) => (status === 403 ? body.code : status));
  }

  const DONE = [201, 200, 404, 204];
  const REFUSED = Array(4).fill('cross_site_request');

  it.each([
    ['another origin', { origin: FOREIGN }],
    ['an origin that begins like a listed one', { origin: `${LISTED}.evil.example.com` }],
    ['the listed host without TLS', { origin: 'http://app.example.com' }],
    ['another port of a listed host', { origin: `${LISTED}:8443` }],
    ['no origin to name', { origin: 'null' }],
    ['another origin, said to be the same', { origin: FOREIGN, 'sec-fetch-site': 'same-origin' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['a site of an unknown kind', { 'sec-fetch-site': 'elsewhere' }],
  ])('is refused from %s', async (_what, headers) => {
    const before = await ctx.query('SELECT id, name, deleted_at FROM chatbots ORDER BY id');
    expect(await statuses(headers)).toEqual(REFUSED);
    const after = await ctx.query('SELECT id, name, deleted_at FROM chatbots ORDER BY id');
    // One is made, by its owner, for each round.
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.at(-1)).toMatchObject({ name: 'Bot', deleted_at: null });
  });

  it('is allowed from its own origin, from listed ones, and from what is no browser', async () => {
    const allowed: Record<string, string>[] = [
      { origin: ctx.api.url },
      { origin: LISTED },
      { origin: 'http://localhost:5173', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      {},
    ];
    for (const headers of allowed) expect([headers, await statuses(headers)]).toEqual([headers, DONE]);
  });

  it('reads from anywhere: what is read goes to no other site without CORS', async () => {
    const elsewhere: Record<string, string>[] = [{ origin: FOREIGN }, { 'sec-fetch-site': 'cross-site' }];
    for (const headers of elsewhere) {
      const answer = await ctx.client.get('users/me', {
        token: null,
        headers: { ...headers, cookie: login.cookie },
      });
      expect(answer.status).toBe(200);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      const head = await ctx.client.request('HEAD', 'users/me', {
        token: null,
        headers: { cookie: login.cookie },
      });
      expect(head.status).toBe(200);
    }
  });

  it('is no matter where the token is in the Authorization header', async () => {
    expect(await statuses({ origin: FOREIGN, 'sec-fetch-site': 'cross-site' }, 'bearer')).toEqual(DONE);
    expect(await statuses({ origin: FOREIGN, cookie: login.cookie }, 'bearer')).toEqual(DONE);
  });

  it('is held to it also where another scheme stands in the Authorization header', async () => {
    expect(await statuses({ origin: FOREIGN, authorization: 'Basic d2FuZGE6eA==' })).toEqual(REFUSED);
  });

  it('cannot be used to log somebody out from elsewhere', async () => {
    const options = { token: null, headers: { cookie: login.cookie, origin: FOREIGN } };
    expect((await ctx.client.post('auth/logout', undefined, options)).status).toBe(403);
    expect((await ctx.client.get('users/me', { token: login.accessToken })).status).toBe(200);
  });

  it('knows its own origin behind a proxy that ends TLS', async () => {
    const api: ApiProcess = await ctx.startAnother({ TRUST_PROXY: 'true' });
    const post = async (headers: Record<string, string>) =>
      (
        await ctx.client.at(api.url).post(
          'chatbots',
          { name: 'Proxied' },
          {
            token: null,
            headers: {
              ...{
                cookie: login.cookie,
                'x-forwarded-proto': 'https',
                'x-forwarded-host': 'chat.example.com',
              },
              ...headers,
            },
          },
        )
      ).status;
    expect(await post({ origin: 'https://chat.example.com' })).toBe(201);
    expect(await post({ origin: 'http://chat.example.com' })).toBe(403);
    expect(await post({ origin: FOREIGN })).toBe(403);
  });
});

describe('other origins', () => {
  const ctx = useApi({ upstream: false, env: { CORS_ORIGINS: LISTED } });

  const ask = (origin: string, path = 'conversations') =>
    ctx.client.request('OPTIONS', path, {
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    });

  it('that are listed may ask first, and read the answer', async () => {
    const preflight = await ask(LISTED);
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': LISTED,
      'access-control-allow-credentials': 'true',
    });
    const methods = preflight.headers['access-control-allow-methods']?.split(/, ?/) ?? [];
    expect(methods).toEqual(expect.arrayContaining(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']));
    expect(preflight.headers['access-control-allow-headers']).toMatch(/idempotency-key/i);
    for (const path of ['/health/live', 'users/me', 'no-such-route']) {
      const { headers } = await ctx.client.get(path, { headers: { origin: LISTED }, unchecked: true });
      expect(headers['access-control-allow-origin']).toBe(LISTED);
      expect(headers.vary).toMatch(/origin/i);
      const exposed = headers['access-control-expose-headers']?.toLowerCase().split(/, ?/) ?? [];
      expect(exposed).toEqual(expect.arrayContaining(['x-request-id', 'retry-after', 'ratelimit-remaining']));
    }
  });

  it('that are not listed get no permission', async () => {
    for (const origin of [FOREIGN, 'null', `${LISTED}.evil.example.com`, LISTED.replace('https', 'http')]) {
      const answers = [
        await ask(origin),
        await ctx.client.get('/health/live', { headers: { origin } }),
        await ctx.client.get('users/me', { headers: { origin } }),
      ];
      for (const { headers } of answers) expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('without a list of origins', () => {
  const ctx = useApi({ upstream: false });

  it('nobody gets permission', async () => {
    const { headers } = await ctx.client.get('/health/live', { headers: { origin: FOREIGN } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});
