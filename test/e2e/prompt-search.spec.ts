import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { idsOfPages, readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };

describe('the search for prompts', () => {
  const ctx = useApi({ upstream: false, env: ADMIN });
  let admin: ApiClient;

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
  });

  interface Given {
    title?: string;
    text?: string;
    tags?: string[];
    shared?: boolean;
  }

  async function make(client: ApiClient, given: Given): Promise<number> {
    const body = { title: 'Untitled', text: 'x', ...given };
    return (await client.post('prompts', body, { expect: 201 })).body.id;
  }

  async function found(client: ApiClient, q: string, rest = '', limit = 50): Promise<number[]> {
    const path = `prompts?q=${encodeURIComponent(q)}${rest}`;
    return idsOfPages(await readPages(client, path, limit));
  }

  it('finds words in title and text, however they are written', async () => {
    const client = await ctx.register();
    const science = await make(client, {
      ...{ title: 'Explain PHOTOSYNTHESIS', text: 'With a café example for {{audience}}.' },
    });
    const kitchen = await make(client, {
      title: 'Cook',
      text: 'An example from the kitchen: 50% off, 10_000',
    });
    for (const [q, ids] of [
      ['photosynthesis', [science]],
      ['example photo', [science]],
      ['photo example', []],
      ['ＣＡＦＥ', [science]],
      ['example', [kitchen, science]],
      ['exam', [kitchen, science]],
      ['kitchen example', [kitchen]],
      ['kitchen photosynthesis', []],
      ['audience', [science]],
      ['"from the kitchen"', [kitchen]],
      ['"the from"', []],
      ['50%', [kitchen]],
      ['ample', []],
      ['%', []],
      ['_', []],
      ['👍', []],
      [`' OR 1=1; --`, []],
      ['"', []],
      ['\\', []],
      ['* + - ( ) ~ < > @ kitchen', [kitchen]],
    ] as const)
      expect([q, await found(client, q)]).toEqual([q, ids]);
  });

  it('finds Chinese by any part of it', async () => {
    const client = await ctx.register();
    const tea = await make(client, { title: '泡茶', text: '请教我怎样泡乌龙茶。' });
    const water = await make(client, { title: 'Water 水', text: '为什么水在一百度沸腾？用iPhone拍下来' });
    for (const [q, ids] of [
      ['乌龙', [tea]],
      ['乌龙茶', [tea]],
      ['龙乌', []],
      ['茶', [tea]],
      ['水', [water]],
      ['度沸腾', [water]],
      ['水 沸腾', [water]],
      ['沸腾 茶', []],
      ['iphone拍', [water]],
      ['怎样沸腾', []],
    ] as const)
      expect([q, await found(client, q)]).toEqual([q, ids]);
  });

  it('finds own and shared prompts together, newest first, page by page, with tag and scope', async () => {
    const client = await ctx.register();
    const made: number[] = [];
    for (let n = 0; n < 24; n += 1) {
      const shared = n % 3 === 0;
      const given = { title: `Walrus ${n}`, text: `walrusfeed${n % 2}`, tags: [`n${n % 2}`], shared };
      made.push(await make(shared ? admin : client, given));
    }
    const newest = made.toReversed();
    expect(await found(client, 'walrus', '', 5)).toEqual(newest);
    expect(await found(client, 'walrus', '', 1)).toEqual(newest);
    expect(await found(client, 'walrusfeed1', '', 4)).toEqual(newest.filter((_, at) => at % 2 === 0));
    expect(await found(client, 'walrus walrusf', '&tag=N0', 4)).toEqual(
      newest.filter((_, at) => at % 2 === 1),
    );
    const own = newest.filter((_, at) => (23 - at) % 3 !== 0);
    expect(await found(client, 'walrus', '&scope=own', 7)).toEqual(own);
    expect(await found(client, 'walrus', '&scope=shared', 7)).toEqual(
      newest.filter((id) => !own.includes(id)),
    );
    expect(await found(client, 'walrus 7', '&scope=own')).toEqual([made[7]]);
  });

  it('never finds what is somebody else’s', async () => {
    const [owner, stranger] = [await ctx.register(), await ctx.register()];
    await make(owner, { title: 'Narwhal' });
    expect(await found(owner, 'narwhal')).toHaveLength(1);
    for (const other of [stranger, admin]) expect(await found(other, 'narwhal')).toEqual([]);
  });

  it('follows what becomes of a prompt', async () => {
    const client = await ctx.register();
    const id = await make(client, { title: 'Beaver', text: 'dam' });
    await client.patch(`prompts/${id}`, { title: 'Otter' }, { expect: 200 });
    expect(await found(client, 'beaver')).toEqual([]);
    expect(await found(client, 'otter dam')).toEqual([id]);
    await client.patch(`prompts/${id}`, { text: '河流' }, { expect: 200 });
    expect(await found(client, 'dam')).toEqual([]);
    expect(await found(client, '河流')).toEqual([id]);
    await client.delete(`prompts/${id}`, undefined, { expect: 204 });
    expect(await found(client, 'otter')).toEqual([]);
    expect(await ctx.query('SELECT * FROM prompt_terms WHERE prompt_id = ?', [id])).toEqual([]);
  });

  it('finds beginnings that more words have than an index is asked for', async () => {
    const client = await ctx.register();
    const words = Array.from({ length: 300 }, (_, n) => `zz${n.toString(36)}`);
    const many = await make(client, { text: words.join(' ') });
    const few = await make(client, { text: 'zzebra' });
    expect(await found(client, 'zz')).toEqual([few, many]);
    expect(await found(client, 'zzeb')).toEqual([few]);
    expect(await found(client, 'zzq7')).toEqual([]);
  });

  it('finds the prompts of an older version, and each once where several processes enter them', async () => {
    const client = await ctx.register();
    const ids: number[] = [];
    for (let n = 0; n < 30; n += 1) ids.push(await make(client, { title: `Mammoth ${n}`, tags: ['ice'] }));
    await ctx.startAnother();
    const { id: scope } = client.account;
    await ctx.query('DELETE FROM prompt_terms WHERE scope_id = ?', [scope]);
    await ctx.query('DELETE FROM prompt_tags WHERE scope_id = ?', [scope]);
    await ctx.query('UPDATE prompts SET indexed = 0 WHERE owner_id = ?', [scope]);
    await client.delete(`prompts/${ids[0]}`, undefined, { expect: 204 });
    await client.patch(`prompts/${ids[1]}`, { title: 'Elephant 1' }, { expect: 200 });
    const left = ids.slice(2).toReversed();
    await expect.poll(() => found(client, 'mammoth'), { timeout: 20_000 }).toEqual(left);
    const { body } = await client.get('prompts/tags?scope=own', { expect: 200 });
    expect(body.items).toEqual([{ tag: 'ice', count: 29 }]);
    expect(await found(client, 'elephant', '&tag=ice')).toEqual([ids[1]]);
  });

  it('is asked with 1 to 200 characters that are not all blank', async () => {
    const client = await ctx.register();
    for (const q of ['', '  ', '\u3000', 'x'.repeat(201), 'a\0b']) {
      const refused = await client.get(`prompts?q=${encodeURIComponent(q)}`);
      expect([refused.status, refused.body.errors?.[0].field]).toEqual([400, 'q']);
    }
    for (const q of ['x '.repeat(100), '字'.repeat(200), '"'.repeat(200), 'a" '.repeat(60)])
      expect(await found(client, q)).toEqual([]);
  });
});
