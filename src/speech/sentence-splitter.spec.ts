import { describe, expect, it } from 'vitest';
import { MAX_SENTENCE } from './sentence-end.js';
import { completeSentencesOf, SentenceSplitter, sentencesOf } from './sentences.js';

describe('SentenceSplitter', () => {
  it('gives a sentence with the next character, or with its line', () => {
    const splitter = new SentenceSplitter();
    expect(splitter.push('Hello')).toEqual([]);
    expect(splitter.push(' there')).toEqual([]);
    expect(splitter.push('.')).toEqual([]);
    expect(splitter.push(' How')).toEqual(['Hello there.']);
    expect(splitter.push(' are you?\n')).toEqual(['How are you?']);
    expect(splitter.push('你好。')).toEqual([]);
    expect(splitter.push('我')).toEqual(['你好。']);
    expect(splitter.push('很好')).toEqual([]);
    expect(splitter.end()).toEqual(['我很好']);
  });

  it.each([
    ['Hello there.', 'Hello there.'],
    ['One is here. How are you?"', 'How are you?"'],
    ['Hello there. ', 'Hello there.'],
    ['Hello there', undefined],
    ['It costs 3.', undefined],
    ['This is Dr.', undefined],
    ['No. Yes. N', undefined],
    ['你好。', '你好。'],
    ['***', undefined],
    ['', undefined],
  ])('says of %j that %j is likely to be next', (text, likely) => {
    const splitter = new SentenceSplitter();
    splitter.push(text);
    expect(splitter.likely()).toBe(likely);
  });

  it('agrees with what is complete of a text', () => {
    expect(completeSentencesOf('One. Two. Three')).toEqual(['One.', 'Two.']);
    expect(completeSentencesOf('One. Two.')).toEqual(['One.']);
  });

  it('gives the same sentences in whatever pieces the text comes', () => {
    const random = generator(20_261_121);
    for (let round = 0; round < 3_000; round += 1) {
      const text = randomText(random);
      const expected = sentencesOf(text);
      const splitter = new SentenceSplitter();
      const given: string[] = [];
      for (let at = 0; at < text.length;) {
        const size = random(8) === 0 ? 1 + random(40) : 1 + random(4);
        given.push(...splitter.push(text.slice(at, at + size)));
        at += size;
        if (random(20) !== 0) continue;
        expect([text, completeSentencesOf(text.slice(0, at))]).toEqual([text, given]);
      }
      given.push(...splitter.end());
      expect([text, given]).toEqual([text, expected]);
      for (const sentence of given) {
        expect([...sentence].length).toBeLessThanOrEqual(MAX_SENTENCE);
        expect(sentence).toMatch(/[\p{L}\p{N}]/u);
        expect(sentence).toBe(sentence.trim());
      }
    }
  });

  it('takes time in proportion to the text', () => {
    const splitter = new SentenceSplitter();
    const from = performance.now();
    for (const text of ['[', '(', '*', '`', '<', 'a', '|', '.', 'http://', ' ']) {
      splitter.push(text.repeat(20_000));
      for (let i = 0; i < 2_000; i += 1) splitter.push(text);
      splitter.push('\n');
    }
    splitter.end();
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

/** A small generator of numbers, so that a failure can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const TOKENS = [
  ...[
    'Hello',
    'world',
    'Mr',
    'e.g',
    'U.S',
    'No',
    'h',
    'http',
    'https://a.b/c',
    'www.x.y',
    '3',
    '5',
    '1984',
    'I',
    'x',
  ],
  ...[
    '你好',
    '世界',
    '我',
    '。',
    '！',
    '？',
    '…',
    '……',
    '，',
    '“',
    '”',
    '.',
    '.',
    '.',
    '!',
    '?',
    '...',
    ',',
    '"',
    "'",
  ],
  ...[
    ' ',
    ' ',
    ' ',
    ' ',
    '  ',
    '\n',
    '\n',
    '\r\n',
    '\n\n',
    '\t',
    '*',
    '**',
    '_',
    '__',
    '~~',
    '~',
    '`',
    '```',
    '```js\n',
  ],
  ...[
    '\n```\n',
    '~~~',
    '#',
    '# ',
    '- ',
    '* ',
    '1. ',
    '2) ',
    '> ',
    '---',
    '===',
    '|',
    '| a | b |',
    '|---|',
    '[',
  ],
  ...[
    ']',
    '](',
    '](https://x.y/z)',
    ')',
    '(',
    '[1]',
    '![',
    '<',
    '>',
    '<b>',
    '<br/>',
    '</',
    '&',
    '&amp;',
    '&#39;',
    '\\',
  ],
  ...['👋', '👨‍👩‍👧', '🇨🇳', '1️⃣', '©', 'e\u0301', '\u0007', '\uD83D', 'x'.repeat(180)],
];

function randomText(random: (below: number) => number): string {
  return Array.from({ length: random(60) }, () => TOKENS[random(TOKENS.length)]).join('');
}
