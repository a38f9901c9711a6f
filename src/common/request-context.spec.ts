import { describe, expect, it } from 'vitest';
import { currentLanguage, languageOf, requestContext, requestIdOf } from './request-context.js';

describe('languageOf', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['*', 'en'],
    ['en', 'en'],
    ['zh', 'zh'],
    ['zh-CN', 'zh'],
    ['zh-Hans-CN', 'zh'],
    ['ZH-tw', 'zh'],
    ['de', 'en'],
    ['de, zh', 'zh'],
    ['en-GB,en;q=0.9', 'en'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['en;q=0.5, zh;q=0.9', 'zh'],
    ['zh;q=0.5, en;q=0.9', 'en'],
    ['en, zh', 'en'],
    ['zh, en', 'zh'],
    ['zh;q=0, en;q=0.1', 'en'],
    ['zh;q=0', 'en'],
    ['zh ; q=0.9', 'zh'],
    ['zh;q=0.9;level=1', 'zh'],
    ['zh;q=0.2;q=0.9, en;q=0.5', 'en'],
    ['zh;q=much', 'zh'],
    [';;;,,,', 'en'],
    ['english', 'en'],
    ['zhong', 'en'],
  ])('of %j is %s', (header, language) => {
    expect(languageOf(header)).toBe(language);
  });

  it('looks at the beginning of a header only, however long it is', () => {
    expect(languageOf(`zh,${'de,'.repeat(1_000_000)}`)).toBe('zh');
    expect(languageOf(`${'de,'.repeat(100)}zh`)).toBe('en');
  });
});

describe('requestIdOf', () => {
  const idOf = (id: string | string[] | undefined) => requestIdOf({ headers: { 'x-request-id': id } });
  const MADE = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  it.each(['a', 'trace-1.2:3_4', 'x'.repeat(100)])('takes %j over', (id) => {
    expect(idOf(id)).toBe(id);
  });

  it.each([
    undefined,
    '',
    'x'.repeat(101),
    'two words',
    'a\nb',
    '{"level":"error"}',
    '<script>',
    'schön',
    ['a', 'b'],
  ])('makes one in place of %j', (id) => {
    expect(idOf(id)).toMatch(MADE);
  });

  it('makes another one each time', () => {
    expect(idOf(undefined)).not.toBe(idOf(undefined));
  });
});

describe('currentLanguage', () => {
  it('is English outside a request, and the request’s own within, whatever is awaited', async () => {
    expect(currentLanguage()).toBe('en');
    const inside = requestContext.run({ requestId: '1', language: 'zh' }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return currentLanguage();
    });
    expect(currentLanguage()).toBe('en');
    expect(await inside).toBe('zh');
  });
});
