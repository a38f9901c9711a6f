import { describe, expect, it } from 'vitest';
import { fold } from './fold.js';
import { TERM_LENGTH, termsOf } from './terms.js';

const words = (text: string) => termsOf(text).map((term) => term.text);

describe('terms', () => {
  it.each([
    ['Hello, World!', ['hello', 'world']],
    ["don't re-enter 3.14", ['don', 't', 're', 'enter', '3', '14']],
    ['天气好', ['天气', '气好', '好']],
    ['好', ['好']],
    ['你好，世界', ['你好', '好', '世界', '界']],
    ['iPhone手机16', ['iphone', '手机', '机', '16']],
    ['カラオケ', ['カラ', 'ラオ', 'オケ', 'ケ']],
    ['コーヒー', ['コー', 'ーヒ', 'ヒー', 'ー']],
    ['한국어', ['한국', '국어', '어']],
    ['สวัสดี', ['สวั', 'วัส', 'สดี', 'ดี']],
    ['हिन्दी', ['हिन्दी']],
    ['', []],
    ['!?… 👍🏽 👩‍👩‍👧 ♥', []],
    ['ﷺ', ['صلىاللهعليهوسلم']],
  ])('of %j', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it.each([
    ['Ａｐｐｌｅ', 'Apple'],
    ['CAFÉ', 'cafe'],
    ['cafe\u0301', 'café'],
    ['naïve', 'naive'],
    ['Straße', 'strasse'],
    ['Łódź', 'lodz'],
    ['İstanbul', 'istanbul'],
    ['ΛΌΓΟΣ', 'λογος'],
    ['ﬁnal', 'final'],
    ['①', '1'],
    ['ﾊﾟﾝ', 'パン'],
    ['ё', 'е'],
    ['مُحَمَّد', 'محمد'],
    ['co\u00adoperate', 'cooperate'],
    ['葛\u{e0100}城', '葛城'],
  ])('are the same for %j and %j', (one, other) => {
    expect(words(one)).toEqual(words(other));
    expect(words(one)).not.toEqual([]);
  });

  it('keep letters apart that only a mark tells apart', () => {
    expect(fold('が')).not.toBe(fold('か'));
    expect(fold('パ')).not.toBe(fold('ハ'));
  });

  it('say where they stand', () => {
    const text = '«Ａｂ» 👍 cafe\u0301 天𠮷好';
    expect(termsOf(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      ...['Ａｂ', 'cafe\u0301', '天𠮷', '𠮷好', '好'],
    ]);
  });

  it('are bounded, whatever the text is', () => {
    const hostile = [
      'a'.repeat(200_000),
      `a${'\u0301'.repeat(200_000)}`,
      `天${'\u0301'.repeat(200_000)}地`,
      `ก${'\u0e38'.repeat(200_000)}`,
      '天'.repeat(400_000),
      '𠮷'.repeat(50_000),
      '\u200d'.repeat(200_000),
      'ﷺ'.repeat(20_000),
      '\ud800'.repeat(100_000),
      'a '.repeat(100_000),
    ];
    const from = performance.now();
    for (const text of hostile) {
      for (const { text: term, start, end } of termsOf(text)) {
        if (term.length > TERM_LENGTH || start >= end || /[^\p{L}\p{N}\p{M}]/u.test(term)) {
          throw new Error(`a term of ${term.length} units at ${start}-${end}`);
        }
      }
    }
    // Linear: a second or so together, where something quadratic would take minutes.
    expect(performance.now() - from).toBeLessThan(9_000);
  });

  it('cut no surrogate pair apart', () => {
    const [term] = termsOf(`a${'𐐨'.repeat(60)}`);
    expect(term!.text.isWellFormed()).toBe(true);
    expect(term!.text).toHaveLength(39);
  });
});
