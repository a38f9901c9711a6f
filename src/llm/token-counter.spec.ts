import { describe, expect, it } from 'vitest';
import { countTokens } from './token-counter.js';

const timed = (text: string) => {
  const start = performance.now();
  countTokens(text);
  return performance.now() - start;
};

describe('countTokens', () => {
  it.each([
    ['', 0],
    ['hello world', 2],
    ['你好，世界', 3],
    ['The quick brown fox jumps over the lazy dog.', 10],
  ])('counts %j', (text, tokens) => {
    expect(countTokens(text)).toBe(tokens);
  });

  it('takes special tokens for text', () => {
    expect(countTokens('<|endoftext|>')).toBeGreaterThan(1);
    expect(countTokens('<|im_start|>system<|im_end|>')).toBeGreaterThan(3);
  });

  it('takes anything that is a string', () => {
    for (const text of ['\ud800', '\udc00\ud800', '\0', 'a\u0301'.repeat(2000)])
      expect(countTokens(text)).toBeGreaterThan(0);
  });

  it('divides no surrogate pair', () => {
    const emoji = '😀';
    const shifted = `a${emoji.repeat(2000)}`;
    // One more unit in front moves every cut into the middle of a pair; halves would count as several tokens each.
    expect(Math.abs(countTokens(shifted) - countTokens(emoji.repeat(2000)))).toBeLessThanOrEqual(2);
  });

  it('stays close to the exact count where it counts in slices', () => {
    const sentence = 'The quick brown fox jumps over the lazy dog. ';
    const one = countTokens(sentence.repeat(100)) / 100;
    expect(countTokens(sentence.repeat(1000)) / 1000 / one).toBeCloseTo(1, 1);
    expect(countTokens(sentence.repeat(20_000)) / 20_000 / one).toBeCloseTo(1, 1);
    expect(countTokens('a'.repeat(200_000)) / countTokens('a'.repeat(20_000))).toBeCloseTo(10, 1);
  });

  it('does not let a text without spaces take ever longer', () => {
    timed('a'.repeat(20_000));
    const small = timed('a'.repeat(20_000));
    const large = timed('a'.repeat(200_000));
    // Ten times the text; the tokenizer alone would take a hundred times the time.
    expect(large).toBeLessThan(Math.max(small * 30, 100));
    const chinese = Array.from({ length: 1_000_000 }, (_, i) =>
      String.fromCharCode(0x4e00 + ((i * 7919) % 20_000)),
    ).join('');
    expect(timed(chinese)).toBeLessThan(8_000);
  });
});
