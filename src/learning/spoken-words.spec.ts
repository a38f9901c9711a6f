import { describe, expect, it } from 'vitest';
import { spokenText } from './spoken-words.js';

const keys = (text: string) =>
  spokenText(text)
    .tokens.map(({ key }) => key)
    .join(' ');

describe('spokenText', () => {
  it.each([
    ['case and punctuation', 'Hello, WORLD! — “Yes”…', 'hello world yes'],
    ['hyphens', 'a well-known twenty-five', 'a well known twenty five'],
    ['accents', 'the café’s naïve', 'the cafes naive'],
    [
      'contractions',
      "I don't, it's, we'll, CAN’T, they've, she'd, I'm",
      'i do not it is we will can not they have she would i am',
    ],
    ['what is not one', "Tom's dog", 'toms dog'],
    [
      'numbers',
      '25 cats, 1,000 dogs and 105 birds',
      'twenty five cats one thousand dogs and one hundred five birds',
    ],
    ['numbers with and', 'one hundred and five', 'one hundred five'],
    ['years and parts', 'in 1999, 3.5 at 10:30', 'in nineteen ninety nine three point five at ten thirty'],
    [
      'orders',
      'the 2nd, the 21st and the 12th of the 90s',
      'the second the twenty first and the twelfth of the nineties',
    ],
    ['large numbers', '1234567', 'one million two hundred thirty four thousand five hundred sixty seven'],
    ['telephone numbers', '0123456789012', 'zero one two three four five six seven eight nine zero one two'],
    ['signs', '5% & $3', 'five percent and dollars three'],
    ['no number', 'a 5G phone 3D', 'a 5g phone 3d'],
    ['Chinese, by characters', '你好，世界！', '你 好 世 界'],
    ['Chinese numbers', '我有25个，两百零3', '我 有 二 十 五 个 二 百 零 三'],
    [
      'Chinese places',
      '这是一百零五和105和1010和16',
      '这 是 一 百 零 五 和 一 百 零 五 和 一 千 零 一 十 和 十 六',
    ],
    ['full width', 'ＡＢＣ １２', 'abc twelve'],
    ['nothing', ' … 🎵 ', ''],
  ])('makes the same of %s', (_, text, expected) => {
    expect(keys(text)).toBe(expected);
  });

  it('knows which word each thing comes of', () => {
    expect(spokenText("I don't")).toEqual({
      words: ['I', "don't"],
      tokens: [
        { key: 'i', word: 0 },
        { key: 'do', word: 1 },
        { key: 'not', word: 1 },
      ],
    });
  });

  it('names only words that are there, in their order, whatever the text', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const text = Array.from({ length: 12 }, (_, index) =>
        String.fromCodePoint((seed * 7_919 * (index + 3)) % 0xd000),
      ).join('');
      const { words, tokens } = spokenText(text);
      const places = tokens.map(({ word }) => word);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places.every((place) => place < words.length)).toBe(true);
      expect(tokens.every(({ key }) => key !== '' && !key.includes(' '))).toBe(true);
    }
  });

  it('reads a long run without spaces in a moment', () => {
    const from = performance.now();
    spokenText(`${'9'.repeat(20_000)} ${"a'".repeat(20_000)} ${'1,'.repeat(20_000)}`);
    expect(performance.now() - from).toBeLessThan(2_000);
  });
});
