import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { idsOfPages, readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };

describe('prompts by their tags', () => {
  const ctx = useApi({ upstream: false, env: { ...ADMIN, PROMPTS_PER_USER: '60' } });
  let admin: ApiClient;
  let library: number[];

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
    library = [await make(admin, ['School', '数学'], true), await make(admin, ['kitchen'], true)];
  });

  async function make(client: ApiClient, tags: string[], shared = false): Promise<number> {
    return (await client.post('prompts', { title: 'One', text: 'x', tags, shared }, { expect: 201 })).body.id;
  }

  async function found(client: ApiClient, query: string, limit = 50): Promise<number[]> {
    return idsOfPages(await readPages(client, `prompts?${query}`, limit));
  }

  const tag = (...tags: string[]): string => tags.map((one) => `tag=${encodeURIComponent(one)}`).join('&');

  async function tags(client: ApiClient, query = ''): Promise<Record<string, number>> {
    const { body } = await client.get(`prompts/tags?${query}`, { expect: 200 });
    return Object.fromEntries(body.items.map((one: { tag: string; count: number }) => [one.tag, one.count]));
  }

  it('are found by one tag or by several, page by page, own and shared', async () => {
    const client = await ctx.register();
    const both: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      both.push(await make(client, ['school', 'Blue']));
      await make(client, ['blue']);
    }
    const school = [...both.toReversed(), library[0]];
    expect(await found(client, tag('school'))).toEqual(school);
    expect(await found(client, tag('ＳＣＨＯＯＬ '), 2)).toEqual(school);
    expect(await found(client, tag('school', 'BLUE'), 2)).toEqual(both.toReversed());
    expect(await found(client, tag('数学'))).toEqual([library[0]]);
    expect(await found(client, tag('数'))).toEqual([]);
    expect(await found(client, tag('blue', 'kitchen'))).toEqual([]);
    expect(await found(client, `${tag('school')}&scope=own`)).toEqual(both.toReversed());
    expect(await found(client, `${tag('school')}&scope=shared`)).toEqual([library[0]]);
    expect(await found(client, 'scope=shared', 1)).toEqual(library.toReversed());
    expect(await found(client, 'scope=own')).toHaveLength(10);
  });

  it('are never those of others', async () => {
    const [owner, stranger] = [await ctx.register(), await ctx.register()];
    await make(owner, ['secret']);
    expect(await found(stranger, tag('secret'))).toEqual([]);
    expect(await found(admin, tag('secret'))).toEqual([]);
    expect(Object.keys(await tags(stranger))).not.toContain('secret');
  });

  it('are counted as prompts come, change and go', async () => {
    const client = await ctx.register();
    expect(await tags(client, 'scope=own')).toEqual({});
    const one = await make(client, ['Tea', 'kitchen']);
    const two = await make(client, ['tea']);
    expect(await tags(client)).toEqual({ Tea: 2, kitchen: 2, School: 1, 数学: 1 });
    expect(await tags(client, 'scope=own')).toEqual({ Tea: 2, kitchen: 1 });
    expect(await tags(client, 'scope=shared')).toEqual({ School: 1, kitchen: 1, 数学: 1 });
    expect((await client.get('prompts/tags?limit=2')).body.items).toEqual([
      { tag: 'kitchen', count: 2 },
      { tag: 'Tea', count: 2 },
    ]);
    await client.patch(`prompts/${one}`, { tags: ['coffee', 'TEA'] }, { expect: 200 });
    expect(await tags(client, 'scope=own')).toEqual({ Tea: 2, coffee: 1 });
    expect(await found(client, tag('coffee'))).toEqual([one]);
    expect(await found(client, `${tag('kitchen')}&scope=own`)).toEqual([]);
    await client.patch(`prompts/${one}`, { title: 'Another' }, { expect: 200 });
    await client.delete(`prompts/${two}`, undefined, { expect: 204 });
    expect(await tags(client, 'scope=own')).toEqual({ Tea: 1, coffee: 1 });
    await client.delete(`prompts/${one}`, undefined, { expect: 204 });
    expect(await tags(client, 'scope=own')).toEqual({});
    const left = await ctx.query('SELECT * FROM prompt_terms WHERE scope_id = ?', [client.account.id]);
    expect(left).toEqual([]);
  });

  it('are counted right when many come, change and go at once', async () => {
    const client = await ctx.register();
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => make(client, ['all', `n${n % 2}`])));
    expect(await tags(client, 'scope=own')).toEqual({ all: 20, n0: 10, n1: 10 });
    await Promise.all([
      ...ids.slice(0, 10).map((id) => client.patch(`prompts/${id}`, { tags: ['new'] }, { expect: 200 })),
      ...ids.slice(10).map((id) => client.delete(`prompts/${id}`, undefined, { expect: 204 })),
      ...ids.slice(0, 10).map((id) => client.patch(`prompts/${id}`, { title: 'Other' }, { expect: 200 })),
    ]);
    expect(await tags(client, 'scope=own')).toEqual({ new: 10 });
    expect(await found(client, tag('all'))).toEqual([]);
    expect(await found(client, tag('new'))).toHaveLength(10);
  });

  it('are found that an older version made, when they have been entered', async () => {
    const client = await ctx.register();
    const old = await make(client, ['Ancient', 'ancient ruins']);
    // As that version left it.
    await ctx.query('DELETE FROM prompt_terms WHERE prompt_id = ?', [old]);
    await ctx.query('DELETE FROM prompt_tags WHERE scope_id = ?', [client.account.id]);
    await ctx.query(`UPDATE prompts SET indexed = 0, tags = '["Ancient","ANCIENT"]' WHERE id = ?`, [old]);
    await expect.poll(() => tags(client, 'scope=own'), { timeout: 20_000 }).toEqual({ ANCIENT: 1 });
    expect(await found(client, tag('ancient'))).toEqual([old]);
    await client.delete(`prompts/${old}`, undefined, { expect: 204 });
    expect(await tags(client, 'scope=own')).toEqual({});
  });

  it('go with the account', async () => {
    const client = await ctx.register();
    await make(client, ['gone']);
    const { id, password } = client.account;
    await client.delete('users/me', { password }, { expect: 204 });
    for (const table of ['prompt_terms', 'prompt_tags', 'prompt_scopes'])
      expect(await ctx.query(`SELECT * FROM ${table} WHERE scope_id = ?`, [id])).toEqual([]);
  });

  it('are as many as a person may have, and no more', async () => {
    const client = await ctx.register();
    const answers = await Promise.all(
      Array.from({ length: 65 }, () => client.post('prompts', { title: 'One', text: 'x' })),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      Array(5).fill([409, 'too_many_prompts']),
    );
    expect(refused[0]!.body.detail).toContain('60');
    const [one] = (await client.get('prompts?limit=1')).body.items;
    await client.delete(`prompts/${one.id}`, undefined, { expect: 204 });
    await make(client, []);
    await make(admin, ['unlimited'], true);
    await admin.delete(`prompts/${(await found(admin, tag('unlimited')))[0]}`, undefined, { expect: 204 });
  });

  it('are asked for by what can be a tag', async () => {
    const client = await ctx.register();
    const many = Array.from({ length: 21 }, (_, n) => `t${n}`);
    for (const query of [
      tag(''),
      tag('  '),
      tag('x'.repeat(51)),
      tag('a\0b'),
      tag(...many),
      'scope=theirs',
    ]) {
      const refused = await client.get(`prompts?${query}`);
      expect([refused.status, refused.body.errors?.[0].field]).toEqual([400, query.split('=')[0]]);
    }
    expect((await client.get(`prompts?${tag("%' OR 1=1 --")}`, { expect: 200 })).body.items).toEqual([]);
    for (const query of ['limit=0', 'limit=501', 'scope=theirs', 'q=x'])
      expect((await client.get(`prompts/tags?${query}`)).status).toBe(400);
  });
});
