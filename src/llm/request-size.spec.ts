import { describe, expect, it } from 'vitest';
import { fits } from './request-size.js';

const messages = (...contents: string[]) => contents.map((content) => ({ role: 'user' as const, content }));

describe('fits', () => {
  it.each([
    ['a short text', messages('hello'), 100, true],
    // 900 tokens in 3,600 bytes, and six for the message.
    ['a text with fewer tokens than bytes', messages(' the'.repeat(900)), 906, true],
    ['a text that is one token too long', messages(' the'.repeat(900)), 905, false],
    ['many short texts, for what stands around each', messages(...Array<string>(100).fill('a')), 650, false],
    ['the same with room', messages(...Array<string>(100).fill('a')), 700, true],
  ])('%s', async (_, list, limit, expected) => {
    expect(await fits({ messages: list }, limit)).toBe(expected);
  });

  it('leaves room for the answer', async () => {
    const request = { messages: messages('hello'), maxOutputTokens: 95 };
    expect([await fits(request, 110), await fits(request, 100)]).toEqual([true, false]);
  });
});
