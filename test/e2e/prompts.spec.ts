import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { idsOfPages, readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };
const WHOLE = {
  title: '简单解释 🧒',
  text: '向十岁孩子解释光合作用。\n“One example.” 🌱',
  tags: ['学校', 'science 🔬'],
};

describe('prompts', () => {
  const ctx = useApi({ upstream: false, env: ADMIN });
  let admin: ApiClient;
  let library: number[];

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
    library = [];
    for (const title of ['Shared one', 'Shared two', 'Shared three']) {
      const { body } = await admin.post('prompts', { title, text: 'x', shared: true }, { expect: 201 });
      library.push(body.id);
    }
  });

  function make(client: ApiClient, n: number): Promise<number[]> {
    const one = async (_: unknown, index: number) =>
      (await client.post('prompts', { title: `Prompt ${index}`, text: 'x' }, { expect: 201 })).body.id;
    return Promise.all(Array.from({ length: n }, one));
  }

  async function places(scope: number): Promise<number[]> {
    const rows = await ctx.query('SELECT position FROM prompts WHERE scope_id = ? ORDER BY position', [
      scope,
    ]);
    return rows.map(({ position }) => Number(position));
  }

  async function expectDense(scope: number, size: number): Promise<void> {
    expect(await places(scope)).toEqual(Array.from({ length: size }, (_, index) => index));
    const rows = await ctx.query('SELECT size FROM prompt_scopes WHERE scope_id = ?', [scope]);
    expect(rows.map((row) => Number(row.size))).toEqual([size]);
  }

  it('keep every field as it was given', async () => {
    const client = await ctx.register();
    const { body: made } = await client.post('prompts', WHOLE, { expect: 201 });
    expect(made).toMatchObject({ ...WHOLE, shared: false });
    expect((await client.get(`prompts/${made.id}`)).body).toEqual(made);
    const { body: bare } = await client.post('prompts', { title: 'Bare', text: 'x' }, { expect: 201 });
    expect(bare.tags).toEqual([]);
    const { body: changed } = await client.patch(
      `prompts/${made.id}`,
      { text: '新的文字 🆕' },
      { expect: 200 },
    );
    expect(changed).toEqual({ ...made, text: '新的文字 🆕', updatedAt: changed.updatedAt });
    const { body: retagged } = await client.patch(`prompts/${made.id}`, { tags: [] }, { expect: 200 });
    expect(retagged.tags).toEqual([]);
    expect((await client.patch(`prompts/${made.id}`, {}, { expect: 200 })).body).toMatchObject({
      title: WHOLE.title,
    });
  });

  it('have tags that are trimmed, different and few', async () => {
    const client = await ctx.register();
    const post = (tags: unknown) => client.post('prompts', { ...WHOLE, tags });
    expect((await post([' a ', 'b\n'])).body.tags).toEqual(['a', 'b']);
    const most = Array.from({ length: 20 }, (_, n) => `${n}`.padEnd(50, '字'));
    expect((await post(most)).body.tags).toEqual(most);
    for (const tags of [
      [...most, 'one more'],
      ['a', ' a'],
      [''],
      [' '],
      ['x'.repeat(51)],
      [1],
      [['a']],
      'a',
    ]) {
      const refused = await post(tags);
      expect([tags, refused.status, refused.body.errors?.[0].field]).toEqual([tags, 400, 'tags']);
    }
  });

  it('are shared by admins, read by everybody and changed by admins only', async () => {
    const client = await ctx.register();
    const refused = await client.post('prompts', { ...WHOLE, shared: true });
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'shared']);
    const { body: shared } = await admin.post('prompts', { ...WHOLE, shared: true }, { expect: 201 });
    expect(shared.shared).toBe(true);
    const path = `prompts/${shared.id}`;
    expect((await client.get(path)).body).toEqual(shared);
    expect(idsOfPages(await readPages(client, 'prompts', 2))).toEqual([shared.id, ...library.toReversed()]);
    expect((await client.patch(path, { title: 'Mine' })).status).toBe(404);
    expect((await client.delete(path)).status).toBe(404);
    expect((await client.get(path)).body).toEqual(shared);
    expect((await admin.patch(path, { title: 'Changed' }, { expect: 200 })).body.title).toBe('Changed');
    await admin.delete(path, undefined, { expect: 204 });
    expect((await client.get(path)).status).toBe(404);
    await expectDense(0, library.length);
  });

  it('of others are nobody’s, not even an admin’s', async () => {
    const client = await ctx.register();
    const [id] = await make(client, 1);
    for (const other of [admin, await ctx.register()]) {
      expect((await other.get(`prompts/${id}`)).status).toBe(404);
      expect((await other.patch(`prompts/${id}`, { title: 'x' })).status).toBe(404);
      expect((await other.delete(`prompts/${id}`)).status).toBe(404);
      expect(idsOfPages(await readPages(other, 'prompts', 50))).not.toContain(id);
    }
  });

  it('are listed newest first, own and shared together, without a gap or a double', async () => {
    const client = await ctx.register();
    const own: number[] = [];
    for (let n = 0; n < 45; n += 1) own.push(...(await make(client, 1)));
    const all = [...own.toReversed(), ...library.toReversed()];
    expect(idsOfPages(await readPages(client, 'prompts', 10))).toEqual(all);
    expect(idsOfPages(await readPages(client, 'prompts', 1))).toEqual(all);
    const deleted = new Set<number>();
    const moving = await readPages(client, 'prompts', 8, async (page: { id: number }[]) => {
      const next = own.findLast((id) => id < page.at(-1)!.id);
      for (const id of [page[0]!.id, next]) {
        if (id === undefined || library.includes(id)) continue;
        await client.delete(`prompts/${id}`, undefined, { expect: 204 });
        deleted.add(id);
      }
      await make(client, 1);
    });
    const seen = idsOfPages(moving);
    expect(new Set(seen).size).toBe(seen.length);
    for (const id of all.filter((one) => !deleted.has(one))) expect(seen).toContain(id);
  });

  it('have places without holes after 20 at once come and go', async () => {
    const client = await ctx.register();
    const scope = client.account.id;
    const first = await make(client, 20);
    await expectDense(scope, 20);
    await Promise.all([
      make(client, 10),
      ...first.slice(0, 10).map((id) => client.delete(`prompts/${id}`, undefined, { expect: 204 })),
    ]);
    await expectDense(scope, 20);
    // The same one, 20 times: it goes once.
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.delete(`prompts/${first[10]}`)),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      204,
      ...Array(19).fill(404),
    ]);
    await expectDense(scope, 19);
    const left = idsOfPages(await readPages(client, 'prompts', 50)).filter((id) => !library.includes(id));
    expect(left).toHaveLength(19);
    await Promise.all(left.map((id) => client.delete(`prompts/${id}`, undefined, { expect: 204 })));
    await expectDense(scope, 0);
    await make(client, 3);
    await expectDense(scope, 3);
  });

  it('are drawn at random: different ones, out of the own and the shared', async () => {
    const client = await ctx.register();
    const draw = async (count?: number): Promise<number[]> => {
      const { body } = await client.get(`prompts/random${count ? `?count=${count}` : ''}`, { expect: 200 });
      return body.items.map(({ id }: { id: number }) => id);
    };
    expect((await draw()).toSorted((a, b) => a - b)).toEqual(library.toSorted((a, b) => a - b));
    const own = await make(client, 9);
    const all = [...own, ...library];
    expect(await draw()).toHaveLength(8);
    expect((await draw(50)).toSorted((a, b) => a - b)).toEqual(all.toSorted((a, b) => a - b));
    const counts = new Map(all.map((id) => [id, 0]));
    const firsts = new Map(all.map((id) => [id, 0]));
    const DRAWS = 400;
    for (let n = 0; n < DRAWS; n += 1) {
      const drawn = await draw(3);
      expect(new Set(drawn).size).toBe(3);
      for (const id of drawn) counts.set(id, counts.get(id)! + 1);
      firsts.set(drawn[0]!, firsts.get(drawn[0]!)! + 1);
    }
    // Chi-squared with 11 degrees of freedom is above 40 once in 30,000 times where every choice is equally likely.
    const chiSquared = (seen: Map<number, number>, expected: number): number =>
      [...seen.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(chiSquared(firsts, DRAWS / 12)).toBeLessThan(40);
    expect(chiSquared(counts, (DRAWS * 3) / 12)).toBeLessThan(40);
  });

  it('are none where there are none, and those of others are never drawn', async () => {
    const client = await ctx.register();
    const other = await ctx.register();
    const theirs = await make(other, 10);
    for (let n = 0; n < 20; n += 1) {
      const { body } = await client.get('prompts/random?count=50', { expect: 200 });
      expect(body.items).toHaveLength(library.length);
      for (const { id } of body.items) expect(theirs).not.toContain(id);
    }
  });
});
