import { describe, expect, it } from 'vitest';
import { wordsOfTokens } from './spoken-words.js';

/** Tokens a second long, one after the other, all as probable. */
function tokens(...texts: string[]) {
  return texts.map((text, n) => ({ text, start: n, end: n + 1, probability: 0.5 }));
}

function words(...texts: string[]): string[] {
  return wordsOfTokens(tokens(...texts), texts.join('')).map(({ text }) => text);
}

describe('Words out of tokens', () => {
  it.each([
    [
      [' Set', ' a', ' rem', 'inder', '.'],
      ['Set', 'a', 'reminder.'],
    ],
    [
      [' nine', ' o', "'", 'clock', ',', ' please', '!'],
      ['nine', "o'clock,", 'please!'],
    ],
    [
      [' costs', ' $', '5', '.', '20', ' (', 'net', ')'],
      ['costs', '$5.20', '(net)'],
    ],
    [
      [' this', ' -', ' or', ' that'],
      ['this -', 'or', 'that'],
    ],
    [
      [' "', 'Yes', ',"', ' she'],
      ['"Yes,"', 'she'],
    ],
    [
      ['你好', '，', '请', '问', '？'],
      ['你好，', '请', '问？'],
    ],
    [
      ['我', '用', 'G', 'PU', '很', '快'],
      ['我', '用', 'GPU', '很', '快'],
    ],
    [
      ['他', '说', '：', '“', '好', '”'],
      ['他', '说：', '“好”'],
    ],
    [
      [' 안녕', '하세요', ' 여러', '분'],
      ['안녕하세요', '여러분'],
    ],
    [[], []],
  ])('makes of %j the words %j', (given, expected) => {
    expect(words(...given)).toEqual(expected);
  });

  it('takes the times of what is spoken, not of the pause that a mark stands for', () => {
    const [hello] = wordsOfTokens(tokens(' Hel', 'lo', ',', ' you').slice(0, 3), ' Hello,');
    expect(hello).toEqual({ text: 'Hello,', start: 0, end: 2, probability: 0.5 });
  });

  it('is as sure of a word as of its spoken tokens on average', () => {
    const given = [
      { text: ' rem', start: 0, end: 1, probability: 0.9 },
      { text: 'inder', start: 1, end: 2, probability: 0.5 },
      { text: '.', start: 2, end: 3, probability: 0.1 },
      { text: ' x', start: 3, end: 4, probability: null },
    ];
    const probabilities = wordsOfTokens(given, ' reminder. x').map(({ probability }) => probability);
    expect(probabilities[0]).toBeCloseTo(0.7);
    expect(probabilities[1]).toBeNull();
  });

  it('reads characters whose bytes were given out in parts off the text', () => {
    const given = tokens('今天', '\uFFFD', '\uFFFD', '气', '\uFFFD');
    const texts = wordsOfTokens(given, '今天的天气好').map(({ text, start, end }) => [text, start, end]);
    expect(texts).toEqual([
      ['今天', 0, 1],
      ['的天', 1, 3],
      ['气', 3, 4],
      ['好', 4, 5],
    ]);
  });

  it('leaves out what cannot be read', () => {
    expect(words('好', '\uFFFD')).toEqual(['好']);
    expect(wordsOfTokens(tokens('\uFFFD\uFFFD', '气'), '什么')).toEqual([
      { text: '气', start: 1, end: 2, probability: 0.5 },
    ]);
  });
});
