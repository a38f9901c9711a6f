import { describe, expect, it } from 'vitest';
import { countTokens } from '../llm/token-counter.js';
import { cutToTokens, summaryRequest } from './summary.text.js';

const FAMILY = '👨‍👩‍👧‍👦';

describe('cutToTokens', () => {
  const texts = {
    English: 'The quick brown fox jumps over the lazy dog. '.repeat(60),
    Chinese: '机器学习是人工智能的一个分支，研究如何让计算机从数据中学习。'.repeat(60),
    emoji: `${FAMILY}🏳️‍🌈🇨🇳🤖`.repeat(60),
    mixed: `Café 你好 ${FAMILY} x² `.repeat(60),
    'dense at its beginning': FAMILY.repeat(80) + ' '.repeat(5_000) + 'end',
    'one run without spaces': 'x'.repeat(3_000),
    'very long': 'Words and 汉字. '.repeat(10_000),
  };

  it.each(Object.entries(texts))(
    'makes a text no longer than asked, and no shorter than it must: %s',
    (_, text) => {
      for (const most of [1, 2, 3, 7, 20, 64, 150]) {
        const cut = cutToTokens(text, most);
        expect(countTokens(cut)).toBeLessThanOrEqual(most);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
      }
      expect(countTokens(cutToTokens(text, 64))).toBeGreaterThan(16);
    },
  );

  it('leaves what is short enough as it is', () => {
    for (const text of ['', 'One two three', texts.emoji]) expect(cutToTokens(text, 100_000)).toBe(text);
    expect(cutToTokens('One two three', countTokens('One two three'))).toBe('One two three');
  });

  it.each([0, -1, -6, -1_000])('ends, with nothing, where there is no room: %i', (most) => {
    expect(cutToTokens('One two three', most)).toBe('');
    expect(cutToTokens('', most)).toBe('');
  });
});

describe('summaryRequest', () => {
  const spoken = [
    { role: 'user' as const, content: '我叫什么？' },
    { role: 'assistant' as const, content: 'I do not know.' },
  ];

  it('tells who said what, after the summary so far, as one message of a user', () => {
    const [system, user, ...more] = summaryRequest('They met.', spoken, 100);
    expect(more).toEqual([]);
    expect([system!.role, user!.role]).toEqual(['system', 'user']);
    expect(system!.content).toContain('at most 60 words');
    expect(user!.content).toBe(
      'Earlier summary:\nThey met.\n\nWhat was said:\nUser: 我叫什么？\n\nAssistant: I do not know.',
    );
  });

  it('has no earlier summary where there is none', () => {
    expect(summaryRequest(null, spoken, 100)[1]!.content).toMatch(/^What was said:\nUser: /);
  });
});
