import { describe, expect, it } from 'vitest';
import { PIECES } from '../../test/support/upstream/pieces.ts';
import { TextAccumulator } from './text-accumulator.js';

function run(texts: string[], lastIsFinal = false): (string | null)[] {
  const accumulator = new TextAccumulator();
  const deltas = texts.map((text, i) => accumulator.push(text, lastIsFinal && i === texts.length - 1));
  return [...deltas, accumulator.flush()];
}

const whole = (texts: string[], lastIsFinal = false) => run(texts, lastIsFinal).join('');
const cumulative = (pieces: string[]) => pieces.map((_, i) => pieces.slice(0, i + 1).join(''));

describe('TextAccumulator', () => {
  it('never holds the first piece back', () => {
    expect(run(['a'])[0]).toBe('a');
  });

  it('passes increments on at once when they do not look cumulative', () => {
    expect(run(['He', 'llo', ' you'])).toEqual(['He', 'llo', ' you', '']);
  });

  it('stays incremental once it was, whatever comes', () => {
    expect(run(['ab', 'c', 'abc', 'abcabc', 'abcabcabc'])).toEqual([
      'ab',
      'c',
      'abc',
      'abcabc',
      'abcabcabc',
      '',
    ]);
  });

  it('takes one extension of four code points for cumulative', () => {
    expect(run(['你好世界', '你好世界！', '你好世界！好'])).toEqual(['你好世界', '！', '好', '']);
    expect(run(['👋👋👋👋', '👋👋👋👋!'])[1]).toBe('!');
  });

  it('wants two extensions of fewer code points, and holds the first one back', () => {
    expect(run(['a', 'ab', 'abc', 'abcd'])).toEqual(['a', '', 'bc', 'd', '']);
    expect(run(['👋', '👋👋', '👋👋!'])).toEqual(['👋', '', '👋!', '']);
  });

  it('gives out what it held back when the stream proves incremental', () => {
    expect(run(['1', '10', '5'])).toEqual(['1', '', '105', '']);
    expect(run(['ha', 'ha', 'ha', '!'])).toEqual(['ha', '', '', 'haha!', '']);
  });

  it('does not hold back an endless repetition', () => {
    expect(run(['a', 'a', 'a', 'a', 'a', 'a'])).toEqual(['a', '', '', 'aaa', 'a', 'a', '']);
  });

  it('takes what is still undecided as incremental, which was asked for', () => {
    expect(whole(['1', '10'])).toBe('110');
    expect(whole(['ha', 'ha'])).toBe('haha');
    expect(whole(['1', '10', ''], true)).toBe('110');
  });

  it('believes a final event that repeats everything', () => {
    expect(whole(['好', '好的'], true)).toBe('好的');
    expect(whole(['你好', '你好'], true)).toBe('你好');
    expect(whole(['a', 'ab', 'ab'], true)).toBe('ab');
    expect(whole(['ha', 'ha', 'ha'], true)).toBe('hahaha');
  });

  it('says nothing for empty texts, in either mode', () => {
    expect(run(['', 'He', '', 'llo', '', ''], true)).toEqual(['', 'He', '', 'llo', '', '', '']);
    expect(run(['', '', '你好世界', '你好世界', '你好世界！', ''], true)).toEqual([
      '',
      '',
      '你好世界',
      '',
      '！',
      '',
      '',
    ]);
  });

  it('says nothing for a repeated text of a cumulative stream', () => {
    expect(run(['Hello', 'Hello you', 'Hello you', 'Hello you!'])).toEqual(['Hello', ' you', '', '!', '']);
  });

  it('refuses a cumulative text that does not begin with the one before', () => {
    expect(run(['Hello', 'Hello you', 'Hallo you!'])[2]).toBeNull();
    expect(run(['Hello', 'Hello you', 'Hello'])[2]).toBeNull();
  });

  it.each([1, 2, 3, 7, 30])('gives the same text for %i pieces, incremental or cumulative', (count) => {
    const pieces = PIECES.slice(0, count);
    expect(whole(pieces, true)).toBe(pieces.join(''));
    expect(whole(cumulative(pieces), true)).toBe(pieces.join(''));
    expect(whole([...cumulative(pieces), pieces.join('')], true)).toBe(pieces.join(''));
  });

  it('tells the two apart wherever a text is cut', () => {
    const points = [...'今天天气很好，we go out 👨‍👩‍👧‍👦 now'];
    for (let size = 1; size <= points.length; size += 1) {
      const pieces = Array.from({ length: Math.ceil(points.length / size) }, (_, i) =>
        points.slice(i * size, i * size + size).join(''),
      );
      expect(whole(pieces)).toBe(points.join(''));
      expect(whole(cumulative(pieces), true)).toBe(points.join(''));
    }
  });
});
