import { spokenText } from './spoken-words.js';

/** A word as the engine gave it; times in seconds. */
export interface EngineWord {
  text: string;
  start?: number | null;
  end?: number | null;
  /** How sure the engine is of it, 0 to 1; absent where it does not say. */
  probability?: number | null;
}

/** What an engine made of a recording. */
export interface Speech {
  text: string;
  /** Null where the engine was not asked for words, or gives none. */
  words: EngineWord[] | null;
  engine: string | null;
}

/** A word, or a Chinese or Japanese character, that was heard, and what of it is compared. */
export interface HeardWord {
  text: string;
  keys: string[];
  start: number | null;
  end: number | null;
  probability: number | null;
}

/**
 * The words of a recording in their order, without what holds nothing to be said (punctuation). Where the engine gave
 * no words, those of its text, without times and probabilities.
 */
export function readHeardWords({ text, words }: Pick<Speech, 'text' | 'words'>): HeardWord[] {
  if (words === null) return parts({ text, start: null, end: null, probability: null });
  let spoken = 0;
  return words.flatMap(({ text: word, probability, ...times }) => {
    const start = inOrder(times.start, spoken);
    const end = start === null ? null : inOrder(times.end, start);
    spoken = end ?? spoken;
    return parts({ text: word, start, end, probability: share(probability) });
  });
}

/** What the engine takes for one word can be several: each has its part of the time. */
function parts({ text, start, end, probability }: Omit<HeardWord, 'keys'>): HeardWord[] {
  const { words, tokens } = spokenText(text);
  const at = (index: number) =>
    start === null || end === null ? null : start + ((end - start) * index) / words.length;
  return words.map((word, index) => ({
    text: word,
    keys: tokens.filter((token) => token.word === index).map(({ key }) => key),
    ...{ start: at(index), end: at(index + 1), probability },
  }));
}

/** Engines now and then let a word begin before the one before it has ended. */
function inOrder(seconds: number | null | undefined, earliest: number): number | null {
  return isNumber(seconds) ? Math.max(seconds, earliest) : null;
}

function share(value: number | null | undefined): number | null {
  return isNumber(value) ? Math.min(1, Math.max(0, value)) : null;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
