import { describe, expect, it } from 'vitest';
import type { EngineWord } from './heard-words.js';
import { estimatePronunciation } from './pronunciation.js';

const ENGINE = 'whisper.cpp base';

/** Words of 0.3 s, 0.1 s apart; `word/0.4` is one with that probability, `word+2` has two seconds before it. */
function said(text: string): EngineWord[] {
  let clock = 0;
  return text.split(' ').map((item) => {
    const [, word = '', probability = '0.95', pause = '0.1'] = /^(.*?)(?:\/([\d.]+))?(?:\+([\d.]+))?$/.exec(
      item,
    )!;
    const start = clock + Number(pause);
    clock = start + 0.3;
    return { text: ` ${word}`, start, end: clock, probability: Number(probability) };
  });
}

function estimate(words: EngineWord[] | null, target: string | null, text?: string) {
  const heard = text ?? (words ?? []).map((word) => word.text).join('');
  return estimatePronunciation({ text: heard, words, engine: ENGINE }, target);
}

const statuses = ({ words }: ReturnType<typeof estimate>) =>
  words.map(({ text, status }) => `${text} ${status}`);

describe('a pronunciation estimate of free speech', () => {
  it('tells clear from unclear words, and names what it rests on', () => {
    const found = estimate(said('I thought/0.49 about the/0.5 weather.'), null);
    expect(statuses(found)).toEqual([
      'I clear',
      'thought unclear',
      'about clear',
      'the clear',
      'weather clear',
    ]);
    expect(found).toMatchObject({
      estimate: true,
      basis: ['word_probability', 'timing'],
      reason: null,
      engine: ENGINE,
      heard: 'I thought/0.49 about the/0.5 weather.'.replaceAll(/\/[\d.]+(?= )/g, ''),
      target: null,
      coverage: null,
      // Five words in 1.9 seconds.
      speakingRate: { value: 158, unit: 'words_per_minute' },
      pauses: [],
    });
  });

  it('counts pauses of half a second and more', () => {
    const found = estimate(said('well+0 I+0.49 do not+0.5 know+2.25'), null);
    expect(found.pauses).toEqual([
      { after: 'do', seconds: 0.5 },
      { after: 'not', seconds: 2.25 },
    ]);
  });

  it('counts Chinese by characters, and shares the time of a word among them', () => {
    const found = estimate(
      [
        { text: '今天', start: 0, end: 0.6, probability: 0.9 },
        { text: '，', start: 0.6, end: 0.6, probability: 0.2 },
        { text: '很热', start: 0.6, end: 1.2, probability: 0.3 },
      ],
      null,
    );
    expect(statuses(found)).toEqual(['今 clear', '天 clear', '很 unclear', '热 unclear']);
    expect(found.words.map(({ start, end }) => [start, end])).toEqual([
      [0, 0.3],
      [0.3, 0.6],
      [0.6, 0.8999999999999999],
      [0.8999999999999999, 1.2],
    ]);
    expect(found.speakingRate).toEqual({ value: 200, unit: 'characters_per_minute' });
  });

  it('says of an engine without probabilities only that words were heard', () => {
    const words = said('one two three four').map(({ text, start, end }) => ({
      text,
      start: start!,
      end: end!,
    }));
    const found = estimate(words, null);
    expect(found.basis).toEqual(['timing']);
    expect(new Set(found.words.map(({ status }) => status))).toEqual(new Set(['heard']));
  });

  it('has no rate for a few words or a short time', () => {
    expect(estimate(said('thank you'), null)).toMatchObject({
      basis: ['word_probability'],
      speakingRate: null,
    });
    const quick = [' a', ' b', ' c'].map((text, n) => ({
      text,
      start: n * 0.2,
      end: n * 0.2 + 0.2,
      probability: 1,
    }));
    expect(estimate(quick, null).speakingRate).toBeNull();
  });

  it.each([
    ['no words', null, 'Hello there', 'no_words'],
    ['silence', [], '', 'no_speech'],
    ['silence without words', null, ' ', 'no_speech'],
    ['punctuation alone', [{ text: ' …', start: 0, end: 1, probability: 0.9 }], '…', 'no_speech'],
    ['a cough', [{ text: ' Oh', start: 0.1, end: 0.3, probability: 0.9 }], 'Oh', 'too_short'],
    [
      'a lecture',
      Array.from({ length: 6_000 }, (_, n) => ({ text: 'la', start: n, end: n + 0.5 })),
      'la',
      'too_long',
    ],
  ])('says what is missing: %s', (_, words, text, reason) => {
    expect(estimate(words, null, text)).toMatchObject({ basis: [], reason, words: [], speakingRate: null });
  });

  it('never fails for times and probabilities that make no sense', () => {
    const odd = [Number.NaN, -3, 1e9, undefined, null, 0.5];
    const words = odd.flatMap((start) =>
      odd.map((end) => ({ text: ' word', start: start!, end: end!, probability: end! })),
    );
    for (const { start, end, probability } of estimate(words, 'word by word').words) {
      if (start !== null && end !== null) expect(end).toBeGreaterThanOrEqual(start);
      if (probability !== null) expect(probability >= 0 && probability <= 1).toBe(true);
    }
  });
});

