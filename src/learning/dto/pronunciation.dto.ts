import type { WordStatus } from '../estimated-words.js';
import type { Basis, Reason } from '../pronunciation.js';

/** A word of the target; of what was heard where it is extra, or where there is no target. */
export class EstimatedWordDto {
  /** @example 'ship' */
  text!: string;

  /**
   * What was heard in its place, where that is something else.
   * @example 'sheep'
   */
  heard!: string | null;

  /**
   * `clear` and `unclear`: heard as meant, and the engine was sure of it or not; `heard`: heard as meant, by an engine
   * that does not say how sure it is; `different`: something else was heard in its place; `missing`: nothing was;
   * `extra`: heard, and not meant.
   * @example 'different'
   */
  status!: WordStatus;

  /**
   * How sure the engine was of what it heard, 0 to 1.
   * @example 0.62
   */
  probability!: number | null;

  /**
   * In seconds from the recording's beginning.
   * @example 0.4
   */
  start!: number | null;

  /** @example 0.8 */
  end!: number | null;
}

/** Of the target's words (characters, in Chinese): how many were heard as they are written. */
export class CoverageDto {
  /** @example 7 */
  matched!: number;

  /** @example 9 */
  of!: number;
}

/** How fast it was said, pauses included. */
export class SpeakingRateDto {
  /** @example 112 */
  value!: number;

  /** @example 'words_per_minute' */
  unit!: 'words_per_minute' | 'characters_per_minute';
}

/** A silence of half a second or more. */
export class PauseDto {
  /**
   * The word before it.
   * @example 'sailed'
   */
  after!: string;

  /** @example 0.82 */
  seconds!: number;
}

/**
 * What a speech engine understood, and how sure it was. An estimate of how understandable somebody is, not a grade:
 * the engine, noise and the microphone count too.
 */
export class PronunciationDto {
  /**
   * Always true: there is no measurement of pronunciation here.
   * @example true
   */
  estimate!: boolean;

  /**
   * What it rests on; empty where nothing could be said.
   * @example ['word_probability', 'timing']
   */
  basis!: Basis[];

  /**
   * What is missing: `not_spoken`, there is no recording; `not_transcribed`, it is not written down yet; `no_speech`, none was heard; `no_words`, the engine gave no
   * single words; `translated`, the recording was translated and not written down; `too_short`; `too_long`.
   * @example 'no_words'
   */
  reason!: Reason | null;

  /**
   * The speech engine and its model.
   * @example 'whisper.cpp ggml-base'
   */
  engine!: string | null;

  /**
   * For a person to read, in the review's language (English or Chinese).
   * @example 'Heard as written: 7 of 9 words.'
   */
  summary!: string;

  /**
   * All that was heard.
   * @example 'The sheep sailed.'
   */
  heard!: string;

  /**
   * What was to be said; null where somebody spoke freely.
   * @example 'The ship sailed.'
   */
  target!: string | null;

  coverage!: CoverageDto | null;
  words!: EstimatedWordDto[];
  speakingRate!: SpeakingRateDto | null;
  pauses!: PauseDto[];
}
