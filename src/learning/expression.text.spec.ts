import { describe, expect, it } from 'vitest';
import type { Expression } from './expression.js';
import { expressionText } from './expression.text.js';

const NONE: Expression = { summary: '', corrected: null, better: null, points: [], truncated: false };

describe('expressionText', () => {
  it('has all that there is, a line each, in Chinese', () => {
    const said: Expression = {
      ...{ summary: '意思清楚。', corrected: 'I went home.', better: 'I headed home.', truncated: true },
      points: [
        { kind: 'grammar', quote: 'goed', problem: '动词形式错误', suggestion: 'went', explanation: null },
        { kind: 'idiom', quote: null, problem: null, suggestion: null, explanation: '语气偏正式' },
      ],
    };
    expect(expressionText(said, 'zh-CN').split('\n')).toEqual([
      ...['意思清楚。', '改正：I went home.', '更自然的说法：I headed home.'],
      ...['1. “goed” → “went”，动词形式错误', '2. 语气偏正式', '内容较长，只查看了开头部分。'],
    ]);
  });

  it('says once what is both correct and better', () => {
    const said = { ...NONE, summary: 'Fine.', corrected: 'I went.', better: 'I went.' };
    expect(expressionText(said, 'en')).toBe('Fine.\nWithout mistakes: I went.');
  });

  it.each([
    ['zh', '没有需要改正的地方。'],
    ['de', 'There is nothing to correct.'],
  ])('is never empty, in %s', (language, text) => {
    expect(expressionText(NONE, language)).toBe(text);
  });
});
