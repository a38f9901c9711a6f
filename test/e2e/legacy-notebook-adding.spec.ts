import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { addExample, EXAMPLE, Notebook, page, said, stored } from '../support/notebook.ts';
import { useApi } from '../support/suite.ts';

const ADMIN = { ADMIN_USERNAME: 'keeper', ADMIN_PASSWORD: 'keep the gate shut', PROMPTS_PER_USER: '30' };

describe('notebook: examples that are stored', () => {
  const ctx = useApi({ upstream: false, env: ADMIN });
  let admin: ApiClient;

  beforeAll(async () => {
    admin = ctx.client.as((await logIn(ctx.client, 'keeper', ADMIN.ADMIN_PASSWORD)).accessToken);
  });

  const somebody = async (): Promise<[ApiClient, Notebook]> => {
    const client = await ctx.register();
    return [client, new Notebook(client)];
  };

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
    await addExample(notebook, '题'.repeat(50), '👋'.repeat(200));
    expect(await notebook.post('get_prompt_fuction', {})).toEqual(
      page(`['${'题'.repeat(50)}', '${'👋'.repeat(200)}']`),
    );
  });

  it('add_prompt_fuction: title taken, by an own or a shared one; not by another user’s', async () => {
    const [[, notebook], [, other]] = [await somebody(), await somebody()];
    await addExample(notebook, 'Mine');
    await admin.post('prompts', { title: 'Everybody’s', text: 'x', shared: true }, { expect: 201 });
    for (const prompt_title of ['Mine', 'Everybody’s']) {
      const fields = { prompt_title, prompt_text: 'another' };
      const taken = said({ code: -1, ...fields, prompt_msg: '示例promp标题已存在' });
      expect(await notebook.post('add_prompt_fuction', fields)).toEqual(taken);
    }
    await addExample(other, 'Mine');
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

  it.each(['{', '[]', '"text"'])('add_prompt_fuction: what cannot be read, %j, is refused', async (raw) => {
    const [, notebook] = await somebody();
    expect(await notebook.post('add_prompt_fuction', undefined, { raw })).toEqual(
      said({ code: -3, prompt_title: '', prompt_text: '', prompt_msg: expect.stringMatching(/./) }),
    );
  });

  it('add_prompt_fuction: as many as one may have (PROMPTS_PER_USER)', async () => {
    const [, notebook] = await somebody();
    for (let n = 0; n < 30; n += 1) await addExample(notebook, `T${n}`);
    expect(await notebook.post('add_prompt_fuction', EXAMPLE)).toEqual(
      said({ code: -3, ...EXAMPLE, prompt_msg: '示例promp数量已达上限' }),
    );
  });
});
