import { beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'Keeper', ADMIN_PASSWORD: 'keep the gate shut' };
const PATH = 'users/me/security-events';
const WRONG = 'wrong password';
/** The machine may be busy. */
const PATIENT = { timeout: 10_000 };

async function eventsOf(client: ApiClient, query = ''): Promise<any[]> {
  return (await client.get(`${PATH}${query}`, { expect: 200 })).body.items;
}

const typesOf = async (client: ApiClient, query = '') =>
  (await eventsOf(client, query)).map(({ type }) => type);

/** Some events are written when the answer has been given. */
async function expectTypes(client: ApiClient, types: string[]): Promise<void> {
  await expect.poll(() => typesOf(client), PATIENT).toEqual(types);
}

describe('security events', () => {
  const ctx = useApi({ upstream: false, env: ADMIN });
  let admin: ApiClient;

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
  });

  it('tell of registration, logins, failed ones, and the logout', async () => {
    const client = await ctx.register();
    const { username } = client.account;
    await expectTypes(client, ['registered']);
    const failed = { username, password: WRONG };
    const headers = { 'user-agent': 'Burglar/1.0' };
    await ctx.client.post('auth/login', failed, { token: null, headers, expect: 401 });
    await expectTypes(client, ['login_failed', 'registered']);
    const login = await logIn(ctx.client, username);
    await ctx.client.post('auth/logout', undefined, { token: login.accessToken, expect: 204 });
    const events = await eventsOf(client);
    expect(events.map(({ type }) => type)).toEqual(['logout', 'login', 'login_failed', 'registered']);
    const [out, back, guess, first] = events;
    expect(guess).toMatchObject({
      ...{ address: '127.0.0.1', userAgent: 'Burglar/1.0', sessionId: null },
      ...{ apiKeyId: null, details: null },
    });
    expect(out.sessionId).toBe(back.sessionId);
    expect(first.sessionId).not.toBe(back.sessionId);
    const [row] = await ctx.query('SELECT id FROM sessions WHERE user_id = ? ORDER BY id DESC', [
      client.account.id,
    ]);
    expect(back.sessionId).toBe(Number(row.id));
    expect(Math.abs(Date.parse(first.createdAt) - Date.now())).toBeLessThan(60_000);
  });

  it('tell of a refresh token that came back', async () => {
    const client = await ctx.register();
    const { refreshToken, username } = client.account;
    const refresh = () => ctx.client.post('auth/refresh', { refreshToken });
    expect([(await refresh()).status, (await refresh()).status]).toEqual([200, 401]);
    const { accessToken } = await logIn(ctx.client, username);
    const [, misused, first] = await eventsOf(client.as(accessToken));
    expect(misused.type).toBe('refresh_reuse_detected');
    expect(misused.sessionId).toBe(first.sessionId);
  });

  it('tell what was changed, and not how', async () => {
    const client = await ctx.register();
    const { username } = client.account;
    const change = (changes: Record<string, unknown>) =>
      client.patch('users/me', { currentPassword: PASSWORD, ...changes }, { expect: 200 });
    await change({ username, email: null });
    await change({ username: `${username}x`, email: `${username}@example.com` });
    await change({ password: 'staple battery horse' });
    const events = await eventsOf(client);
    expect(events.map(({ type }) => type)).toEqual([
      ...['password_changed', 'email_changed', 'username_changed', 'registered'],
    ]);
    const kept = JSON.stringify(await ctx.query('SELECT * FROM audit_events'));
    for (const secret of [username, 'example.com', 'staple battery', PASSWORD, 'argon2'])
      expect(kept).not.toContain(secret);
  });

  it('tell what an admin did, and nothing of the admin', async () => {
    const client = await ctx.register();
    const { id, username } = client.account;
    const change = (changes: Record<string, unknown>) =>
      admin.patch(`admin/users/${id}`, changes, { expect: 200, headers: { 'user-agent': 'Office' } });
    for (const changes of [{ role: 'admin' }, { role: 'admin' }, {}, { role: 'user', deactivated: true }])
      await change(changes);
    const login = { username, password: PASSWORD };
    await ctx.client.post('auth/login', login, { token: null, expect: 401 });
    await expect
      .poll(
        () => ctx.query("SELECT id FROM audit_events WHERE user_id = ? AND type = 'login_failed'", [id]),
        PATIENT,
      )
      .toHaveLength(1);
    await change({ deactivated: false });
    const { accessToken } = await logIn(ctx.client, username);
    const events = await eventsOf(client.as(accessToken));
    expect(events.map(({ type }) => type)).toEqual([
      ...['login', 'account_reactivated', 'login_failed', 'account_deactivated', 'role_changed'],
      ...['role_changed', 'registered'],
    ]);
    const theirs = events.filter(({ type }) => /^(role|account)_/.test(type));
    expect(theirs).toHaveLength(4);
    const rows = await ctx.query('SELECT id FROM audit_events WHERE user_id = ? AND actor_id IS NOT NULL', [
      id,
    ]);
    expect(rows.map((row) => Number(row.id))).toEqual(theirs.map((event) => event.id).toReversed());
    for (const { address, userAgent, sessionId } of theirs)
      expect([address, userAgent, sessionId]).toEqual([null, null, null]);
    expect(theirs.map(({ details }) => details)).toEqual([null, null, { role: 'user' }, { role: 'admin' }]);
    const own = await typesOf(admin);
    expect(new Set(own)).toEqual(new Set(['login']));
  });

  it('are listed page by page, newest first, and by type', async () => {
    const client = await ctx.register();
    for (let n = 0; n < 5; n += 1) await logIn(ctx.client, client.account.username);
    const pages = await readPages(client, PATH, 2);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 2]);
    const ids = pages.flat().map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    const logins = await readPages(client, `${PATH}?type=login`, 2);
    expect(logins.flat().map(({ type }) => type)).toEqual(Array(5).fill('login'));
    expect(await eventsOf(client, '?type=logout')).toEqual([]);
    const { status, body } = await client.get(`${PATH}?type=everything`);
    expect([status, body.errors?.[0].field]).toEqual([400, 'type']);
  });

  it('are nobody else’s', async () => {
    const [owner, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    for (let n = 0; n < 3; n += 1) await logIn(ctx.client, owner.account.username);
    const { body } = await owner.get(`${PATH}?limit=1`, { expect: 200 });
    expect(await typesOf(stranger)).toEqual(['registered']);
    const ids = (await eventsOf(stranger, `?cursor=${body.nextCursor}`)).map(({ id }) => id);
    const theirs = (await eventsOf(owner)).map(({ id }) => id);
    expect(ids.filter((id) => theirs.includes(id))).toEqual([]);
  });

  it('of failed logins are written down twenty times an hour, and again in the next one', async () => {
    const client = await ctx.register();
    const { username, id } = client.account;
    const guess = () =>
      ctx.client.post('auth/login', { username, password: WRONG }, { token: null, expect: 401 });
    const failures = async () => (await typesOf(client, '?type=login_failed&limit=100')).length;
    for (let n = 1; n <= 20; n += 1) {
      await guess();
      await expect.poll(failures, PATIENT).toBe(n);
    }
    for (let n = 0; n < 5; n += 1) await guess();
    const login = await logIn(ctx.client, username);
    expect(login.user.id).toBe(id);
    await ctx.client.get('users/me', { token: login.accessToken, expect: 200 });
    expect(await failures()).toBe(20);
    await ctx.query("UPDATE audit_events SET created_at = '2026-01-01 00:00:00.000' WHERE user_id = ?", [id]);
    await guess();
    await expect.poll(failures, PATIENT).toBe(21);
  });

  it('are not written for names that nobody has', async () => {
    const count = async () => (await ctx.query('SELECT id FROM audit_events')).length;
    const client = await ctx.register();
    const before = await count();
    const unknown = { username: `no_${client.account.username}`, password: WRONG };
    await ctx.client.post('auth/login', unknown, { token: null, expect: 401 });
    await ctx.client.post('auth/login', { ...unknown, username: client.account.username }, { token: null });
    await expect.poll(count, PATIENT).toBe(before + 1);
  });

  it('bear the address that the proxy names, where it is trusted, and only an address', async () => {
    const api = await ctx.startAnother({ TRUST_PROXY: 'true' });
    const { account } = await ctx.register();
    const addressOf = async (forwarded: string, at = ctx.client.at(api.url)) => {
      const headers = { 'x-forwarded-for': forwarded, 'user-agent': 'x'.repeat(1_000) };
      const { body } = await at.post(
        'auth/login',
        { username: account.username, password: PASSWORD },
        { token: null, headers, expect: 200 },
      );
      const [event] = await eventsOf(ctx.client.as(body.accessToken));
      expect(event.userAgent).toHaveLength(255);
      return event.address;
    };
    expect(await addressOf('203.0.113.7')).toBe('203.0.113.7');
    expect(await addressOf('2001:db8::7')).toBe('2001:db8::7');
    expect(await addressOf('::ffff:203.0.113.8')).toBe('203.0.113.8');
    expect(await addressOf('my own words')).toBeNull();
    expect(await addressOf('203.0.113.9', ctx.client)).toBe('127.0.0.1');
  });

  it('go with the account, which leaves one line without a name', async () => {
    const client = await ctx.register();
    const { id, username } = client.account;
    await admin.patch(`admin/users/${id}`, { role: 'admin' }, { expect: 200 });
    const other = await ctx.register();
    await client.patch(`admin/users/${other.account.id}`, { deactivated: true }, { expect: 200 });
    const lines = () =>
      ctx
        .logs()
        .split('\n')
        .filter((line) => line.includes('account deleted'));
    const before = lines().length;
    await client.delete('users/me', { password: PASSWORD }, { expect: 204 });
    expect(await ctx.query('SELECT id FROM audit_events WHERE user_id = ?', [id])).toEqual([]);
    // What he did to others stays theirs, without him.
    const [kept] = await ctx.query('SELECT * FROM audit_events WHERE user_id = ? ORDER BY id DESC', [
      other.account.id,
    ]);
    expect([kept.type, kept.actor_id]).toEqual(['account_deactivated', null]);
    await expect.poll(() => lines().length, PATIENT).toBe(before + 1);
    expect(lines().at(-1)).not.toMatch(new RegExp(`${username}|:${id}\\b|127\\.0\\.0\\.1`));
  });

  it('that cannot be written keep nobody out', async () => {
    const client = await ctx.register();
    await ctx.query('ALTER TABLE audit_events RENAME TO audit_events_away');
    try {
      const { accessToken } = await logIn(ctx.client, client.account.username);
      await ctx.client.post('auth/logout', undefined, { token: accessToken, expect: 204 });
      await expect.poll(() => ctx.logs(), PATIENT).toContain('cannot record login');
      expect((await client.get(PATH)).status).toBe(500);
    } finally {
      await ctx.query('ALTER TABLE audit_events_away RENAME TO audit_events');
    }
    expect(await typesOf(client)).toEqual(['registered']);
  });
});
