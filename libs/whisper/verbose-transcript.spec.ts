import { describe, expect, it } from 'vitest';
import { readTranscript } from './verbose-transcript.js';
import { EngineError, type WhisperPiece } from './whisper-engine.js';

/** Four seconds. */
const PIECE: WhisperPiece = { pcm: Buffer.alloc(128_000), task: 'transcribe', words: true };

function read(answer: unknown, over: Partial<WhisperPiece> = {}) {
  return readTranscript(typeof answer === 'string' ? answer : JSON.stringify(answer), { ...PIECE, ...over });
}

describe('What engines answer', () => {
  it('is read as whisper.cpp writes it', () => {
    const word = { word: ' Hello', start: 0.1, end: 0.6, t_dtw: -1, probability: 0.9 };
    const segment = {
      id: 0,
      text: ' Hello.',
      start: 0,
      end: 1.2,
      tokens: [1],
      words: [word],
      avg_logprob: 0,
    };
    const answer = { task: 'transcribe', language: 'english', text: ' Hello.\n', segments: [segment] };
    expect(read(answer)).toEqual({
      language: 'en',
      segments: [
        {
          ...{ start: 0, end: 1.2, text: 'Hello.', probability: 1, noSpeech: null },
          words: [{ text: 'Hello', start: 0.1, end: 0.6, probability: 0.9 }],
        },
      ],
    });
  });

  it('is read as OpenAI writes it, with the words in a list of their own', () => {
    const segments = [
      { start: 0, end: 1, text: ' Hello you.', avg_logprob: -0.5, no_speech_prob: 0.01 },
      { start: 1, end: 2, text: ' Bye.', avg_logprob: -0.5, no_speech_prob: 0.01 },
    ];
    const words = [
      { word: 'Hello', start: 0, end: 0.5 },
      { word: 'you', start: 0.5, end: 1 },
      { word: 'Bye', start: 1.1, end: 2.4 },
    ];
    const { segments: read1 } = read({ language: 'english', text: 'Hello you. Bye.', segments, words });
    expect(read1.map((segment) => segment.words.map(({ text }) => text))).toEqual([
      ['Hello', 'you'],
      ['Bye'],
    ]);
    expect(read1[0]!.words[0]).toEqual({ text: 'Hello', start: 0, end: 0.5, probability: null });
    expect(read1[0]!.probability).toBeCloseTo(Math.exp(-0.5));
    expect(read1[0]!.noSpeech).toBe(0.01);
    const without = read({ language: 'english', text: '', segments, words }, { words: false });
    expect(without.segments.flatMap((segment) => segment.words)).toEqual([]);
  });

  it('is one segment where there is the text alone', () => {
    expect(read({ text: ' Hello. ', usage: { type: 'duration', seconds: 4 } })).toEqual({
      language: null,
      segments: [{ start: 0, end: 4, text: 'Hello.', probability: null, noSpeech: null, words: [] }],
    });
    expect(read({ text: '' }, { language: 'zh' })).toEqual({ language: 'zh', segments: [] });
  });

  it('has its times put within the piece', () => {
    const segments = [
      { start: -1, end: 2.004, text: 'a' },
      { start: 2, end: 30, text: 'b' },
      { start: 29, end: 28, text: 'c' },
      { start: null, end: 'x', text: 'd' },
    ];
    const times = read({ language: 'en', segments }).segments.map(({ start, end }) => [start, end]);
    expect(times).toEqual([
      [0, 2],
      [2, 4],
      [4, 4],
      [0, 0],
    ]);
  });

  it('loses segments without text, and what is left of cut characters', () => {
    const segments = [{ text: ' ' }, { text: '\uFFFD' }, { text: null }, { text: '好\uFFFD' }, 'x', null];
    expect(read({ segments }).segments.map(({ text }) => text)).toEqual(['好']);
  });

  it('names no language where nothing was heard, and the one that was asked for in any case', () => {
    expect(read({ language: 'english', segments: [] }).language).toBeNull();
    expect(read({ language: 'english', segments: [{ text: 'a' }] }, { language: 'zh' }).language).toBe('zh');
    expect(read({ language: 'Haitian Creole', segments: [{ text: 'a' }] }).language).toBe('ht');
    expect(read({ language: 'zh', segments: [{ text: 'a' }] }).language).toBe('zh');
    expect(read({ language: 'klingon', segments: [{ text: 'a' }] }).language).toBeNull();
  });

  it.each(['', 'x', 'null', '[]', '3', '{}', '{"text":3}', '{"error":"x"}', '{"segments":{}}'])(
    'is refused where it is no transcript: %s',
    (body) => {
      expect(() => read(body)).toThrow(EngineError);
    },
  );

  it('may have probabilities that are none', () => {
    const [segment] = read({ segments: [{ text: 'a', avg_logprob: null, no_speech_prob: 'x' }] }).segments;
    expect([segment!.probability, segment!.noSpeech]).toEqual([null, null]);
    expect(read({ segments: [{ text: 'a', avg_logprob: 3 }] }).segments[0]!.probability).toBe(1);
  });
});