describe('a pronunciation estimate of a sentence that was repeated', () => {
  it('lays what was heard beside what was meant', () => {
    const found = estimate(
      said('The big sheep/0.8 sailed acros/0.3 three/0.2 oceans'),
      'The ship sailed slowly across three oceans.',
    );
    expect(statuses(found)).toEqual([
      'The clear',
      'big extra',
      'ship different',
      'sailed clear',
      'slowly missing',
      'across different',
      'three unclear',
      'oceans clear',
    ]);
    expect(found.words[2]).toMatchObject({ text: 'ship', heard: 'sheep', probability: 0.8 });
    expect(found).toMatchObject({ basis: ['word_probability', 'timing', 'alignment'], reason: null });
    expect(found.coverage).toEqual({ matched: 4, of: 7 });
    expect(Object.keys(found)).not.toContain('score');
  });

  it('takes what is only written otherwise for the same', () => {
    const found = estimate(
      said('I have 25 cats and I do not have 105 dogs'),
      "I've twenty-five cats, and I don't have one hundred and five dogs!",
    );
    expect(found.coverage).toEqual({ matched: 13, of: 13 });
    expect(found.words.map(({ text }) => text)).toContain("don't");
    expect(new Set(found.words.map(({ status }) => status))).toEqual(new Set(['clear']));
  });

  it('tells a word that was heard in part as heard otherwise, once', () => {
    const found = estimate(said('I do really know'), "I don't know");
    expect(statuses(found)).toEqual(['I clear', "don't different", 'know clear']);
    expect(found.words[1]?.heard).toBe('do really');
  });

  it('keeps the order of what was said in addition', () => {
    const found = estimate(said('so well hello my dear world bye'), 'Hello world');
    expect(statuses(found)).toEqual([
      'so extra',
      'well extra',
      'Hello clear',
      'my extra',
      'dear extra',
      'world clear',
      'bye extra',
    ]);
  });

  it('compares Chinese by characters', () => {
    const words = [
      { text: '我想', start: 0, end: 0.5, probability: 0.9 },
      { text: '和茶', start: 0.5, end: 1, probability: 0.4 },
    ];
    const found = estimate(words, '我想喝茶。');
    expect(statuses(found)).toEqual(['我 clear', '想 clear', '喝 different', '茶 unclear']);
    expect(found.coverage).toEqual({ matched: 3, of: 4 });
  });

  it('goes by the text alone where there are no words', () => {
    const found = estimate(null, 'Good morning everybody', 'Good morning.');
    expect(found).toMatchObject({
      basis: ['alignment'],
      reason: 'no_words',
      coverage: { matched: 2, of: 3 },
    });
    expect(statuses(found)).toEqual(['Good heard', 'morning heard', 'everybody missing']);
  });

  it('of which nothing was heard says so', () => {
    const found = estimate([], 'Good morning', '');
    expect(found).toMatchObject({ basis: [], reason: 'no_speech', coverage: { matched: 0, of: 2 } });
    expect(statuses(found)).toEqual(['Good missing', 'morning missing']);
  });

  it('is refused where the comparison would take long', () => {
    const found = estimate(said(Array(1_100).fill('tea').join(' ')), Array(1_000).fill('cup').join(' '));
    expect(found).toMatchObject({ basis: [], reason: 'too_long', words: [] });
  });
});
