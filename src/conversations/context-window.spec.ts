import { describe, expect, it } from 'vitest';
import { ContextWindow, type CountedMessage, MESSAGE_OVERHEAD_TOKENS, tokensOf } from './context-window.js';

const message = (role: CountedMessage['role'], content: string, tokens: number): CountedMessage => ({
  role,
  content,
  tokens,
});
const turn = (n: number, tokens = 10) => [
  message('user', `question ${n}`, tokens),
  message('assistant', `answer ${n}`, tokens),
];
const TURN = 2 * (10 + MESSAGE_OVERHEAD_TOKENS);
const system = [message('system', 'Be brief.', 10)];
const prompt = message('user', 'now', 10);
const FIXED = tokensOf([...system, prompt]);

function contents(window: ContextWindow): string[] {
  return window.messages().map(({ content }) => content);
}

describe('tokensOf', () => {
  it('counts the marks around each message', () => {
    expect(tokensOf([])).toBe(0);
    expect(tokensOf(turn(1))).toBe(20 + 2 * MESSAGE_OVERHEAD_TOKENS);
  });
});

describe('ContextWindow', () => {
  it('holds system text and prompt, the prompt once and last', () => {
    const window = new ContextWindow({ system, prompt }, 1_000);
    expect(window.messages()).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'now' },
    ]);
    expect(contents(new ContextWindow({ system: [], prompt }, 1_000))).toEqual(['now']);
  });

  it('puts turns that come newest first in the order in which they were said', () => {
    const window = new ContextWindow({ system, prompt }, 1_000);
    for (const n of [3, 2, 1]) expect(window.prepend(turn(n))).toBe(true);
    expect(contents(window)).toEqual([
      'Be brief.',
      ...['question 1', 'answer 1', 'question 2', 'answer 2', 'question 3', 'answer 3'],
      'now',
    ]);
  });

  it('fills the budget to the last token, and not beyond', () => {
    const exact = new ContextWindow({ system, prompt }, FIXED + TURN);
    expect(exact.prepend(turn(2))).toBe(true);
    expect(exact.prepend([message('user', 'older', 0)])).toBe(false);
    const short = new ContextWindow({ system, prompt }, FIXED + TURN - 1);
    expect(short.prepend(turn(2))).toBe(false);
    expect(contents(short)).toEqual(['Be brief.', 'now']);
  });

  it('takes a turn whole or not at all', () => {
    const window = new ContextWindow({ system, prompt }, FIXED + TURN - 2);
    expect(window.prepend(turn(1))).toBe(false);
    expect(contents(window)).not.toContain('answer 1');
  });

  it('ends at the first turn that does not fit: no older one slips in behind a gap', () => {
    const window = new ContextWindow({ system, prompt }, FIXED + 2 * TURN);
    expect(window.prepend(turn(3))).toBe(true);
    expect(window.prepend(turn(2, 1_000))).toBe(false);
    expect(window.prepend(turn(1))).toBe(false);
    expect(contents(window)).toEqual(['Be brief.', 'question 3', 'answer 3', 'now']);
  });

  it('sends system text and prompt even where they alone are too much', () => {
    const window = new ContextWindow({ system, prompt }, 5);
    expect(window.prepend(turn(1))).toBe(false);
    expect(contents(window)).toEqual(['Be brief.', 'now']);
  });

  it('gives messages without their counts away', () => {
    const window = new ContextWindow({ system, prompt }, 1_000);
    window.prepend(turn(1));
    for (const sent of window.messages()) expect(Object.keys(sent)).toEqual(['role', 'content']);
  });
});
