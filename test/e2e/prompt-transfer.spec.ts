import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient, Answer } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { sendRaw } from '../support/raw-http.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };
const MEBIBYTE = 1024 * 1024;

interface Copy {
  title: string;
  text: string;
  tags?: string[];
  shared?: boolean;
}

const WHOLE: Copy[] = [
  { title: '简单解释 🧒', text: '向{{谁}}解释光合作用。\n“One example.” 🌱', tags: ['学校', 'science 🔬'] },
  { title: 'Quotes \' " \\', text: '</script> \u2028 \u0001 %_', tags: [] },
];

describe('prompts on their way', () => {
  const ctx = useApi({ upstream: false, env: { ...ADMIN, PROMPTS_PER_USER: '1200' } });
  let admin: ApiClient;

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
  });

  const copies = (count: number, name = 'Prompt'): Copy[] =>
    Array.from({ length: count }, (_, n) => ({
      ...{ title: `${name} ${n}`, text: `Say ${name.toLowerCase()} number ${n}.`, tags: [`t${n % 7}`] },
    }));

  function bring(client: ApiClient, prompts: unknown, rest: object = {}): Promise<Answer> {
    return client.post('prompts/import', { prompts, ...rest });
  }

  async function exported(client: ApiClient, query = ''): Promise<Copy[]> {
    return (await client.get(`prompts/export${query}`, { expect: 200 })).body.prompts;
  }

  async function expectDense(scope: number, size: number): Promise<void> {
    const rows = await ctx.query('SELECT position FROM prompts WHERE scope_id = ? ORDER BY position', [
      scope,
    ]);
    expect(rows.map(({ position }) => Number(position))).toEqual(
      Array.from({ length: size }, (_, index) => index),
    );
    const [row] = await ctx.query('SELECT size FROM prompt_scopes WHERE scope_id = ?', [scope]);
    expect(Number(row?.size)).toBe(size);
  }

  it('arrive as they left', async () => {
    const [from, to] = [await ctx.register(), await ctx.register()];
    for (const prompt of WHOLE) await from.post('prompts', prompt, { expect: 201 });
    const file = await from.get('prompts/export', { expect: 200 });
    expect(file.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(file.headers['content-disposition']).toMatch(
      /^attachment; filename="parley-prompts-\d{4}-\d\d-\d\d\.json"$/,
    );
    expect(file.body).toMatchObject({ format: 'parley-prompts', version: 1 });
    expect(Date.parse(file.body.exportedAt)).toBeGreaterThan(Date.now() - 60_000);
    expect(file.body.prompts).toEqual(WHOLE.map((prompt) => ({ ...prompt, shared: false })));
    const { body } = await to.post('prompts/import', file.body, { expect: 200 });
    expect(body).toEqual({ imported: 2, skipped: 0 });
    expect(await exported(to)).toEqual(file.body.prompts);
    const { items } = (await to.get('prompts')).body;
    expect(items.map(({ title }: Copy) => title)).toEqual([WHOLE[1]!.title, WHOLE[0]!.title]);
    expect(items[1].variables).toEqual([{ name: '谁' }]);
    expect(
      (await to.get('prompts?q=光合&tag=学校'.replace(/[^\x20-\x7e]+/g, encodeURIComponent))).body.items,
    ).toHaveLength(1);
    expect((await to.get('prompts/tags?scope=own')).body.items).toEqual([
      { tag: 'science 🔬', count: 1 },
      { tag: '学校', count: 1 },
    ]);
    await expectDense(to.account.id, 2);
  });

  it('are none where there are none', async () => {
    const client = await ctx.register();
    expect(await exported(client)).toEqual([]);
    expect((await bring(client, [])).body).toEqual({ imported: 0, skipped: 0 });
  });

  it('come once, however often they are sent', async () => {
    const client = await ctx.register();
    const twice = [...copies(3), { ...copies(1)[0], tags: ['other'] }];
    expect((await bring(client, twice)).body).toEqual({ imported: 3, skipped: 1 });
    expect((await bring(client, copies(5))).body).toEqual({ imported: 2, skipped: 3 });
    expect((await bring(client, copies(2), { duplicates: 'keep' })).body).toEqual({
      imported: 2,
      skipped: 0,
    });
    expect(await exported(client)).toHaveLength(7);
    // What was changed since is another one.
    const [newest] = (await client.get('prompts?limit=1')).body.items;
    await client.patch(`prompts/${newest.id}`, { text: 'Changed' }, { expect: 200 });
    await client.delete(`prompts/${newest.id}`, undefined, { expect: 204 });
    expect((await bring(client, [{ title: newest.title, text: 'Changed' }])).body.imported).toBe(1);
    await expectDense(client.account.id, 7);
  });

  it('come once, also when they are sent several times at once and others are made', async () => {
    const client = await ctx.register();
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, () => bring(client, copies(120))),
      ...copies(10, 'Other').map((one) => client.post('prompts', one, { expect: 201 })),
    ]);
    const imports = answers.slice(0, 6).map(({ status, body }) => [status, body.imported, body.skipped]);
    expect(imports.toSorted((a, b) => b[1] - a[1])).toEqual([[200, 120, 0], ...Array(5).fill([200, 0, 120])]);
    await expectDense(client.account.id, 130);
    const { body } = await client.get('prompts/tags?scope=own&limit=1', { expect: 200 });
    expect(body.items).toEqual([{ tag: 't0', count: 20 }]);
  });

  it('are shared by admins only, beside own ones', async () => {
    const client = await ctx.register();
    const mixed = copies(4, 'Mixed').map((one, n) => ({ ...one, shared: n % 2 === 1 }));
    const refused = await bring(client, mixed);
    expect([refused.status, refused.body.errors.map(({ field }: { field: string }) => field)]).toEqual([
      400,
      ['prompts.1.shared', 'prompts.3.shared'],
    ]);
    expect(await exported(client)).toEqual([]);
    const both = await Promise.all([bring(admin, mixed), bring(admin, mixed)]);
    expect(both.map(({ body }) => body.imported).toSorted((a, b) => a - b)).toEqual([0, 4]);
    const shared = mixed.filter((one) => one.shared);
    expect(await exported(client, '?scope=shared')).toEqual(shared);
    expect(await exported(client, '?scope=all')).toEqual(shared);
    expect(await exported(admin, '?scope=all')).toEqual([...mixed.filter((one) => !one.shared), ...shared]);
    expect((await client.get('prompts/export?scope=theirs')).status).toBe(400);
    await expectDense(0, 2);
  });

  it('come all or not at all, and what is wrong is named by its place', async () => {
    const client = await ctx.register();
    const good = copies(2, 'Good');
    for (const [wrong, field] of [
      [{ title: 'x' }, 'prompts.2.text'],
      [{ title: '', text: 'x' }, 'prompts.2.title'],
      [{ title: 'x'.repeat(201), text: 'x' }, 'prompts.2.title'],
      [{ title: 'x', text: 'x'.repeat(20_001) }, 'prompts.2.text'],
      [{ title: 'x', text: 'a\0b' }, 'prompts.2.text'],
      [{ title: 'x', text: 'x', tags: ['a', 'A'] }, 'prompts.2.tags'],
      [{ title: 'x', text: 'x', tags: 'a' }, 'prompts.2.tags'],
      [{ title: 'x', text: 'x', shared: 'yes' }, 'prompts.2.shared'],
      [{ title: 'x', text: 'x', id: 7 }, 'prompts.2.id'],
      [null, 'prompts.2'],
      ['x', 'prompts.2'],
      [7, 'prompts.2'],
      [[], 'prompts'],
    ] as const) {
      const refused = await bring(client, [...good, wrong]);
      const fields = refused.body.errors?.map((error: { field: string }) => error.field);
      expect([wrong, refused.status, fields]).toEqual([wrong, 400, [field]]);
    }
    for (const rest of [{ format: 'other' }, { version: 2 }, { duplicates: 'double' }, { nonsense: 1 }])
      expect((await bring(client, good, rest)).body.errors[0].field).toBe(Object.keys(rest)[0]);
    const bare = await client.post('prompts/import', good);
    expect([bare.status, bare.body.errors[0].field]).toEqual([400, 'body']);
    expect(await exported(client)).toEqual([]);
  });

  it('come by the thousand, up to 5 MiB, and as many as a person may have', async () => {
    const client = await ctx.register();
    const long = copies(1_000, 'Long').map((one, n) => ({ ...one, text: `${n} ${'字词语句'.repeat(390)}` }));
    expect(Buffer.byteLength(JSON.stringify({ prompts: long }))).toBeGreaterThan(4.5 * MEBIBYTE);
    expect((await bring(client, long)).body).toEqual({ imported: 1_000, skipped: 0 });
    expect(await exported(client)).toEqual(long.map((one) => ({ ...one, shared: false })));
    const more = await bring(client, copies(1_001, 'More'));
    expect([more.status, more.body.errors?.[0].field]).toEqual([400, 'prompts']);
    const beyond = await bring(client, copies(201, 'More'));
    expect([beyond.status, beyond.body.code]).toEqual([409, 'too_many_prompts']);
    await expectDense(client.account.id, 1_000);
    expect((await bring(client, [...copies(200, 'More'), ...long.slice(0, 500)])).body).toEqual({
      ...{ imported: 200, skipped: 500 },
    });
    await expectDense(client.account.id, 1_200);
    const headers = ['Content-Type: application/json', `Content-Length: ${5 * MEBIBYTE + 1}`];
    const refused = await sendRaw(ctx.api.url, 'POST /api/v1/prompts/import', headers);
    expect([refused.status, refused.body.code]).toEqual([413, 'payload_too_large']);
  }, 120_000);
});
