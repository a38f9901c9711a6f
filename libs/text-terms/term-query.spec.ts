import { describe, expect, it } from 'vitest';
import { TermQuery } from './term-query.js';

const hits = (query: string, text: string) =>
  TermQuery.of(query)
    .find(text)
    ?.map(({ start, end }) => text.slice(start, end)) ?? null;

describe('a query', () => {
  it.each([
    ['hello', 'Say HELLO twice: hello.', ['HELLO', 'hello']],
    ['hel', 'hello', ['hello']],
    ['hel world', 'hello world', null],
    ['world hel', 'hello world', ['hello', 'world']],
    ['hello moon', 'hello world', null],
    ['天气', '今天天气很好', ['天气']],
    ['天天气', '今天天气很好', ['天天气']],
    ['天好', '今天天气很好', null],
    ['今天很好', '今天天气很好，很好', null],
    ['今天 很好', '今天天气很好', ['今天', '很好']],
    ['猫', '小猫和猫咪', ['猫', '猫']],
    ['猫 狗', '狗追猫', ['狗', '猫']],
    ['狗 apple', '猫 apple', null],
    ['iphone手机', '我的手机是 iPhone', ['手机', 'iPhone']],
    ['"hello world"', 'world hello', null],
    ['"hello world"', 'Hello,\n world!', ['Hello,\n world']],
    ['"hello wor"', 'hello world', null],
    ['“hello world', 'hello world', ['hello world']],
    ['"world 你好"', 'world 你好吗', ['world 你好']],
    ['"你好 world"', '大家你好 world', ['你好 world']],
    ['"hello"', 'hellos', null],
    ['hello "', 'hello hellos', ['hello']],
    ['hello', 'hel lo', null],
    ['+hello -world* (~@>', 'hello world', ['hello', 'world']],
    ["%' OR 1=1; --", 'or 1 1', ['or', '1', '1']],
  ])('for %j in %j', (query, text, expected) => {
    expect(hits(query, text)).toEqual(expected);
  });

  it.each(['', '  ', '"', '""', '!!! ???', '👍', '%', '_', '\u200d', '\ud800'])(
    'of %j has nothing to look for',
    (query) => {
      expect(TermQuery.of(query).isEmpty).toBe(true);
    },
  );

  it('says what a text must have at least', () => {
    const query = TermQuery.of('Red 天气好 "two words" red 猫 gre');
    expect(query.terms).toEqual(['red', '天气', '气好', 'two', 'words']);
    expect(query.beginnings).toEqual(['猫', 'gre']);
  });

  it('finds in a text what it says that it has', () => {
    expect(TermQuery.of('a'.repeat(200)).find(`x ${'a'.repeat(300)}`)).toEqual([{ start: 2, end: 302 }]);
    expect(TermQuery.of('的'.repeat(200)).find('的'.repeat(300))).toEqual([{ start: 0, end: 300 }]);
  });
});
