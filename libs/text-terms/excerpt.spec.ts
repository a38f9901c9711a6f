import { describe, expect, it } from 'vitest';
import { excerptOf } from './excerpt.js';
import { TermQuery } from './term-query.js';

function shown(query: string, text: string, length: number) {
  const excerpt = excerptOf(text, TermQuery.of(query).find(text)!, length);
  return { text: excerpt.text, hits: excerpt.ranges.map(({ start, end }) => excerpt.text.slice(start, end)) };
}

describe('an excerpt', () => {
  it('is all of a short text', () => {
    expect(shown('tea', 'Green\ntea', 40)).toEqual({ text: 'Green tea', hits: ['tea'] });
  });

  it('stands around the first place', () => {
    const text = `${'before '.repeat(20)}tea and more tea ${'after '.repeat(20)}`;
    expect(shown('tea', text, 50)).toEqual({
      text: '…before before tea and more tea after after after…',
      hits: ['tea', 'tea'],
    });
  });

  it('ends with the text', () => {
    expect(shown('tea', `${'before '.repeat(20)}tea`, 30).text).toBe('…before before before tea');
  });

  it('is no longer than it may be, whatever was found', () => {
    const { text, hits } = shown('"a b"', `a${'.'.repeat(500)}b`, 40);
    expect(text).toHaveLength(41);
    expect(hits).toEqual([`a${'.'.repeat(39)}`]);
  });

  it('cuts no surrogate pair apart', () => {
    for (let length = 10; length < 20; length += 1) {
      for (const lead of ['', 'x']) {
        const text = `${lead}${'😀'.repeat(30)}tea${'😀'.repeat(30)}`;
        const excerpt = shown('tea', text, length);
        expect(excerpt.text.isWellFormed()).toBe(true);
        expect(excerpt.hits).toEqual(['tea']);
      }
    }
  });

  it('is the beginning where nothing is to be shown', () => {
    expect(excerptOf('one two three four', [], 10)).toEqual({ text: 'one two…', ranges: [] });
  });
});
