import { describe, expect, it } from 'vitest';
import type { Voice } from './synthesizer.js';
import { chooseVoice, languageOf } from './voice-choice.js';

const voice = (id: string, language: string | null): Voice => ({ id, name: id, language });
const LINGUISTS = [voice('en-us', 'en-us'), voice('cmn', 'zh'), voice('de', 'de'), voice('ru', 'ru')];
const POLYGLOTS = [voice('alloy', null), voice('nova', null)];

describe('languageOf', () => {
  it.each([
    ['Hello there.', undefined],
    ['Guten Tag, schön.', undefined],
    ['你好，世界。', 'zh'],
    ['我用 iPhone 拍照。', 'zh'],
    ['The word 好 means good.', undefined],
    ['これは日本語です。', 'ja'],
    ['안녕하세요', 'ko'],
    ['Привет', 'ru'],
    ['12345 !?', undefined],
  ])('says of "%s" that it is %s', (text, language) => {
    expect(languageOf(text)).toBe(language);
  });
});

describe('chooseVoice', () => {
  it.each<[voices: Voice[], text: string, wish: object, expected: string]>([
    [LINGUISTS, 'Hello', {}, 'en-us'],
    [LINGUISTS, '你好', {}, 'cmn'],
    [LINGUISTS, 'Hello', { standard: 'de' }, 'de'],
    [LINGUISTS, '你好', { standard: 'de' }, 'cmn'],
    [LINGUISTS, 'こんにちは', { standard: 'de' }, 'de'],
    [LINGUISTS, '你好', { asked: 'en-us' }, 'en-us'],
    [LINGUISTS, '你好', { asked: null, standard: 'nobody' }, 'cmn'],
    [POLYGLOTS, '你好', { standard: 'nova' }, 'nova'],
    [POLYGLOTS, '你好', {}, 'alloy'],
  ])('takes of these for "%2$s" with %3$j: %4$s', (voices, text, wish, expected) => {
    expect(chooseVoice(voices, text, wish)).toBe(expected);
  });

  it('knows nobody else', () => {
    expect(() => chooseVoice(POLYGLOTS, 'Hi', { asked: 'cmn' })).toThrow('voice_unknown');
    expect(() => chooseVoice(POLYGLOTS, 'Hi', { asked: '' })).toThrow('voice_unknown');
    expect(() => chooseVoice([], 'Hi', { asked: 'cmn' })).toThrow('voice_not_set_up');
  });
});
