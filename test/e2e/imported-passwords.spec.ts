import { describe, expect, it } from 'vitest';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { useApi } from '../support/suite.ts';

const OLD = 'secret-123';
const NEW = 'staple battery horse';
const ARGON2ID = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

/** All of them are of the password OLD. */
const HASHES = {
  'Django’s pbkdf2_sha256':
    'pbkdf2_sha256$1000$oHzT0tUxTFBtIuRbVPQxtg$gP1zF9WvIUzz4jyaTPehKsnNUBreXal/XiH83rqQ70o=',
  'Werkzeug’s pbkdf2:sha256':
    'pbkdf2:sha256:1000$473yNiHqeCdv9bFA$c45c98586dafeda7c71a46a712a429343f162739557f92e50ea3e31733736010',
  'Werkzeug’s scrypt':
    'scrypt:32768:8:1$SndBALzur1H5DCdg$365ba36b6691533c3deb4c5a69570046912a744af3ca234afc00ba1fe788fd8fab24939bdfdd1c98629ee7f9afba9b696d043b7b1f49bce0162098b1bccf0414',
};
const DJANGO = HASHES['Django’s pbkdf2_sha256'];

describe('passwords of older backends', () => {
  const ctx = useApi({ upstream: false });

  /** An account as an import leaves it. */
  const imported = async (hash: string): Promise<ApiClient> => {
    const client = await ctx.register();
    await ctx.query('UPDATE users SET password_hash = ? WHERE id = ?', [hash, client.account.id]);
    return client;
  };

  const hashOf = async ({ account }: ApiClient): Promise<string> => {
    const [row] = await ctx.query('SELECT password_hash FROM users WHERE id = ?', [account.id]);
    return row.password_hash;
  };

  const statusOf = async ({ account }: ApiClient, password: string): Promise<number> =>
    (await ctx.client.post('auth/login', { username: account.username, password })).status;

  it.each(Object.entries(HASHES))('%s verifies, and is argon2id from the first login on', async (_, hash) => {
    const client = await imported(hash);
    expect(await statusOf(client, `${OLD}!`)).toBe(401);
    expect(await statusOf(client, PASSWORD)).toBe(401);
    expect(await hashOf(client)).toBe(hash);
    expect(await statusOf(client, OLD)).toBe(200);
    const renewed = await hashOf(client);
    expect(renewed).toMatch(ARGON2ID);
    expect(await statusOf(client, OLD)).toBe(200);
    expect(await statusOf(client, `${OLD}!`)).toBe(401);
    expect(await hashOf(client)).toBe(renewed);
    for (const secret of [OLD, hash, renewed]) expect(ctx.logs()).not.toContain(secret);
  });

  it.each(['', '!', 'pbkdf2_sha256$1000$salt$', '$argon2id$v=19$broken', 'scrypt:1024:8:1$salt$00'])(
    'a hash that is none, %j, is nobody’s password',
    async (hash) => {
      const client = await imported(hash);
      for (const password of [OLD, PASSWORD, '!']) expect(await statusOf(client, password)).toBe(401);
      expect(await hashOf(client)).toBe(hash);
    },
  );

  it('ten first logins at once all succeed', async () => {
    const client = await imported(DJANGO);
    const statuses = await Promise.all(Array.from({ length: 10 }, () => statusOf(client, OLD)));
    expect(statuses).toEqual(Array(10).fill(200));
    expect(await hashOf(client)).toMatch(ARGON2ID);
    expect(await statusOf(client, OLD)).toBe(200);
  });

  it('a first login does not bring back a password that is changed meanwhile', async () => {
    for (let round = 0; round < 10; round += 1) {
      const client = await imported(DJANGO);
      const change = () => client.patch('users/me', { currentPassword: OLD, password: NEW }, { expect: 200 });
      await Promise.all([statusOf(client, OLD), change(), statusOf(client, OLD), statusOf(client, OLD)]);
      expect([await statusOf(client, OLD), await statusOf(client, NEW)]).toEqual([401, 200]);
    }
  });

  it('is asked for once more where the API does, before it was ever used', async () => {
    const client = await imported(DJANGO);
    const change = (currentPassword: string) =>
      client.patch('users/me', { currentPassword, email: `${client.account.username}@example.com` });
    expect((await change(PASSWORD)).body.code).toBe('wrong_password');
    expect((await change(OLD)).status).toBe(200);
    expect((await client.delete('users/me', { password: OLD })).status).toBe(204);
  });

  it('is of no use for an account that is deactivated', async () => {
    const client = await imported(DJANGO);
    await ctx.query('UPDATE users SET deactivated_at = created_at WHERE id = ?', [client.account.id]);
    expect(await statusOf(client, OLD)).toBe(401);
    expect(await hashOf(client)).toBe(DJANGO);
  });

  it('logs in also where the new hash cannot be stored', async () => {
    const client = await imported(DJANGO);
    await ctx.query(
      ctx.dialect === 'sqlite'
        ? "CREATE TRIGGER no_hashes BEFORE UPDATE OF password_hash ON users BEGIN SELECT RAISE(ABORT, 'no'); END"
        : "CREATE TRIGGER no_hashes BEFORE UPDATE ON users FOR EACH ROW IF NEW.password_hash <> OLD.password_hash THEN SIGNAL SQLSTATE '45000'; END IF",
    );
    try {
      const login = await logIn(ctx.client, client.account.username, OLD);
      expect(login.user.id).toBe(client.account.id);
      expect(await hashOf(client)).toBe(DJANGO);
      expect(ctx.logs()).toMatch(/an imported password hash stays/);
    } finally {
      await ctx.query('DROP TRIGGER no_hashes');
    }
    expect(await statusOf(client, OLD)).toBe(200);
    expect(await hashOf(client)).toMatch(ARGON2ID);
  });
});
