import { describe, expect, it } from 'vitest';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { cutPassages } from './passage-cutter.js';

const WITHOUT_SPACE = /\s+/g;
const same = (passages: string[], text: string) =>
  expect(passages.join('').replace(WITHOUT_SPACE, '')).toBe(text.replace(WITHOUT_SPACE, ''));

describe('passages', () => {
  it('are none of nothing', () => {
    expect(cutPassages('')).toEqual([]);
    expect(cutPassages(' \n\n ')).toEqual([]);
  });

  it('are one of a short text', () => {
    expect(cutPassages('One.\n\nTwo.')).toEqual(['One.\n\nTwo.']);
  });

  it('end with a paragraph where they can', () => {
    const paragraph = `${'The river flows slowly to the sea. '.repeat(20).trim()}\n\n`;
    const passages = cutPassages(paragraph.repeat(10));
    expect(passages.length).toBeGreaterThan(2);
    for (const passage of passages) expect(passage.endsWith('sea.')).toBe(true);
    same(passages, paragraph.repeat(10));
  });

  it.each([
    ['English', 'The river flows slowly to the sea. ', /sea\.$/],
    ['Chinese', '长江大桥是武汉市的一座重要桥梁，建成于一九五七年。', /。$/],
    ['Chinese that is said', '“你好！”', /！”$/],
  ])('of one long paragraph end with a sentence: %s', (_name, sentence, end) => {
    const text = sentence.repeat(400);
    const passages = cutPassages(text);
    expect(passages.length).toBeGreaterThan(2);
    for (const passage of passages) expect(passage).toMatch(end);
    same(passages, text);
  });

  it.each([
    ['words', 'word '.repeat(5_000)],
    ['one word', 'a'.repeat(20_000)],
    ['digits', '0123456789'.repeat(2_000)],
    ['emoji', '🙂'.repeat(5_000)],
    ['Chinese', '汉'.repeat(5_000)],
    ['lines', 'a line of words\n'.repeat(2_000)],
    ['a table', 'name | 12.50 | 2026-11-27\n'.repeat(1_000)],
  ])('are never much too long, and lose nothing: %s', (_name, text) => {
    const passages = cutPassages(text);
    for (const passage of passages) {
      expect(countTokens(passage)).toBeLessThan(1_000);
      expect(passage.isWellFormed()).toBe(true);
    }
    same(passages, text);
  });

  it('leave no crumbs', () => {
    const text = `${'The river flows slowly to the sea. '.repeat(45)}End.`;
    expect(Math.min(...cutPassages(text).map((passage) => countTokens(passage)))).toBeGreaterThan(50);
  });
});
