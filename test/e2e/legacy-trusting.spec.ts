import { beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/client.ts';
import { answerShortly, makePerson, type Person } from '../support/surface-people.ts';
import { envelopeFault, request, stopsOf } from '../support/surface-walk.ts';
import { useApi } from '../support/suite.ts';

const WARNING = /LEGACY_TRUST_CALLER is set/g;

describe('LEGACY_TRUST_CALLER=true-in-closed-network', { timeout: 120_000 }, () => {
  const ctx = useApi({ whisper: true, env: { LEGACY_TRUST_CALLER: 'true-in-closed-network' } });
  let me: Person;

  beforeAll(async () => {
    answerShortly(ctx.upstream);
    me = await makePerson(ctx);
  }, 60_000);

  const failed = ({ status, body }: Answer) => {
    const { code, success } = (body ?? {}) as Record<string, unknown>;
    return status >= 300 || (typeof code === 'number' && code < 0) || success === false;
  };

  /** About oneself by a token, which old clients of it had as well. */
  const needsLogin = (name: string) => name.includes('/users/users');

  it('is warned of at every start', async () => {
    expect(ctx.logs().match(WARNING)).toHaveLength(1);
    await ctx.restart();
    expect(ctx.logs().match(WARNING)).toHaveLength(1);
    const quiet = await ctx.startAnother({ LEGACY_TRUST_CALLER: 'false' });
    expect(quiet.logs()).not.toMatch(WARNING);
  });

  it('every route works for clients that have no login at all', async () => {
    const wrong: string[] = [];
    for (const stop of stopsOf(ctx, ({ isSpoken }) => !isSpoken)) {
      if (needsLogin(stop.name)) continue;
      const answer = await request(me, stop, { token: null });
      if (failed(answer))
        wrong.push(`${stop.name}: ${answer.status} ${answer.bytes.toString().slice(0, 200)}`);
    }
    expect(wrong).toEqual([]);
  });

  it('nobody becomes somebody else for good: accounts need a login, and so does another password', async () => {
    const account = { token: null } as const;
    const client = ctx.client;
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const body = method === 'PATCH' || method === 'PUT' ? { body: { password: 'stolen-7' } } : {};
      const answer = await client.request(method, `/users/users/${me.id}/`, {
        ...account,
        ...body,
        unchecked: true,
      });
      expect([method, answer.status]).toEqual([method, 401]);
    }
    const change = { user_id: me.id, password: 'stolen-7' };
    const refused = await client.request('POST', '/botchat/user/change/info/', {
      ...account,
      ...{ body: change, unchecked: true },
    });
    expect(refused.status).toBe(401);
  });

  it('a token that is wrong is not made good by a name, and a login must be who is named', async () => {
    const other = await makePerson(ctx);
    for (const stop of stopsOf(ctx, ({ isPublic, caller, mismatch }) => !isPublic && !!caller && !mismatch)) {
      const wrongToken = await request(me, stop, { token: 'nonsense' });
      expect([stop.name, wrongToken.status, envelopeFault(stop, wrongToken)]).toEqual([
        stop.name,
        401,
        undefined,
      ]);
      const [field, as] = stop.place.caller!;
      const fields = { [field]: as === 'id' ? me.id : me.username };
      const mismatch = await request(other, stop, { fields });
      expect([stop.name, mismatch.status]).toEqual([stop.name, 403]);
    }
  });

  it('somebody who does not exist, or is deactivated, is nobody', async () => {
    const gone = await makePerson(ctx);
    await ctx.query(`UPDATE users SET deactivated_at = '2026-11-21 08:30:00.000' WHERE id = ?`, [gone.id]);
    for (const stop of stopsOf(ctx, ({ isPublic, caller }) => !isPublic && !!caller)) {
      const nobody = { ...me, id: 987_654_321, username: 'nobody-at-all' };
      const [one, other] = [
        await request(gone, stop, { token: null }),
        await request(nobody, stop, { token: null }),
      ];
      expect([stop.name, one.body]).toEqual([stop.name, other.body]);
      expect([stop.name, one.bytes.includes(gone.secret)]).toEqual([stop.name, false]);
    }
  });

  it('is for the surfaces alone: the main API still needs a login', async () => {
    expect((await ctx.client.get('users/me', { token: null })).status).toBe(401);
    expect(
      (await ctx.client.get(`conversations?user_id=${me.id}`, { token: null, unchecked: true })).status,
    ).toBe(401);
  });
});
