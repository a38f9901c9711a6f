import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { addExample, EXAMPLE, Notebook, page, refused, said, saidBy, stored } from '../support/notebook.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut' };
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

  /** How often each title comes in so many draws. */
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
    for (const [title, text] of Object.entries(texts)) await addExample(notebook, title, text);
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
    await addExample(notebook, title, text);
    expect(await notebook.post('get_prompt_fuction', {})).toEqual(page(written));
  });

  it('get_prompt_fuction: JSON for who asks for JSON alone, the page for everybody else', async () => {
    const [client, notebook] = await somebody();
    await addExample(notebook, 't', 'x');
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
    await addExample(notebook, 't');
    const { headers } = await notebook.answer('get_prompt_fuction', {});
    expect(headers['content-security-policy']).toBe("default-src 'none'; sandbox");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect([headers['cache-control'], headers['vary']]).toEqual([
      'no-store',
      expect.stringContaining('Accept'),
    ]);
  });

  it('all: no login is 401', async () => {
    const notebook = new Notebook(ctx.client, { token: null });
    for (const route of ['get_prompt_fuction', 'add_prompt_fuction'])
      expect(await notebook.post(route, EXAMPLE)).toEqual(refused(/./, 401));
  });

  it('all: an admin stores for everybody; others see that and their own, and nobody else’s', async () => {
    const [[, one], [, other]] = [await somebody(), await somebody()];
    await addExample(new Notebook(admin), 'Shared');
    await addExample(one, 'One’s');
    await addExample(other, 'Other’s');
    expect([...(await drawn(one)).keys()].toSorted()).toEqual(['One’s', 'Shared']);
    expect([...(await drawn(other)).keys()].toSorted()).toEqual(['Other’s', 'Shared']);
    expect((await admin.get('prompts?scope=shared')).body.items).toMatchObject([
      { title: 'Shared', shared: true },
    ]);
  });

  it('get_prompt_fuction: eight different ones, each as likely as any other', async () => {
    const [, notebook] = await somebody();
    for (let n = 0; n < 12; n += 1) await addExample(notebook, `own ${n}`);
    for (let n = 0; n < 11; n += 1) await addExample(new Notebook(admin), `shared ${n}`);
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

describe('notebook: examples in a closed network', () => {
  const ctx = useApi({ upstream: false, env: { ...ADMIN, LEGACY_TRUST_CALLER: 'true' } });

  it('get_prompt_fuction: without a login the shared ones alone; add_prompt_fuction adds to them', async () => {
    const admin = new Notebook(
      ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken),
    );
    const own = new Notebook(await ctx.register());
    for (const [notebook, prompt_title] of [
      [admin, 'shared'],
      [own, 'own'],
    ] as const)
      expect(await notebook.post('add_prompt_fuction', { ...EXAMPLE, prompt_title })).toEqual(
        stored({ ...EXAMPLE, prompt_title }),
      );
    const stranger = new Notebook(ctx.client, { token: null });
    expect(await stranger.post('get_prompt_fuction', {})).toEqual(
      page(`['shared', '${EXAMPLE.prompt_text}']`),
    );
    expect(await stranger.post('get_prompt_fuction', {}, { token: 'wrong' })).toEqual(refused(/./, 401));
    expect(await stranger.post('add_prompt_fuction', EXAMPLE, { token: 'wrong' })).toEqual(refused(/./, 401));
    // What others have is not known to strangers: only a shared title is taken.
    const example = { ...EXAMPLE, prompt_title: 'own' };
    expect(await stranger.post('add_prompt_fuction', example)).toEqual(stored(example));
    expect((await stranger.post('add_prompt_fuction', example)).body).toMatchObject({ code: -1 });
    expect((await stranger.post('get_prompt_fuction', {})).body).toContain(
      `['own', '${EXAMPLE.prompt_text}']`,
    );
  });
});
