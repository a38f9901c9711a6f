import { describe, expect, it } from 'vitest';
import { hashOf, hintOf, isWholeKey, looksLikeKey, newSecret } from './api-key.secret.js';

const KEY = newSecret();

describe('an API key', () => {
  it('is told by its form, and never the same twice', () => {
    const keys = Array.from({ length: 1_000 }, newSecret);
    expect(new Set(keys).size).toBe(1_000);
    for (const key of keys) {
      expect(key).toMatch(/^parley_[0-9A-Za-z]{49}$/);
      expect([looksLikeKey(key), isWholeKey(key)]).toEqual([true, true]);
    }
  });

  it('has 256 random bits: every place of its secret takes all kinds of digits, but for the first', () => {
    const keys = Array.from({ length: 2_000 }, newSecret);
    for (let place = 'parley_'.length + 1; place < 'parley_'.length + 43; place += 1)
      expect(new Set(keys.map((key) => key[place])).size).toBeGreaterThan(55);
  });

  it('with any one character changed is no key', () => {
    for (let place = 0; place < KEY.length; place += 1) {
      const other = KEY[place] === 'a' ? 'b' : 'a';
      expect(isWholeKey(KEY.slice(0, place) + other + KEY.slice(place + 1))).toBe(false);
    }
  });

  it.each([
    ['cut short', KEY.slice(0, -1)],
    ['too long', `${KEY}0`],
    ['in other letters', KEY.toUpperCase()],
    ['with a line end', `${KEY}\n`],
    ['of another house', KEY.replace('parley_', 'barley_')],
    ['empty', ''],
    ['no more than its beginning', 'parley_'],
    ['very long', `parley_${'a'.repeat(1_000_000)}`],
  ])('that is %s is none', (_what, text) => {
    expect(isWholeKey(text)).toBe(false);
  });

  it('has the checksum that is documented: CRC-32 of all before it, in base 62', () => {
    // Written down once, so that scanners which know the form go on knowing it.
    const secret = '0'.repeat(43);
    expect(isWholeKey(`parley_${secret}${CHECK_OF_ZEROS}`)).toBe(true);
  });

  it('is kept as SHA-256, and shown by its end', () => {
    expect(hashOf('parley_abc')).toBe('b32a055ede6059c1b26ed096e1a829098a108526ee90fb7ce811554109324828');
    expect(hintOf(KEY)).toBe(`parley_…${KEY.slice(-4)}`);
  });
});

const CHECK_OF_ZEROS = '1f36Ld';
