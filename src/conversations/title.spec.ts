import { describe, expect, it } from 'vitest';
import { TITLE_LENGTH, titleOf } from './title.js';

const graphemes = (text: string) => [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)];

describe('titleOf', () => {
  it('is the whole of a short text', () => {
    expect(titleOf('Good morning')).toBe('Good morning');
    expect(titleOf('x'.repeat(40))).toBe('x'.repeat(40));
  });

  it('is the first 40 characters of a longer one, and says that more follows', () => {
    expect(titleOf('x'.repeat(41))).toBe(`${'x'.repeat(40)}…`);
    expect(titleOf('a'.repeat(39) + ' bcd')).toBe(`${'a'.repeat(39)}…`);
  });

  it.each([
    ['families of emoji', '👩‍👩‍👧‍👦'],
    ['skin tones', '👍🏽'],
    ['flags', '🇨🇳'],
    ['Chinese', '说'],
    ['rare ideographs', '𠮷'],
    ['combining marks', 'e\u0301'],
    ['Devanagari clusters', 'क्षि'],
  ])('never divides %s', (_, character) => {
    const title = titleOf(character.repeat(60));
    expect(title).toBe(`${character.repeat(40)}…`);
    expect(titleOf(character.repeat(40))).toBe(character.repeat(40));
  });

  it('folds white space of every kind', () => {
    expect(titleOf('  Good\n\n\tmorning,\r\n dear\u3000all\u00a0of you ')).toBe(
      'Good morning, dear all of you',
    );
    expect(titleOf(`${'\n'.repeat(100)}late`)).toBe('late');
  });

  it('keeps to the length of its column, also where one character is endless', () => {
    const endless = titleOf(`a${'\u0301'.repeat(3_000)}b`);
    expect(endless.length).toBeLessThanOrEqual(TITLE_LENGTH);
    const families = titleOf('👩🏽‍❤️‍💋‍👩🏿'.repeat(60));
    expect(families.length).toBeLessThanOrEqual(TITLE_LENGTH);
    expect(
      graphemes(families)
        .slice(0, -1)
        .every(({ segment }) => segment === '👩🏽‍❤️‍💋‍👩🏿'),
    ).toBe(true);
  });

  it('is quick for a message of any length', () => {
    const begin = performance.now();
    for (let n = 0; n < 20; n += 1) titleOf('说话 '.repeat(50_000));
    expect(performance.now() - begin).toBeLessThan(1_000);
  });
});
