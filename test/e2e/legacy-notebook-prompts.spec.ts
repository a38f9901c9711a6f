import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { Notebook, refused, said, saidBy } from '../support/notebook.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut', PROMPTS_PER_USER: '30' };
const EXAMPLE = {
  prompt_title: 'python数据处理',
  prompt_text: '我有五个excel表，每个表有6列。帮我写一段python，把这五个表合成一个表。',
};
const page = (body: unknown) => ({ status: 200, type: 'text/html; charset=utf-8', body });
const stored = (fields: { prompt_title: string; prompt_text: string }) =>
  said({ code: 0, ...fields, prompt_msg: '示例promp存储成功' });

describe('notebook: examples', () => {
  const ctx = useApi({ upstream: false, env: ADMIN });
  let admin: ApiClient;

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
  });

  const somebody = async (): Promise<[ApiClient, Notebook]> => {
    const client = await ctx.register();
    return [client, new Notebook(client)];
  };

  const add = async (notebook: Notebook, prompt_title: string, prompt_text = 'x'): Promise<void> =>
    expect(await notebook.post('add_prompt_fuction', { prompt_title, prompt_text })).toEqual(
      stored({ prompt_title, prompt_text }),
    );

  /** What `read` draws in so many draws, by title. */
  const drawn = async (notebook: Notebook, draws = 1): Promise<Map<string, number>> => {
    const counts = new Map<string, number>();
    for (let n = 0; n < draws; n += 1) {
      const { body } = await notebook.post(
        'get_prompt_fuction',
        {},
        { headers: { accept: 'application/json' } },
      );
      const { prompts } = body as { prompts: { prompt_title: string }[] };
      const titles = prompts.map(({ prompt_title }) => prompt_title);
      expect(new Set(titles).size).toBe(titles.length);
      for (const title of titles) counts.set(title, (counts.get(title) ?? 0) + 1);
    }
    return counts;
  };

  it('get_prompt_fuction: no examples: an empty body', async () => {
    const [client, notebook] = await somebody();
    const empty = { unchecked: true };
    expect(await notebook.post('get_prompt_fuction', {}, empty)).toEqual(page(undefined));
    expect(saidBy(await client.get('/myapp/get_prompt_fuction/', empty))).toEqual(page(undefined));
    const headers = { accept: 'application/json' };
    expect(await notebook.post('get_prompt_fuction', {}, { headers })).toEqual(
      said({ code: 0, prompts: [] }),
    );
  });

  it('get_prompt_fuction: the documented example, by POST and GET, with a body and without', async () => {
    const [client, notebook] = await somebody();
    const texts = {
      小红书账号介绍文案: '请输入您的小红书账号类型，我将为您提供小红书风格的账号介绍，比如“美妆博主”',
      高情商大师: '碰见刁难或尴尬的问题不知道如何回答？试一试高情商大师的建议吧',
    };
    for (const [title, text] of Object.entries(texts)) await add(notebook, title, text);
    const lists = Object.entries(texts).map(([title, text]) => `['${title}', '${text}']`);
    const orders = [page(lists.join('')), page(lists.toReversed().join(''))];
    expect(orders).toContainEqual(await notebook.post('get_prompt_fuction', {}));
    expect(orders).toContainEqual(await notebook.post('get_prompt_fuction'));
    expect(orders).toContainEqual(await notebook.form('get_prompt_fuction', {}));
    expect(orders).toContainEqual(saidBy(await client.get('/myapp/get_prompt_fuction/')));
  });

  it.each([
    [`it's`, 'a\nb', `["it's", 'a\\nb']`],
    [`say "no"`, `it's "no"`, `['say "no"', 'it\\'s "no"']`],
    ['back\\slash', '\t\r\u0007.', `['back\\\\slash', '\\t\\r\\x07.']`],
    ['表情 👋🏽 𝒲', '\u00a0\u200b\u{e0001}.', `['表情 👋🏽 𝒲', '\\xa0\\u200b\\U000e0001.']`],
    [`'], ['`, `']['t', 'x`, `["'], ['", "']['t', 'x"]`],
    ['<script>alert(1)</script>', '{{name}} %s', `['<script>alert(1)</script>', '{{name}} %s']`],
  ])('get_prompt_fuction: %j and %j in Python’s notation', async (title, text, written) => {
    const [, notebook] = await somebody();
    await add(notebook, title, text);
    expect(await notebook.post('get_prompt_fuction', {})).toEqual(page(written));
  });

  it('get_prompt_fuction: JSON for who asks for JSON alone, the page for everybody else', async () => {
    const [client, notebook] = await somebody();
    await add(notebook, 't', 'x');
    const json = said({ code: 0, prompts: [{ prompt_title: 't', prompt_text: 'x' }] });
    for (const accept of [
      'application/json',
      'Application/JSON; charset=utf-8',
      'application/json, text/plain',
    ]) {
      expect(await notebook.post('get_prompt_fuction', {}, { headers: { accept } })).toEqual(json);
      expect(saidBy(await client.get('/myapp/get_prompt_fuction/', { headers: { accept } }))).toEqual(json);
    }
    for (const accept of [
      '*/*',
      'application/json, text/plain, */*',
      'text/html,application/json',
      'text/*',
      '',
    ])
      expect(await notebook.post('get_prompt_fuction', {}, { headers: { accept } })).toEqual(
        page(`['t', 'x']`),
      );
  });

  it('get_prompt_fuction: a browser makes nothing of the page', async () => {
    const [, notebook] = await somebody();
    await add(notebook, 't');
    const { headers } = await notebook.answer('get_prompt_fuction', {});
    expect(headers['content-security-policy']).toBe("default-src 'none'; sandbox");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect([headers['cache-control'], headers['vary']]).toEqual([
      'no-store',
      expect.stringContaining('Accept'),
    ]);
  });

  it('add_prompt_fuction: the documented example, as JSON, by form and with parts', async () => {
    for (const send of ['post', 'form', 'multipart'] as const) {
      const [client, notebook] = await somebody();
      expect(await notebook[send]('add_prompt_fuction', EXAMPLE)).toEqual(stored(EXAMPLE));
      const { body } = await client.get('prompts?scope=own');
      expect(body.items).toMatchObject([
        { title: EXAMPLE.prompt_title, text: EXAMPLE.prompt_text, shared: false },
      ]);
    }
  });

  it('add_prompt_fuction: up to 50 and 200 characters, whatever they are', async () => {
    const [, notebook] = await somebody();
    await add(notebook, '题'.repeat(50), '👋'.repeat(200));
    expect(await notebook.post('get_prompt_fuction', {})).toEqual(
      page(`['${'题'.repeat(50)}', '${'👋'.repeat(200)}']`),
    );
  });

  it('add_prompt_fuction: title taken, by an own or a shared one; not by another user’s', async () => {
    const [[, notebook], [, other]] = [await somebody(), await somebody()];
    await add(notebook, 'Mine');
    await admin.post('prompts', { title: 'Everybody’s', text: 'x', shared: true }, { expect: 201 });
    for (const prompt_title of ['Mine', 'Everybody’s']) {
      const fields = { prompt_title, prompt_text: 'another' };
      const taken = said({ code: -1, ...fields, prompt_msg: '示例promp标题已存在' });
      expect(await notebook.post('add_prompt_fuction', fields)).toEqual(taken);
    }
    await add(other, 'Mine');
    const { body } = await admin.get('prompts?scope=shared');
    for (const { id } of body.items) await admin.delete(`prompts/${id}`, undefined, { expect: 204 });
  });

  it('add_prompt_fuction: of 10 at once with one title one is stored', async () => {
    const [client, notebook] = await somebody();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => notebook.post('add_prompt_fuction', EXAMPLE)),
    );
    expect(answers.filter(({ body }) => (body as { code: number }).code === 0)).toEqual([stored(EXAMPLE)]);
    expect(answers.filter(({ body }) => (body as { code: number }).code === -1)).toHaveLength(9);
    expect((await client.get('prompts?scope=own')).body.items).toHaveLength(1);
  });

  it.each([
    ['prompt_title', {}],
    ['prompt_title', { prompt_title: '', prompt_text: 'x' }],
    ['prompt_title', { prompt_title: ' ', prompt_text: 'x' }],
    ['prompt_title', { prompt_title: 'x'.repeat(51), prompt_text: 'x' }],
    ['prompt_title', { prompt_title: ['x'], prompt_text: 'x' }],
    ['prompt_title', { prompt_title: 'a\0', prompt_text: 'x' }],
    ['prompt_text', { prompt_title: 't' }],
    ['prompt_text', { prompt_title: 't', prompt_text: null }],
    ['prompt_text', { prompt_title: 't', prompt_text: '字'.repeat(201) }],
    ['prompt_text', { prompt_title: 't', prompt_text: {} }],
  ])('add_prompt_fuction: a bad %s is not stored: %j', async (field, fields) => {
    const [client, notebook] = await somebody();
    const text = (value: unknown) => (typeof value === 'string' ? value : '');
    const { prompt_title, prompt_text } = fields as Record<string, unknown>;
    expect(await notebook.post('add_prompt_fuction', fields)).toEqual(
      said({
        code: -3,
        prompt_title: text(prompt_title),
        prompt_text: text(prompt_text),
        prompt_msg: expect.stringMatching(`^${field}: `),
      }),
    );
    expect((await client.get('prompts?scope=own')).body.items).toEqual([]);
  });

  it('add_prompt_fuction: as many as one may have (PROMPTS_PER_USER)', async () => {
    const [, notebook] = await somebody();
    for (let n = 0; n < 30; n += 1) await add(notebook, `T${n}`);
    expect(await notebook.post('add_prompt_fuction', EXAMPLE)).toEqual(
      said({ code: -3, ...EXAMPLE, prompt_msg: '示例promp数量已达上限' }),
    );
  });

  it('all: no login is 401', async () => {
    const notebook = new Notebook(ctx.client, { token: null });
    for (const route of ['get_prompt_fuction', 'add_prompt_fuction'])
      expect(await notebook.post(route, EXAMPLE)).toEqual(refused(/./, 401));
  });

  it('all: an admin stores for everybody; others see that and their own, and nobody else’s', async () => {
    const [[, one], [, other]] = [await somebody(), await somebody()];
    await add(new Notebook(admin), 'Shared');
    await add(one, 'One’s');
    await add(other, 'Other’s');
    expect([...(await drawn(one)).keys()].toSorted()).toEqual(['One’s', 'Shared']);
    expect([...(await drawn(other)).keys()].toSorted()).toEqual(['Other’s', 'Shared']);
    expect((await admin.get('prompts?scope=shared')).body.items).toMatchObject([
      { title: 'Shared', shared: true },
    ]);
  });

  it('get_prompt_fuction: eight different ones, each as likely as any other', async () => {
    const [, notebook] = await somebody();
    for (let n = 0; n < 12; n += 1) await add(notebook, `own ${n}`);
    for (let n = 0; n < 11; n += 1) await add(new Notebook(admin), `shared ${n}`);
    const draws = 300;
    const counts = await drawn(notebook, draws);
    const each = (draws * 8) / 24;
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(draws * 8);
    expect(counts.size).toBe(24);
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - each) ** 2 / each, 0);
    // 23 degrees of freedom: by chance once in 30 million runs.
    expect(chiSquared).toBeLessThan(80);
  });
});
