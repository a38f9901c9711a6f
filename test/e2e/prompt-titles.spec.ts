import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };
const TAKEN = [409, 'prompt_title_taken'];

describe('titles that have to be new', () => {
  const ctx = useApi({ upstream: false, env: ADMIN });
  let admin: ApiClient;

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
    await admin.post('prompts', { title: 'Shared title', text: 'x', shared: true }, { expect: 201 });
  });

  const add = (client: ApiClient, title: string, more: Record<string, unknown> = {}) =>
    client.post('prompts', { title, text: 'x', uniqueTitle: true, ...more });

  const outcome = async (answer: ReturnType<typeof add>) => {
    const { status, body } = await answer;
    return status === 201 ? 201 : [status, body.code];
  };

  it('are new among the own and the shared ones', async () => {
    const client = await ctx.register();
    expect(await outcome(add(client, '标题 🌱'))).toBe(201);
    expect(await outcome(add(client, '标题 🌱'))).toEqual(TAKEN);
    expect(await outcome(add(client, 'Shared title'))).toEqual(TAKEN);
    for (const other of ['标题', '标题 🌱 ', ' 标题 🌱', 'shared title', 'Shared  title'])
      expect([other, await outcome(add(client, other))]).toEqual([other, 201]);
    expect((await client.get('prompts?scope=own')).body.items).toHaveLength(6);
  });

  it('have nothing to do with those of other users', async () => {
    const [one, other] = [await ctx.register(), await ctx.register()];
    expect(await outcome(add(one, 'Mine'))).toBe(201);
    expect(await outcome(add(other, 'Mine'))).toBe(201);
    expect(await outcome(add(admin, 'Mine', { shared: true }))).toBe(201);
    expect(await outcome(add(admin, 'Mine'))).toEqual(TAKEN);
  });

  it('are asked for: otherwise a title may come again', async () => {
    const client = await ctx.register();
    for (const uniqueTitle of [undefined, false, false])
      expect(await outcome(add(client, 'Again', { uniqueTitle }))).toBe(201);
    expect(await outcome(add(client, 'Again'))).toEqual(TAKEN);
    const refused = await add(client, 'Again', { uniqueTitle: 'yes' });
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'uniqueTitle']);
    const prompts = [{ title: 'Again', text: 'y', uniqueTitle: true }];
    expect((await client.post('prompts/import', { prompts })).status).toBe(400);
  });

  it('of 20 at once one is stored, and the library stays whole', async () => {
    const client = await ctx.register();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(add(client, 'Once'))));
    expect(outcomes.filter((one) => one === 201)).toHaveLength(1);
    expect(outcomes.filter((one) => one !== 201)).toEqual(Array(19).fill(TAKEN));
    const [{ size }] = await ctx.query('SELECT size FROM prompt_scopes WHERE scope_id = ?', [
      client.account.id,
    ]);
    expect(Number(size)).toBe(1);
    expect(await outcome(add(client, 'Next'))).toBe(201);
  });
});
