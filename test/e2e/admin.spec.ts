import { beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { logIn, statusesOf } from '../support/logins.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'Keeper', ADMIN_PASSWORD: 'keep the gate shut' };

describe('an admin', () => {
  const ctx = useApi({ upstream: false, env: ADMIN });
  let admin: ApiClient;

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
  });

  it('is there from the start, once, however often one starts', async () => {
    expect((await admin.get('users/me')).body).toMatchObject({ username: 'Keeper', role: 'admin' });
    await Promise.all([ctx.startAnother(), ctx.startAnother({ ADMIN_PASSWORD: 'another password' })]);
    const rows = await ctx.query("SELECT id, password_hash FROM users WHERE username_key = 'keeper'");
    expect(rows).toHaveLength(1);
    // What is there stays: the variable is no way to change a password.
    await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD);
    const other = { username: 'keeper', password: 'another password' };
    expect((await ctx.client.post('auth/login', other)).status).toBe(401);
  });

  it('is not made of somebody who has the name already', async () => {
    const taken = await ctx.register('taken_name');
    const api = await ctx.startAnother({ ADMIN_USERNAME: 'TAKEN_name', ADMIN_PASSWORD: 'a new password' });
    expect((await taken.get('users/me')).body.role).toBe('user');
    expect(api.logs()).toContain('is no admin');
    expect(api.logs()).not.toContain('a new password');
  });

  it('lists all accounts, newest first, page by page', async () => {
    const made: number[] = [];
    for (let n = 0; n < 25; n += 1) made.push((await ctx.register()).account.id);
    const seen: any[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `?limit=10&cursor=${cursor}` : '?limit=10';
      const { body } = await admin.get(`admin/users${query}`, { expect: 200 });
      expect(body.items.length).toBeLessThanOrEqual(10);
      seen.push(...body.items);
      ({ nextCursor: cursor } = body);
    } while (cursor);
    const ids = seen.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(0, 25)).toEqual(made.toReversed());
    expect(ids).toHaveLength((await ctx.query('SELECT id FROM users')).length);
    expect(JSON.stringify(seen)).not.toMatch(/argon2|hash|password/i);
  });

  it('makes others admins, and takes it back', async () => {
    const client = await ctx.register();
    const path = `admin/users/${client.account.id}`;
    expect((await client.get('admin/users')).status).toBe(404);
    expect((await admin.patch(path, { role: 'admin' }, { expect: 200 })).body.role).toBe('admin');
    // The login that is there already has it at once, and loses it at once.
    expect((await client.get('admin/users')).status).toBe(200);
    await admin.patch(path, { role: 'user' }, { expect: 200 });
    expect((await client.get('admin/users')).status).toBe(404);
  });

  it('ends the logins of an account that it deactivates, for good', async () => {
    const client = await ctx.register();
    const { username, id } = client.account;
    const login = await logIn(ctx.client, username);
    const { body } = await admin.patch(`admin/users/${id}`, { deactivated: true }, { expect: 200 });
    expect(Date.parse(body.deactivatedAt)).toBeGreaterThan(Date.now() - 60_000);
    expect(await statusesOf(ctx.client, login)).toEqual([401, 401]);
    const refresh = () => ctx.client.post('auth/refresh', { refreshToken: login.refreshToken });
    expect((await refresh()).status).toBe(401);
    const refused = await ctx.client.post('auth/login', { username, password: PASSWORD });
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
    // What it has stays.
    expect(await ctx.query('SELECT id FROM users WHERE id = ?', [id])).toHaveLength(1);
    const again = await admin.patch(`admin/users/${id}`, { deactivated: false }, { expect: 200 });
    expect(again.body.deactivatedAt).toBeNull();
    await logIn(ctx.client, username);
    // The document says that the running logins end, not that they pause.
    expect(await statusesOf(ctx.client, login)).toEqual([401, 401]);
    expect((await refresh()).status).toBe(401);
  });

  it('changes only what it names', async () => {
    const client = await ctx.register();
    const path = `admin/users/${client.account.id}`;
    const { body: before } = await client.get('users/me');
    expect((await admin.patch(path, {}, { expect: 200 })).body).toEqual(before);
    await admin.patch(path, { role: 'admin' });
    await admin.patch(path, { deactivated: true });
    expect((await admin.patch(path, { deactivated: false })).body).toEqual({ ...before, role: 'admin' });
  });

  it('has routes that do not exist for others', async () => {
    const client = await ctx.register();
    const { id } = client.account;
    const tries = [
      await client.get('admin/users'),
      await client.get('admin/users?limit=0'),
      await client.patch(`admin/users/${id}`, { role: 'admin' }),
      await client.patch(`admin/users/${id}`, { nonsense: true }),
      await client.patch('admin/users/abc', {}),
    ];
    for (const { status, body } of tries) expect([status, body.code]).toEqual([404, 'route_not_found']);
    expect((await client.get('users/me')).body.role).toBe('user');
    const nobody = await ctx.client.get('admin/users');
    expect(nobody.status).toBe(401);
  });

  it('cannot be registered', async () => {
    const body = { username: 'climber', password: PASSWORD, role: 'admin' };
    const { status, body: problem } = await ctx.client.post('auth/register', body);
    expect([status, problem.errors?.[0].field]).toEqual([400, 'role']);
    const client = await ctx.register();
    const changed = await client.patch('users/me', { currentPassword: PASSWORD, role: 'admin' });
    expect([changed.status, changed.body.errors?.[0].field]).toEqual([400, 'role']);
  });
});
