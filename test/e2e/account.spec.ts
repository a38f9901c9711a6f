import { describe, expect, it } from 'vitest';
import { makeBelongings, readBelongings } from '../support/belongings.ts';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { logIn, statusesOf } from '../support/logins.ts';
import { useApi } from '../support/suite.ts';
import { countRows, dumpTables } from '../support/tables.ts';

const NEW_PASSWORD = 'staple battery horse';

describe('the own account', () => {
  const ctx = useApi({ whisper: true, upstream: false });

  const change = (client: ApiClient, changes: Record<string, unknown>, currentPassword = PASSWORD) =>
    client.patch('users/me', { currentPassword, ...changes });

  it('changes only with the password', async () => {
    const client = await ctx.register();
    const before = await client.get('users/me');
    for (const changes of [
      { username: 'thief' },
      { email: 'thief@example.com' },
      { password: NEW_PASSWORD },
    ]) {
      const refused = await change(client, changes, 'wrong password');
      expect([refused.status, refused.body.code]).toEqual([400, 'wrong_password']);
    }
    expect((await client.delete('users/me', { password: 'wrong password' })).body.code).toBe(
      'wrong_password',
    );
    expect((await client.get('users/me')).body).toEqual(before.body);
    await logIn(ctx.client, client.account.username);
  });

  it('ends its other logins with a new password, and not this one', async () => {
    const client = await ctx.register();
    const { username } = client.account;
    const [here, elsewhere] = [await logIn(ctx.client, username), await logIn(ctx.client, username)];
    const renewed = await ctx.client.post(
      'auth/refresh',
      { refreshToken: here.refreshToken },
      { expect: 200 },
    );
    const answer = await change(client.as(renewed.body.accessToken), { password: NEW_PASSWORD });
    expect(answer.status).toBe(200);
    expect(await statusesOf(ctx.client, here)).toEqual([200, 200]);
    expect(await statusesOf(ctx.client, elsewhere)).toEqual([401, 401]);
    expect((await client.get('users/me')).status).toBe(401);
    const refresh = async (refreshToken: string) =>
      (await ctx.client.post('auth/refresh', { refreshToken })).status;
    expect(await refresh(elsewhere.refreshToken)).toBe(401);
    expect(await refresh(renewed.body.refreshToken)).toBe(200);
    await logIn(ctx.client, username, NEW_PASSWORD);
    expect((await ctx.client.post('auth/login', { username, password: PASSWORD })).status).toBe(401);
  });

  it('refuses a new password that is common or too short', async () => {
    const client = await ctx.register();
    for (const password of ['password', 'short', 'x'.repeat(129)]) {
      const { status, body } = await change(client, { password });
      expect([status, body.errors?.[0].field]).toEqual([400, 'password']);
    }
    await logIn(ctx.client, client.account.username);
  });

  it('changes its name, also in case only, and frees the old one', async () => {
    const client = await ctx.register('first_name');
    const other = await ctx.register('other_name');
    const taken = await change(client, { username: 'OTHER_name' });
    expect([taken.status, taken.body.code]).toEqual([409, 'username_taken']);
    expect((await change(client, { username: 'First_Name' })).body.username).toBe('First_Name');
    expect((await change(client, { username: '新的名字' })).body.username).toBe('新的名字');
    expect((await client.get('users/me')).body.username).toBe('新的名字');
    await logIn(ctx.client, '新的名字');
    expect((await ctx.client.post('auth/login', { username: 'first_name', password: PASSWORD })).status).toBe(
      401,
    );
    await ctx.register('first_name');
    expect((await other.get('users/me')).body.username).toBe('other_name');
  });

  it('takes, changes and gives up an e-mail address', async () => {
    const [client, other] = await Promise.all([ctx.register(), ctx.register()]);
    expect((await change(client, { email: 'Ann@Example.com' })).body.email).toBe('Ann@Example.com');
    await logIn(ctx.client, 'ann@example.com');
    const taken = await change(other, { email: 'ANN@example.com' });
    expect([taken.status, taken.body.code]).toEqual([409, 'email_taken']);
    expect((await change(client, { email: 'ann@example.com' })).body.email).toBe('ann@example.com');
    expect((await change(client, {})).body.email).toBe('ann@example.com');
    expect((await change(client, { email: null })).body.email).toBeNull();
    const gone = await ctx.client.post('auth/login', { username: 'ann@example.com', password: PASSWORD });
    expect(gone.status).toBe(401);
    expect((await change(other, { email: 'ANN@example.com' })).status).toBe(200);
  });

  it('goes with everything that belongs to it, and nothing else goes', async () => {
    const [client, other] = await Promise.all([ctx.register(), ctx.register()]);
    const theirs = await makeBelongings(other, ctx);
    const kept = await readBelongings(other, theirs);
    const before = await dumpTables(ctx);
    const leaving = await ctx.register();
    const { username, id } = leaving.account;
    await makeBelongings(leaving, ctx);
    await logIn(ctx.client, username);
    const login = await logIn(ctx.client, username);
    const rows = await countRows(ctx);
    for (const table of ['users', 'sessions', 'chatbots', 'topics', 'prompts', 'conversations', 'messages'])
      expect(rows[table], `rows in ${table}`).toBeGreaterThan(before[table]!.length);
    await leaving.delete('users/me', { password: PASSWORD }, { expect: 204 });
    expect(await dumpTables(ctx)).toEqual(before);
    expect(await statusesOf(ctx.client, login)).toEqual([401, 401]);
    expect((await ctx.client.post('auth/refresh', { refreshToken: login.refreshToken })).status).toBe(401);
    expect((await ctx.client.post('auth/login', { username, password: PASSWORD })).status).toBe(401);
    expect(await readBelongings(other, theirs)).toEqual(kept);
    expect((await client.get('users/me')).status).toBe(200);
    // The name is free, and whoever takes it starts with nothing.
    const next = await ctx.register(username);
    expect(next.account.id).not.toBe(id);
    for (const kind of ['chatbots', 'topics', 'prompts', 'conversations'])
      expect((await next.get(kind)).body.items).toEqual([]);
  });
});
