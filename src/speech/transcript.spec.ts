import { describe, expect, it } from 'vitest';
import type { WhisperSegment } from '../../libs/whisper/whisper-engine.js';
import { type HeardPiece, joinPieces } from './transcript.js';

function segment(
  start: number,
  end: number,
  text: string,
  more: Partial<WhisperSegment> = {},
): WhisperSegment {
  return { start, end, text, probability: 0.9, noSpeech: null, words: [], ...more };
}

function heard(startMs: number, endMs: number, language: string | null, ...segments: WhisperSegment[]) {
  return { startMs, endMs, result: { language, segments } } satisfies HeardPiece;
}

describe('joinPieces', () => {
  it('puts times where they are in the recording, and cuts them off at the end of their piece', () => {
    const words = [{ text: 'tea', start: 0.101, end: 0.4, probability: null }];
    const { segments } = joinPieces(
      [
        heard(0, 20_340, 'en', segment(0, 2.5, ' One '), segment(2.5, 4, 'two')),
        heard(20_340, 31_000, 'en', segment(0.1, 30, 'three', { words })),
      ],
      true,
    );
    expect(segments).toEqual([
      { start: 0, end: 2.5, text: 'One', probability: 0.9, noSpeech: null, words: [] },
      { start: 2.5, end: 4, text: 'two', probability: 0.9, noSpeech: null, words: [] },
      {
        ...{ start: 20.44, end: 31, text: 'three', probability: 0.9, noSpeech: null },
        words: [{ text: 'tea', start: 20.441, end: 20.74, probability: null }],
      },
    ]);
  });

  it('has words only where they are wanted', () => {
    const piece = heard(
      0,
      1_000,
      'en',
      segment(0, 1, 'a', { words: [{ text: 'a', start: 0, end: 1, probability: 1 }] }),
    );
    expect(joinPieces([piece], false).segments[0]).not.toHaveProperty('words');
  });

  it('puts spaces between words of scripts that have them, and nowhere else', () => {
    const textOf = (...texts: string[]) =>
      joinPieces([heard(0, 9_000, 'x', ...texts.map((text, n) => segment(n, n + 1, text)))], false).text;
    expect(textOf('Good morning.', 'How are you?')).toBe('Good morning. How are you?');
    expect(textOf('你好，', '请问有什么可以帮您？', '谢谢')).toBe('你好，请问有什么可以帮您？谢谢');
    expect(textOf('こんにちは', '世界')).toBe('こんにちは世界');
    expect(textOf('안녕하세요', '세계')).toBe('안녕하세요 세계');
    expect(textOf('我说', 'hello', '你说', '好')).toBe('我说 hello 你说好');
    expect(textOf('', 'one', '  ', 'two')).toBe('one two');
    expect(textOf()).toBe('');
  });

  it('takes the language of most of the time in which somebody speaks', () => {
    const zh = heard(0, 30_000, 'zh', segment(0, 9, '早'));
    const en = heard(30_000, 60_000, 'en', segment(0, 4, 'a'), segment(10, 14, 'b'));
    const quiet = heard(60_000, 90_000, 'fr');
    expect(joinPieces([zh, en, quiet], false).language).toBe('zh');
    expect(joinPieces([zh, en, en, quiet], false).language).toBe('en');
    expect(joinPieces([quiet], false)).toEqual({ text: '', language: null, segments: [] });
    expect(joinPieces([heard(0, 1, null, segment(0, 1, 'a'))], false).language).toBeNull();
    expect(joinPieces([], false)).toEqual({ text: '', language: null, segments: [] });
  });
});
