import { describe, expect, it } from 'vitest';
import type { EngineWord } from './heard-words.js';
import { estimatePronunciation, noEstimate } from './pronunciation.js';
import { pronunciationText } from './pronunciation.text.js';

function estimate(words: EngineWord[] | null, text: string, target: string | null = null) {
  return estimatePronunciation({ text, words, engine: 'whisper.cpp base' }, target);
}

describe('the text of an estimate', () => {
  const probabilities: Record<string, number> = { sheep: 0.8, three: 0.2 };
  const words = ['The', 'big', 'sheep', 'sailed', 'three', 'oceans'].map((text, n) => {
    const start = n * 0.4 + (n === 5 ? 0.6 : 0);
    return { text, start, end: start + 0.3, probability: probabilities[text] ?? 0.95 };
  });
  const repeated = estimate(
    words,
    'The big sheep sailed three oceans',
    'The ship sailed slowly three oceans.',
  );

  it('is one for a person, in English', () => {
    expect(pronunciationText(repeated, 'en-GB')).toBe(
      'Heard as written: 4 of 6 words. Not clearly understood: “three”. Heard otherwise: “ship” as “sheep”. ' +
        'Not heard: “slowly”. Heard in addition: “big”. Speed: about 124 words a minute. ' +
        'Pauses of half a second or more: 1. This is an estimate from what the speech engine whisper.cpp base ' +
        'understood, not a grade: noise and the microphone count too.',
    );
  });

  it('and in Chinese', () => {
    expect(pronunciationText(repeated, 'zh-Hans')).toBe(
      '与原文一致：6 个词中的 4 个。听得不够清楚：“three”。听成了别的：“ship”听成“sheep”。没有听到：“slowly”。' +
        '多出来的：“big”。语速：每分钟约 124 词。半秒以上的停顿：1 次。' +
        '以上仅是根据语音引擎 whisper.cpp base 听到的内容所作的估计，不是评分；噪声和麦克风也会影响结果。',
    );
  });

  it('says in both what is missing', () => {
    expect(pronunciationText(noEstimate('not_spoken', null), 'en')).toBe(
      'This was typed: there is no recording to go by.',
    );
    expect(pronunciationText(estimate([], ''), 'zh')).toBe('录音中没有听到语音。');
    expect(pronunciationText(estimate(null, 'Hello'), 'en')).toBe(
      'The speech engine gave no times and no certainty for single words.',
    );
    expect(pronunciationText(estimate([], '', 'Good morning'), 'en')).toBe(
      'No speech was heard in the recording.',
    );
  });

  it('never speaks of points or percent', () => {
    for (const language of ['en', 'zh'])
      expect(pronunciationText(repeated, language)).not.toMatch(/%|score|分数/i);
  });
});
