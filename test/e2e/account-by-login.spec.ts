import { describe, expect, it } from 'vitest';
import { makeBelongings } from '../support/belongings.ts';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { logIn, statusesOf } from '../support/logins.ts';
import { useApi } from '../support/suite.ts';
import { dumpTables } from '../support/tables.ts';

const NEW = 'secret-2';

describe('an account that is changed or deleted by its login alone', () => {
  const ctx = useApi({ whisper: true, upstream: false });

  const path = ({ account }: ApiClient) => `/users/users/${account.id}/`;

  const events = async (client: ApiClient): Promise<string[]> => {
    const { body } = await client.get('users/me/security-events?limit=100');
    return body.items.map(({ type }: { type: string }) => type).toReversed();
  };

  it('has its other logins ended by a new password, and not this one', async () => {
    const client = await ctx.register();
    const { username } = client.account;
    const [here, elsewhere] = [await logIn(ctx.client, username), await logIn(ctx.client, username)];
    await client.as(here.accessToken).patch(path(client), { password: NEW }, { expect: 200 });
    expect(await statusesOf(ctx.client, here)).toEqual([200, 200]);
    expect(await statusesOf(ctx.client, elsewhere)).toEqual([401, 401]);
    expect((await client.get('users/me')).status).toBe(401);
    expect((await ctx.client.post('auth/login', { username, password: PASSWORD })).status).toBe(401);
    await logIn(ctx.client, username, NEW);
  });

  it('keeps its logins where the password stays', async () => {
    const client = await ctx.register();
    const other = await logIn(ctx.client, client.account.username);
    const email = `${client.account.username}@example.com`;
    await client.patch(path(client), { email }, { expect: 200 });
    expect(await statusesOf(ctx.client, other)).toEqual([200, 200]);
    expect((await client.get('users/me')).body.email).toBe(email);
  });

  it('has what happened in its log, as where the password was asked for, and never the values', async () => {
    const [asked, byLogin] = [await ctx.register(), await ctx.register()];
    for (const changes of [{ email: 'log@example.com' }, { password: NEW }])
      await byLogin.patch(path(byLogin), changes, { expect: 200 });
    await byLogin.patch(path(byLogin), { email: 'log@example.com' }, { expect: 200 });
    await asked.patch('users/me', { currentPassword: PASSWORD, email: 'log2@example.com' }, { expect: 200 });
    await asked.patch('users/me', { currentPassword: PASSWORD, password: `${NEW} long` }, { expect: 200 });
    expect(await events(byLogin)).toEqual(['registered', 'email_changed', 'password_changed']);
    expect(await events(byLogin)).toEqual(await events(asked));
    expect(JSON.stringify(await ctx.query('SELECT * FROM audit_events'))).not.toMatch(/log@|secret/);
  });

  it('is not changed or deleted by a key', async () => {
    const client = await ctx.register();
    const fields = { name: 'k', scopes: ['read', 'chat'], password: PASSWORD };
    const { key } = (await client.post('users/me/api-keys', fields, { expect: 201 })).body;
    const { users } = await dumpTables(ctx);
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const body = method === 'GET' ? {} : { body: { password: NEW } };
      const { status } = await client.request(method, path(client), { token: key, ...body });
      expect([method, status]).toEqual([method, 403]);
    }
    expect((await dumpTables(ctx))['users']).toEqual(users);
    await logIn(ctx.client, client.account.username);
  });

  it('goes with all that belongs to it, and nothing else does', async () => {
    const other = await ctx.register();
    const before = await dumpTables(ctx);
    const client = await ctx.register();
    await makeBelongings(client, ctx);
    await other.delete(path(client), {}, { expect: 404 });
    await client.delete(path(client), {}, { expect: 204 });
    expect((await client.get('users/me')).status).toBe(401);
    expect(await dumpTables(ctx)).toEqual(before);
    expect(ctx.logs()).toMatch(/account deleted/);
  });
});
