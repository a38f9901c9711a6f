import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import { makeKey } from '../support/api-keys.ts';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';
import { beginWith } from '../support/talk.ts';

const PATH = 'users/me/api-keys';
const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };
/** The machine may be busy. */
const PATIENT = { timeout: 10_000 };

describe('API keys', () => {
  const ctx = useApi({ env: ADMIN });
  let other: ApiProcess;

  beforeAll(async () => {
    other = await ctx.startAnother();
  });

  const asked = (wanted: Record<string, unknown> = {}) => ({
    ...{ name: 'Report', scopes: ['read'], password: PASSWORD, ...wanted },
  });

  /** What a key gets at both processes. */
  const statuses = (key: string) =>
    Promise.all(
      [ctx.api.url, other.url].map(
        async (url) => (await ctx.client.at(url).get('conversations', { token: key })).status,
      ),
    );

  it('are shown once, and kept as a hash only', async () => {
    const client = await ctx.register();
    const { body } = await client.post(PATH, asked({ scopes: ['chat', 'read'] }), { expect: 201 });
    const { key, ...shown } = body;
    expect(key).toMatch(/^parley_[0-9A-Za-z]{49}$/);
    expect(shown).toMatchObject({
      name: 'Report',
      scopes: ['chat', 'read'],
      expiresAt: null,
      lastUsedAt: null,
    });
    expect(shown.hint).toBe(`parley_…${key.slice(-4)}`);
    expect((await client.get(`${PATH}/${body.id}`)).body).toEqual(shown);
    expect((await client.get(PATH)).body).toEqual({ items: [shown], nextCursor: null });
    expect(await statuses(key)).toEqual([200, 200]);
    const secret = key.slice('parley_'.length, -4);
    const tables = ['api_keys', 'audit_events', 'sessions'];
    const kept = await Promise.all(tables.map((name) => ctx.query(`SELECT * FROM ${name}`)));
    expect(JSON.stringify(kept)).not.toContain(secret);
    expect(ctx.logs()).not.toContain(secret);
    const [row] = await ctx.query('SELECT secret_hash FROM api_keys WHERE id = ?', [body.id]);
    expect(row.secret_hash).toMatch(/^[0-9a-f]{64}$/);
    // What is kept opens nothing.
    expect(await statuses(row.secret_hash)).toEqual([401, 401]);
  });

  it('are made with the password only, and guessing it is bounded', async () => {
    const client = (await ctx.register()).at((await ctx.startAnother({ RATE_LIMIT_SCALE: '1' })).url);
    const tries: (number | string)[] = [];
    for (let n = 0; n < 11; n += 1) {
      const { status, body } = await client.post(PATH, asked({ password: `wrong password ${n}` }));
      tries.push(status === 400 ? body.code : status);
    }
    expect(tries).toEqual([...Array(10).fill('wrong_password'), 429]);
    expect((await client.post(PATH, asked())).status).toBe(429);
    expect((await client.get(PATH)).body.items).toEqual([]);
  });

  it('chat: a whole turn, streamed', async () => {
    const client = await ctx.register();
    const { key } = await makeKey(client, { scopes: ['chat', 'read'] });
    const machine = ctx.client.as(key);
    const id = await beginWith(machine, { model: 'test:count=3' });
    const stream = await machine.stream(`conversations/${id}/messages`, { body: { content: 'Hello' } });
    expect((await stream.collect()).at(-1)?.event).toBe('message.completed');
    expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(2);
    expect((await machine.get('users/me')).body.username).toBe(client.account.username);
  });

  it('work in the Authorization header only', async () => {
    const { key } = await makeKey(await ctx.register());
    const ask = async (headers: Record<string, string>, path = 'conversations') =>
      (await ctx.client.get(path, { token: null, headers, unchecked: true })).status;
    expect(await ask({ authorization: `Bearer ${key}` })).toBe(200);
    expect(await ask({ authorization: `bearer  ${key}` })).toBe(200);
    const elsewhere: [Record<string, string>, string?][] = [
      [{ cookie: `parley_session=${key}` }],
      [{ 'x-api-key': key }],
      [{ authorization: key }],
      [{ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }],
      [{}, `conversations?access_token=${key}`],
      [{}, `conversations?key=${key}`],
    ];
    for (const [headers, path] of elsewhere) expect(await ask(headers, path)).toBe(401);
    expect(ctx.logs()).not.toContain(key);
  });

  it('that are wrong are refused, also beside a good cookie', async () => {
    const client = await ctx.register();
    const { key } = await makeKey(client);
    const { cookie } = await logIn(ctx.client, client.account.username);
    const last = key.at(-1) === 'a' ? 'b' : 'a';
    const { key: revoked, id } = await makeKey(client);
    await client.delete(`${PATH}/${id}`, undefined, { expect: 204 });
    for (const token of [key.slice(0, -1) + last, `${key}a`, key.slice(0, -1), 'parley_', revoked]) {
      const answer = await ctx.client.get('conversations', { token, headers: { cookie } });
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  it('need no browser’s origin: a page of elsewhere has no key', async () => {
    const { key } = await makeKey(await ctx.register(), { scopes: ['chat'] });
    const headers = { origin: 'https://elsewhere.example.com', 'sec-fetch-site': 'cross-site' };
    expect((await ctx.client.post('chatbots', { name: 'Bot' }, { token: key, headers })).status).toBe(201);
  });

  it('end with their time', async () => {
    const client = await ctx.register();
    const expiresAt = new Date(Date.now() + 3_600_000);
    const zoned = expiresAt.toISOString().replace('Z', '+00:00');
    const { key, id } = await makeKey(client, { expiresAt: zoned });
    const { body } = await client.get(`${PATH}/${id}`);
    expect(body.expiresAt).toBe(expiresAt.toISOString());
    expect(await statuses(key)).toEqual([200, 200]);
    await ctx.query("UPDATE api_keys SET expires_at = '2026-01-01 00:00:00.000' WHERE id = ?", [id]);
    expect(await statuses(key)).toEqual([401, 401]);
    expect((await client.get(PATH)).body.items[0].expiresAt).toBe('2026-01-01T00:00:00.000Z');
  });

  it.each([
    ['in the past', '2020-01-01T00:00:00Z'],
    ['in a hundred years', '2126-01-01T00:00:00Z'],
    ['without a zone', '2030-01-01T00:00:00'],
    ['a day', '2030-01-01'],
    ['no day at all', '2030-13-41T00:00:00Z'],
    ['a word', 'tomorrow'],
  ])('are not made with an end that is %s', async (_what, expiresAt) => {
    const { status, body } = await (await ctx.register()).post(PATH, asked({ expiresAt }));
    expect([status, body.errors?.[0].field]).toEqual([400, 'expiresAt']);
    expect(body.errors[0].message).toContain('ten years');
  });

  it.each([
    ['no scope', []],
    ['a scope twice', ['read', 'read']],
    ['a scope that is none', ['write']],
    ['all and one more', ['read', 'chat', 'admin', 'root']],
    ['a text', 'read'],
  ])('are not made with %s', async (_what, scopes) => {
    const { status, body } = await (await ctx.register()).post(PATH, asked({ scopes }));
    expect([status, body.errors?.[0].field]).toEqual([400, 'scopes']);
  });

  it('are revoked at once, at every process, once', async () => {
    const client = await ctx.register();
    const [one, kept] = [await makeKey(client), await makeKey(client)];
    expect(await statuses(one.key)).toEqual([200, 200]);
    const answers = await Promise.all(
      [client, client.at(other.url), client].map((at) => at.delete(`${PATH}/${one.id}`)),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 404, 404]);
    expect(await statuses(one.key)).toEqual([401, 401]);
    expect(await statuses(kept.key)).toEqual([200, 200]);
    expect((await client.get(`${PATH}/${one.id}`)).status).toBe(404);
    expect((await client.get(PATH)).body.items.map(({ id }: { id: number }) => id)).toEqual([kept.id]);
  });

  it('stay with a new password, which ends other logins only', async () => {
    const client = await ctx.register();
    const { key } = await makeKey(client);
    const change = { currentPassword: PASSWORD, password: 'staple battery horse' };
    await client.patch('users/me', change, { expect: 200 });
    expect(await statuses(key)).toEqual([200, 200]);
  });

  it('rest while the account is deactivated, and go with it', async () => {
    const admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
    const client = await ctx.register();
    const { id, username } = client.account;
    const { key } = await makeKey(client);
    const set = (deactivated: boolean) => admin.patch(`admin/users/${id}`, { deactivated }, { expect: 200 });
    await set(true);
    expect(await statuses(key)).toEqual([401, 401]);
    await set(false);
    expect(await statuses(key)).toEqual([200, 200]);
    const { accessToken } = await logIn(ctx.client, username);
    await client.as(accessToken).delete('users/me', { password: PASSWORD }, { expect: 204 });
    expect(await statuses(key)).toEqual([401, 401]);
    expect(await ctx.query('SELECT id FROM api_keys WHERE user_id = ?', [id])).toEqual([]);
  });

  it('say when they were last used, to the minute', async () => {
    const client = await ctx.register();
    const { key, id } = await makeKey(client);
    const lastUsed = async () => (await client.get(`${PATH}/${id}`)).body.lastUsedAt;
    const from = Date.now();
    await Promise.all(Array.from({ length: 20 }, () => statuses(key)));
    await expect.poll(lastUsed, PATIENT).not.toBeNull();
    const first = Date.parse(await lastUsed());
    expect(first).toBeGreaterThanOrEqual(from - 1);
    expect(first).toBeLessThanOrEqual(Date.now());
    // Within the minute it stays; when that is over, the next use is written down.
    const stored = '2026-01-01 00:00:00.000';
    await ctx.query('UPDATE api_keys SET last_used_at = ? WHERE id = ?', [stored, id]);
    await statuses(key);
    await expect.poll(lastUsed, PATIENT).not.toBe('2026-01-01T00:00:00.000Z');
    const second = await lastUsed();
    await Promise.all(Array.from({ length: 5 }, () => statuses(key)));
    expect(await lastUsed()).toBe(second);
  });

  it('are fifty at most, however many ask at once', async () => {
    const client = await ctx.register();
    for (let n = 0; n < 47; n += 1) {
      await ctx.query(
        'INSERT INTO api_keys (user_id, name, scopes, secret_hash, hint, created_at) VALUES (?, ?, ?, ?, ?, ?)',
        [
          client.account.id,
          `Old ${n}`,
          'read',
          `${client.account.id}-${n}`,
          'parley_…',
          '2026-01-01 00:00:00.000',
        ],
      );
    }
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => client.at(n % 2 ? other.url : ctx.api.url).post(PATH, asked())),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      Array(5).fill([409, 'too_many_api_keys']),
    );
    const pages = await readPages(client, PATH, 20);
    expect(pages.map((page) => page.length)).toEqual([20, 20, 10]);
    const ids = pages.flat().map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    await client.delete(`${PATH}/${ids.at(-1)}`, undefined, { expect: 204 });
    expect((await client.post(PATH, asked())).status).toBe(201);
  });

  it('count for their user where requests are limited', async () => {
    const limited = await ctx.startAnother({ RATE_LIMIT_SCALE: '1', REQUESTS_PER_MINUTE: '6' });
    const [client, neighbour] = await Promise.all([ctx.register(), ctx.register()]);
    const [{ key }, { key: second }] = await Promise.all([makeKey(client), makeKey(client)]);
    const { key: foreign } = await makeKey(neighbour);
    const ask = async (token: string) =>
      (await ctx.client.at(limited.url).get('conversations', { token })).status;
    const all = [key, second, client.token!, key, second, client.token!, key, second];
    const got: number[] = [];
    for (const token of all) got.push(await ask(token));
    expect(got).toEqual([...Array(6).fill(200), 429, 429]);
    expect(await ask(foreign)).toBe(200);
  });

  it('are named in log lines by their number', async () => {
    const { key, id } = await makeKey(await ctx.register());
    await ctx.client.get('conversations', { token: key, headers: { 'x-request-id': 'by-a-key' } });
    const line = () =>
      ctx
        .logs()
        .split('\n')
        .find((text) => text.includes('"by-a-key"'));
    await expect.poll(line, PATIENT).toBeDefined();
    expect(JSON.parse(line()!)).toMatchObject({ requestId: 'by-a-key', apiKeyId: id });
  });

  it('are in the log of security events', async () => {
    const client = await ctx.register();
    const { id, hint } = await makeKey(client, { name: 'Very private', scopes: ['read', 'chat'] });
    await client.delete(`${PATH}/${id}`, undefined, { expect: 204 });
    const { body } = await client.get('users/me/security-events');
    const details = { hint, scopes: 'read chat' };
    expect(body.items.slice(0, 2)).toMatchObject([
      { type: 'api_key_revoked', apiKeyId: id, details, address: '127.0.0.1' },
      { type: 'api_key_created', apiKeyId: id, details, address: '127.0.0.1' },
    ]);
    expect(body.items[0].sessionId).toBe(body.items.at(-1).sessionId);
    expect(JSON.stringify(body)).not.toContain('Very private');
  });

  it('are not made where that cannot be written down', async () => {
    const client = await ctx.register();
    const { key, id } = await makeKey(client);
    await ctx.query('ALTER TABLE audit_events RENAME TO audit_events_away');
    try {
      expect((await client.post(PATH, asked())).status).toBe(500);
      expect((await client.delete(`${PATH}/${id}`)).status).toBe(500);
    } finally {
      await ctx.query('ALTER TABLE audit_events_away RENAME TO audit_events');
    }
    expect((await client.get(PATH)).body.items.map((one: { id: number }) => one.id)).toEqual([id]);
    expect(await statuses(key)).toEqual([200, 200]);
  });

  it('make no keys, and end none', async () => {
    const client: ApiClient = await ctx.register();
    const { key, id } = await makeKey(client, { scopes: ['read', 'chat', 'admin'] });
    const machine = ctx.client.as(key);
    const tries = [
      await machine.post(PATH, asked()),
      await machine.delete(`${PATH}/${id}`),
      await machine.get(PATH),
      await machine.get('users/me/security-events'),
      await machine.patch('users/me', { currentPassword: PASSWORD, username: 'thief' }),
      await machine.delete('users/me', { password: PASSWORD }),
      await machine.post('auth/logout'),
    ];
    for (const { status, body } of tries) expect([status, body.code]).toEqual([403, 'session_required']);
  });
});
