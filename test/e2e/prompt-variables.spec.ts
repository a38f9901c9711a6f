import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';

describe('the variables of a prompt', () => {
  const ctx = useApi({ upstream: false });
  let client: ApiClient;

  beforeAll(async () => {
    client = await ctx.register();
  });

  async function make(text: string): Promise<number> {
    return (await client.post('prompts', { title: 'One', text }, { expect: 201 })).body.id;
  }

  async function rendered(text: string, values?: Record<string, string>): Promise<string> {
    const id = await make(text);
    return (await client.post(`prompts/${id}/render`, { values }, { expect: 200 })).body.text;
  }

  it('are shown wherever a prompt is', async () => {
    const text = '给{{ 年龄 | 十岁 }}的孩子解释{{主题}}，\\{{不是}}，再说{{主题}}。';
    const { body: made } = await client.post('prompts', { title: 'One', text }, { expect: 201 });
    const variables = [{ name: '年龄', default: '十岁' }, { name: '主题' }];
    expect(made.variables).toEqual(variables);
    expect((await client.get(`prompts/${made.id}`)).body.variables).toEqual(variables);
    expect((await client.get('prompts?limit=1')).body.items[0].variables).toEqual(variables);
    const drawn = (await client.get('prompts/random?count=50')).body.items;
    expect(drawn.find(({ id }: { id: number }) => id === made.id).variables).toEqual(variables);
    const { body: changed } = await client.patch(`prompts/${made.id}`, { text: 'None' }, { expect: 200 });
    expect(changed.variables).toEqual([]);
  });

  it('are filled with values as they are, and with their defaults', async () => {
    const text = '{{greeting|Hello}}, {{name}}! \\{{name}} {{name}}';
    expect(await rendered(text, { name: '{{greeting}} $& 小明 👋' })).toBe(
      'Hello, {{greeting}} $& 小明 👋! {{name}} {{greeting}} $& 小明 👋',
    );
    expect(await rendered(text, { name: '', greeting: '' })).toBe(', ! {{name}} ');
    expect(await rendered('No variable, {{not one}}.')).toBe('No variable, {{not one}}.');
  });

  it('that have neither value nor default are named', async () => {
    const id = await make('{{one}} {{two|2}} {{three}}');
    const refused = await client.post(`prompts/${id}/render`, { values: { two: 'x' } }, { expect: 422 });
    expect(refused.body).toMatchObject({
      code: 'variable_missing',
      errors: [
        { field: 'values.one', message: 'is required' },
        { field: 'values.three', message: 'is required' },
      ],
    });
    const chinese = await client.post(`prompts/${id}/render`, {}, { headers: { 'Accept-Language': 'zh' } });
    expect(chinese.body).toMatchObject({ title: '缺少变量', errors: [{ message: '必填' }, {}] });
  });

  it('take texts for the names that there are, and nothing else', async () => {
    const id = await make('{{one|1}} {{constructor}}');
    for (const [values, field] of [
      [{ two: 'x' }, 'values.two'],
      [{ constructor: 'x' }, 'values.constructor'],
      [{ one: 1 }, 'values'],
      [{ one: null }, 'values'],
      [{ one: ['x'] }, 'values'],
      [{ one: 'x'.repeat(20_001) }, 'values'],
      [{ one: 'a\0b' }, 'values.one'],
      [{ one: '\ud800' }, 'values.one'],
      [['x'], 'values'],
      ['x', 'values'],
    ] as const) {
      const refused = await client.post(`prompts/${id}/render`, { values });
      expect([refused.status, refused.body.errors?.[0].field]).toEqual([400, field]);
    }
    const raw = '{"values":{"__proto__":"x"}}';
    expect((await client.post(`prompts/${id}/render`, undefined, { raw })).status).toBe(400);
    const longest = '😀'.repeat(20_000);
    const { body } = await client.post(`prompts/${id}/render`, { values: { one: longest } }, { expect: 200 });
    expect(body.text).toBe(`${longest} {{constructor}}`);
  });

  it('do not make a text longer than a message may be', async () => {
    const id = await make('{{one}}'.repeat(10));
    const render = (length: number) =>
      client.post(`prompts/${id}/render`, { values: { one: 'x'.repeat(length) } });
    expect((await render(10_000)).body.text).toHaveLength(100_000);
    const refused = await render(10_001);
    expect([refused.status, refused.body.errors?.[0].field]).toEqual([400, 'values']);
  });

  it('of somebody else’s prompt are not filled', async () => {
    const id = await make('{{one}}');
    const stranger = await ctx.register();
    expect((await stranger.post(`prompts/${id}/render`, { values: { one: 'x' } })).status).toBe(404);
  });
});
