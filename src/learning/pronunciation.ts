import { align, MAX_CELLS } from './alignment.js';
import { type EstimatedWord, heardOnly, laidBeside } from './estimated-words.js';
import { type HeardWord, readHeardWords, type Speech } from './heard-words.js';
import { isMostlyCharacters, spokenText } from './spoken-words.js';

export const BASES = ['word_probability', 'timing', 'alignment'] as const;
export type Basis = (typeof BASES)[number];

/** Why there is no estimate, or only a part of one. */
export const REASONS = [
  'not_spoken',
  'not_transcribed',
  'no_speech',
  'no_words',
  'translated',
  'too_short',
  'too_long',
] as const;
export type Reason = (typeof REASONS)[number];

export interface Pause {
  /** The word before it. */
  after: string;
  seconds: number;
}

export interface SpeakingRate {
  value: number;
  /** Characters where the language is written in them. */
  unit: 'words_per_minute' | 'characters_per_minute';
}

/**
 * What can be said of how somebody spoke from what a speech engine made of it. An estimate: it tells how well the
 * engine understood, which depends on the engine and the microphone as well. There is no score.
 */
export interface PronunciationEstimate {
  estimate: true;
  basis: Basis[];
  /** Null where nothing is missing. */
  reason: Reason | null;
  engine: string | null;
  heard: string;
  target: string | null;
  /** Of the target's words: how many were heard as they are written. */
  coverage: { matched: number; of: number } | null;
  words: EstimatedWord[];
  speakingRate: SpeakingRate | null;
  pauses: Pause[];
}

/** A gap that is shorter may be none: the engine's times are right to about a fifth of a second, at both of its ends. */
const PAUSE_SECONDS = 0.5;
const MAX_PAUSES = 20;
/** What is shorter has no rate: one long vowel, or one gap, would decide it. */
const RATE_WORDS = 3;
const RATE_SECONDS = 1;
/** What is shorter and was not asked for is a cough as well as a word. */
const SPEECH_SECONDS = 0.3;
/** More words than this, a quarter of an hour, are a lecture and not an exercise; to read them takes milliseconds. */
const MAX_WORDS = 2_500;

/** @param target the sentence that was to be said; null where somebody spoke freely */
export function estimatePronunciation(speech: Speech, target: string | null): PronunciationEstimate {
  const none = nothing(speech, target);
  if ((speech.words?.length ?? 0) > MAX_WORDS) return { ...none, reason: 'too_long' };
  const heard = readHeardWords(speech);
  const meant = target === null ? null : spokenText(target);
  if (heard.length === 0) return missed(none, meant);
  const lack = meant ? null : lackOf(speech, heard);
  if (lack) return { ...none, reason: lack };
  const tokens = heard.flatMap(({ keys }) => keys);
  if (heard.length > MAX_WORDS || (meant && tokens.length * meant.tokens.length > MAX_CELLS))
    return { ...none, reason: 'too_long' };
  const words = meant ? laidBeside(meant, heard, align(keysOf(meant), tokens)) : heardOnly(heard);
  const rate = speakingRate(heard);
  const pauses = pausesOf(heard);
  return {
    ...none,
    basis: BASES.filter((basis) => isBasis(basis, heard, { rate, isAligned: meant !== null })),
    reason: speech.words === null ? 'no_words' : null,
    ...{ words, speakingRate: rate, pauses },
    coverage: meant && coverageOf(words),
  };
}

/** What is said where there is nothing to go by. */
export function noEstimate(
  reason: Reason,
  target: string | null,
  engine: string | null = null,
): PronunciationEstimate {
  return { ...nothing({ text: '', words: null, engine }, target), reason };
}

function nothing({ text, engine }: Speech, target: string | null): PronunciationEstimate {
  return {
    ...{ estimate: true, basis: [], reason: null, engine, heard: text.trim(), target },
    ...{ coverage: null, words: [], speakingRate: null, pauses: [] },
  };
}

/** Nothing was heard: of a target, nothing at all. */
function missed(
  none: PronunciationEstimate,
  meant: { words: string[]; tokens: unknown[] } | null,
): PronunciationEstimate {
  if (!meant || meant.words.length > MAX_WORDS) return { ...none, reason: 'no_speech' };
  const words = meant.words.map((text): EstimatedWord => ({
    ...{ text, heard: null, status: 'missing', probability: null, start: null, end: null },
  }));
  return { ...none, reason: 'no_speech', words, coverage: { matched: 0, of: words.length } };
}

function keysOf({ tokens }: { tokens: { key: string }[] }): string[] {
  return tokens.map(({ key }) => key);
}

function isBasis(
  basis: Basis,
  heard: HeardWord[],
  { rate, isAligned }: { rate: SpeakingRate | null; isAligned: boolean },
): boolean {
  if (basis === 'word_probability') return heard.some(({ probability }) => probability !== null);
  return basis === 'timing' ? rate !== null : isAligned;
}

/** What free speech needs, and has not. */
function lackOf({ words }: Speech, heard: HeardWord[]): Reason | null {
  if (words === null) return 'no_words';
  const span = spanOf(heard);
  return span !== null && span < SPEECH_SECONDS ? 'too_short' : null;
}

/** Seconds from the first word's beginning to the last one's end; null where the engine gave no times. */
function spanOf(heard: HeardWord[]): number | null {
  const { start } = heard.find((word) => word.start !== null) ?? {};
  const { end } = heard.findLast((word) => word.end !== null) ?? {};
  return typeof start === 'number' && typeof end === 'number' ? end - start : null;
}

function speakingRate(heard: HeardWord[]): SpeakingRate | null {
  const span = spanOf(heard);
  if (span === null || span < RATE_SECONDS || heard.length < RATE_WORDS) return null;
  const isChinese = isMostlyCharacters(heard.map(({ text }) => text));
  const unit = isChinese ? 'characters_per_minute' : 'words_per_minute';
  return { value: Math.round((heard.length * 60) / span), unit };
}

function pausesOf(heard: HeardWord[]): Pause[] {
  return heard
    .flatMap(({ text, end }, index) => {
      const next = heard[index + 1]?.start ?? null;
      if (end === null || next === null || next - end < PAUSE_SECONDS) return [];
      return [{ after: text, seconds: Math.round((next - end) * 100) / 100 }];
    })
    .slice(0, MAX_PAUSES);
}

function coverageOf(words: EstimatedWord[]): { matched: number; of: number } {
  const meant = words.filter(({ status }) => status !== 'extra');
  const matched = meant.filter(({ status }) => status !== 'missing' && status !== 'different');
  return { matched: matched.length, of: meant.length };
}
