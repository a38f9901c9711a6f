import type { Alignment } from './alignment.js';
import type { HeardWord } from './heard-words.js';
import type { SpokenText } from './spoken-words.js';

/**
 * `clear` and `unclear`: heard as meant, by the engine's probability; `heard`: heard as meant, by an engine that
 * gives no probabilities; `different`: something else was heard in its place; `missing`: nothing was; `extra`: heard,
 * and not meant.
 */
export const WORD_STATUSES = ['clear', 'unclear', 'heard', 'different', 'missing', 'extra'] as const;
export type WordStatus = (typeof WORD_STATUSES)[number];

/** A word of the target; of what was heard where it is extra, or where there is no target. */
export interface EstimatedWord {
  text: string;
  /** What was heard in its place, where that is something else. */
  heard: string | null;
  status: WordStatus;
  probability: number | null;
  start: number | null;
  end: number | null;
}

/** Below a half the engine held all that it did not write down, taken together, for likelier than what it wrote. */
const CLEAR_PROBABILITY = 0.5;

/** Every word that was heard, where nothing was asked for. */
export function heardOnly(heard: HeardWord[]): EstimatedWord[] {
  return heard.map((word) => ({ ...timesOf([word]), text: word.text, heard: null, status: clarity([word]) }));
}

/** Every word of the target in its order, with the words that were said beside it between them. */
export function laidBeside(target: SpokenText, heard: HeardWord[], alignment: Alignment[]): EstimatedWord[] {
  const places = heard.flatMap(({ keys }, word) => keys.map(() => word));
  const wanted = new Set(alignment.flatMap((one) => (hasBoth(one) ? [places[one.heard]!] : [])));
  const beside = target.words.map((): Alignment[] => []);
  /** Words that belong to none of the target's, by the one that they follow. */
  const extras = new Map<number, Set<number>>();
  let current = -1;
  for (const one of alignment) {
    if (one.kind !== 'extra') beside[(current = target.tokens[one.target]!.word)]!.push(one);
    else if (!wanted.has(places[one.heard]!))
      extras.set(current, (extras.get(current) ?? new Set()).add(places[one.heard]!));
  }
  const extrasAfter = (word: number) =>
    [...(extras.get(word) ?? [])].map((place) => extraWord(heard[place]!));
  const words = extrasAfter(-1);
  let before: EstimatedWord | undefined;
  for (const [index, text] of target.words.entries()) {
    const there = beside[index]!;
    // A word that is not compared (the `and` of a number) went as the one before it.
    before = there.length === 0 && before ? { ...before, text } : meantWord(text, there, heard, places);
    words.push(before, ...extrasAfter(index));
  }
  return words;
}

function hasBoth(one: Alignment): one is Extract<Alignment, { heard: number; target: number }> {
  return 'heard' in one && 'target' in one;
}

function meantWord(text: string, open: Alignment[], heard: HeardWord[], places: number[]): EstimatedWord {
  const aligned = open.filter(hasBoth);
  const there = [...new Set(aligned.map((one) => places[one.heard]!))].map((place) => heard[place]!);
  if (there.length === 0) return { ...timesOf([]), text, heard: null, status: 'missing' };
  if (open.every(({ kind }) => kind === 'match'))
    return { ...timesOf(there), text, heard: null, status: clarity(there) };
  const instead = there.map((word) => word.text).join(' ');
  return { ...timesOf(there), text, heard: instead, status: 'different' };
}

function extraWord(word: HeardWord): EstimatedWord {
  return { ...timesOf([word]), text: word.text, heard: null, status: 'extra' };
}

function clarity(words: HeardWord[]): WordStatus {
  const { probability } = timesOf(words);
  if (probability === null) return 'heard';
  return probability < CLEAR_PROBABILITY ? 'unclear' : 'clear';
}

/** Of several words the least sure one counts. */
function timesOf(words: HeardWord[]): Pick<EstimatedWord, 'probability' | 'start' | 'end'> {
  const known = words.flatMap(({ probability }) => (probability === null ? [] : [probability]));
  return {
    probability: known.length > 0 ? Math.round(Math.min(...known) * 1000) / 1000 : null,
    start: words[0]?.start ?? null,
    end: words.at(-1)?.end ?? null,
  };
}
