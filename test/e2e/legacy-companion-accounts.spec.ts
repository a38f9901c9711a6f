import { describe, expect, it } from 'vitest';
import { said, saidBy } from '../support/companion.ts';
import { useApi } from '../support/suite.ts';

const NO_LOGIN = said({ detail: 'Authentication credentials were not provided.' }, 401);
const NOT_FOUND = said({ detail: 'Not found.' }, 404);

describe('companion: accounts', () => {
  const ctx = useApi();
  let names = 0;
  const newName = () => `companion_${(names += 1)}`;

  const register = (fields: object, path = '/users/register/') => ctx.client.post(path, fields);
  const login = (fields: object, path = '/login/') => ctx.client.post(path, fields);

  async function account(more: object = {}) {
    const username = newName();
    await register({ username, password: 'secret', ...more });
    const { body } = await login({ username, password: 'secret' });
    return { username, id: body.user_id as number, client: ctx.client.as(body.access) };
  }

  it('POST /users/register/: 201, no password in the answer, and the cookie of the login', async () => {
    const username = newName();
    const answer = await register({ username, password: 'secret' });
    expect(saidBy(answer)).toEqual(
      said({ code: 201, msg: 'OK', data: { username, password: '', email: '' } }, 201),
    );
    const cookie = answer.headers['set-cookie']![0]!;
    expect(cookie).toMatch(/^parley_session=.*HttpOnly.*SameSite=Lax/i);
    const mine = await ctx.client.get('users/me', { headers: { cookie: cookie.split(';')[0]! } });
    expect(mine.body).toMatchObject({ username, email: null });
  });

  it('POST /users/register/: with an e-mail address; as a form', async () => {
    const [username, email] = [newName(), 'ada.companion@example.org'];
    const form = new FormData();
    for (const [name, value] of Object.entries({ username, password: 'secret', email }))
      form.set(name, value);
    expect(saidBy(await ctx.client.post('/users/register', form))).toEqual(
      said({ code: 201, msg: 'OK', data: { username, password: '', email } }, 201),
    );
  });

  it.each([
    ['no name', { password: 'secret' }, { username: ['This field is required.'] }],
    ['no password', { username: 'nobody' }, { password: ['This field is required.'] }],
    ['neither', {}, { username: ['This field is required.'], password: ['This field is required.'] }],
    ['a blank name', { username: ' ', password: 'secret' }, { username: [expect.any(String)] }],
    ['a long name', { username: 'x'.repeat(51), password: 'secret' }, { username: [expect.any(String)] }],
    [
      'a short password',
      { username: 'nobody', password: '12345' },
      { password: [expect.stringContaining('6')] },
    ],
    [
      'a long password',
      { username: 'nobody', password: 'x'.repeat(129) },
      { password: [expect.any(String)] },
    ],
    [
      'no e-mail address',
      { username: 'nobody', password: 'secret', email: 'x' },
      { email: [expect.any(String)] },
    ],
    [
      'two wrong ones',
      { username: ' ', password: '1' },
      { username: [expect.any(String)], password: [expect.any(String)] },
    ],
  ])('POST /users/register/ otherwise: %s', async (_what, fields, body) => {
    const answer = await register(fields);
    expect(saidBy(answer)).toEqual(said(body, 400));
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('POST /users/register/ otherwise: name or address taken', async () => {
    const email = 'taken.companion@example.org';
    const { username } = await account({ email });
    for (const again of [username, username.toUpperCase()])
      expect(saidBy(await register({ username: again, password: 'secret' }))).toEqual(
        said({ username: ['A user with that username already exists.'] }, 400),
      );
    expect(saidBy(await register({ username: newName(), password: 'secret', email }))).toEqual(
      said({ email: ['A user with that email already exists.'] }, 400),
    );
  });

  it('POST /login/: by name or by e-mail address, at a doubled slash as well; both tokens work', async () => {
    const email = 'login.companion@example.org';
    const { username, id } = await account({ email });
    for (const name of [username, email]) {
      const answer = await login({ username: name, password: 'secret' });
      const about = { code: 200, msg: 'OK', user_id: id, username, email };
      const tokens = { access: expect.any(String), refresh: expect.any(String) };
      expect(saidBy(answer)).toEqual(said({ ...about, ...tokens }));
      expect(answer.headers['set-cookie']![0]).toMatch(/^parley_session=/);
      const { access, refresh } = answer.body;
      expect((await ctx.client.as(access).get('users/me')).body.id).toBe(id);
      await ctx.client.post('auth/refresh', { refreshToken: refresh }, { expect: 200 });
    }
    const body = new URLSearchParams({ username, password: 'secret' });
    for (const path of ['//login/', '/login'])
      expect((await fetch(`${ctx.api.url}${path}`, { method: 'POST', body })).status).toBe(200);
  });

  it('POST /login/ otherwise: wrong password and unknown name alike', async () => {
    const { username } = await account();
    const wrong = said({ detail: 'No active account found with the given credentials' }, 401);
    expect(saidBy(await login({ username, password: 'secres' }))).toEqual(wrong);
    expect(saidBy(await login({ username: newName(), password: 'secret' }))).toEqual(wrong);
    expect(saidBy(await login({ username }))).toEqual(said({ password: ['This field is required.'] }, 400));
  });

  it('GET /users/users/{id}/: the own account', async () => {
    const { username, id, client } = await account();
    const profile = said({ code: 200, msg: 'OK', data: { username, email: '' } });
    expect(saidBy(await client.get(`/users/users/${id}/`))).toEqual(profile);
    expect(saidBy(await client.get(`/users/users/${id}`))).toEqual(profile);
  });

  it.each(['PATCH', 'PUT'])('%s /users/users/{id}/: e-mail address and password', async (method) => {
    const { username, id, client } = await account();
    const change = async (body: object) =>
      saidBy(await client.request(method, `/users/users/${id}/`, { body }));
    const email = `${username}@example.org`;
    const changed = said({ code: 200, msg: 'OK', data: { username, email } });
    expect(await change({ email })).toEqual(changed);
    expect(await change({ password: 'secret-2' })).toEqual(changed);
    expect((await login({ username, password: 'secret' })).status).toBe(401);
    expect((await login({ username: email, password: 'secret-2' })).body.email).toBe(email);
    expect(await change({ email: '' })).toEqual(
      said({ code: 200, msg: 'OK', data: { username, email: '' } }),
    );
    expect(await change({})).toEqual(said({ code: 200, msg: 'OK', data: { username, email: '' } }));
  });

  it('PATCH /users/users/{id}/ otherwise: wrong values', async () => {
    const { id, client } = await account();
    const taken = 'patch.companion@example.org';
    await account({ email: taken });
    const change = async (body: object) => saidBy(await client.patch(`/users/users/${id}/`, body));
    expect(await change({ email: 'x' })).toEqual(said({ email: [expect.any(String)] }, 400));
    expect(await change({ password: '12345' })).toEqual(said({ password: [expect.any(String)] }, 400));
    expect(await change({ email: taken })).toEqual(
      said({ email: ['A user with that email already exists.'] }, 400),
    );
  });

  it('DELETE /users/users/{id}/: 204, and the account is gone', async () => {
    const { username, id, client } = await account();
    const { status, bytes } = await client.delete(`/users/users/${id}/`);
    expect([status, bytes.length]).toEqual([204, 0]);
    expect((await login({ username, password: 'secret' })).status).toBe(401);
    expect(saidBy(await client.get(`/users/users/${id}/`))).toEqual(NO_LOGIN);
  });

  it.each(['GET', 'PATCH', 'PUT', 'DELETE'])(
    '%s /users/users/{id}/ otherwise: no login; another id',
    async (method) => {
      const [mine, other] = [await account(), await account()];
      const ask = async (client: typeof mine.client, id: number | string) =>
        saidBy(
          await client.request(method, `/users/users/${id}/`, { ...(method !== 'GET' && { body: {} }) }),
        );
      expect(await ask(ctx.client, mine.id)).toEqual(NO_LOGIN);
      expect(await ask(ctx.client.as('nonsense'), mine.id)).toEqual(NO_LOGIN);
      for (const id of [other.id, 987_654_321, 'me']) expect(await ask(mine.client, id)).toEqual(NOT_FOUND);
      expect((await login({ username: other.username, password: 'secret' })).status).toBe(200);
    },
  );
});
