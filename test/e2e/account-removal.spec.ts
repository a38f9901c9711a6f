import { describe, expect, it } from 'vitest';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { useApi } from '../support/suite.ts';
import { dumpTables } from '../support/tables.ts';

const AT = '2026-11-21 08:30:00.000';
const ADMIN = { ADMIN_USERNAME: 'Keeper', ADMIN_PASSWORD: 'keep the gate shut' };
const MESSAGES = 1_000;
const TERMS = 30;

describe('a large account that is deleted', { timeout: 90_000 }, () => {
  const ctx = useApi({ upstream: false, env: ADMIN });

  const numbers = (name: string, count: number) =>
    `${name}(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM ${name} WHERE i < ${count})`;

  const count = async (table: string, condition: string): Promise<number> =>
    Number((await ctx.query(`SELECT COUNT(*) AS n FROM ${table} WHERE ${condition}`))[0].n);

  /** Long conversations, the first of them with terms, and many short ones. */
  async function fill({ account: { id } }: ApiClient, long: number): Promise<void> {
    await ctx.query(
      `INSERT INTO conversations (owner_id, title, title_source, summary_until, last_seq, active_seq,
         last_message_at, created_at, updated_at, indexed_seq, is_indexed)
       WITH RECURSIVE ${numbers('c', long + 150)}
       SELECT ${id}, 'Old', 'user', 0, CASE WHEN c.i <= ${long} THEN ${MESSAGES} ELSE 2 END, 2, '${AT}', '${AT}', '${AT}',
         ${MESSAGES}, 1 FROM c`,
    );
    await ctx.query(
      `INSERT INTO messages (conversation_id, owner_id, seq, role, content, status, usage_estimated, created_at)
       WITH RECURSIVE ${numbers('m', MESSAGES)}
       SELECT c.id, ${id}, m.i, 'user', 'Tea', 'completed', 0, '${AT}' FROM conversations c
       JOIN m ON m.i <= c.last_seq WHERE c.owner_id = ${id}`,
    );
    const [{ first }] = await ctx.query(`SELECT MIN(id) AS first FROM conversations WHERE owner_id = ${id}`);
    await ctx.query(
      `INSERT INTO search_terms (conversation_id, term, seq)
       WITH RECURSIVE ${numbers('m', MESSAGES)}, ${numbers('t', TERMS)}
       SELECT ${first}, REPLACE('term-t', 't', t.i), m.i FROM m CROSS JOIN t`,
    );
  }

  it('is gone with all that it has, and with nothing of anybody else', async () => {
    const other = await ctx.register();
    await fill(other, 1);
    const before = await dumpTables(ctx);
    const leaving = await ctx.register();
    await fill(leaving, 2);
    await leaving.delete('users/me', { password: PASSWORD }, { expect: 204 });
    await expect.poll(() => count('users', `id = ${leaving.account.id}`), { timeout: 60_000 }).toBe(0);
    expect(await dumpTables(ctx)).toEqual(before);
  });

  it('is out of use at once, and goes although its process is killed in the middle', async () => {
    const admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
    const leaving = await ctx.register();
    const { id, username } = leaving.account;
    await fill(leaving, 30);
    const all = await count('messages', `owner_id = ${id}`);
    const asked = leaving.delete('users/me', { password: PASSWORD }).catch(() => undefined);
    await expect
      .poll(() => count('messages', `owner_id = ${id}`), { interval: 5, timeout: 30_000 })
      .toBeLessThan(all);
    await ctx.api.kill();
    await asked;
    expect(await count('messages', `owner_id = ${id}`)).toBeGreaterThan(0);
    await ctx.restart();
    expect((await ctx.client.post('auth/login', { username, password: PASSWORD })).status).toBe(401);
    expect((await leaving.get('users/me')).status).toBe(401);
    // Nobody calls it back: a part of it is gone.
    expect((await admin.patch(`admin/users/${id}`, { deactivated: false })).status).toBe(404);
    await ctx.query(`UPDATE users SET leaving_due_at = '${AT}' WHERE id = ${id}`);
    await expect.poll(() => count('users', `id = ${id}`), { timeout: 60_000 }).toBe(0);
    expect(await count('messages', `owner_id = ${id}`)).toBe(0);
    expect(await count('conversations', `owner_id = ${id}`)).toBe(0);
    await ctx.register(username);
  });
});
