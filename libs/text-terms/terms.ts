import { fold } from './fold.js';

/** UTF-16 units that a term has at most: of longer words the beginning counts. */
export const TERM_LENGTH = 40;

/** A piece of text by which it can be found, and where it stands there, in UTF-16 units. */
export interface Term {
  /** Folded; letters, digits and marks only. */
  text: string;
  start: number;
  end: number;
}

/** A stretch of letters and digits without anything between them. */
export interface Run {
  /** One for a word; for a script that is written without spaces two neighbours each, and the last one alone. */
  terms: Term[];
  isUnspaced: boolean;
}

const UNSPACED =
  '[\\u4e00-\\u9fff]|(?=[\\p{L}\\p{N}])[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}ーｰ]';
/** Letters of these stand for themselves, whatever comes behind them but a mark: most of Chinese, Japanese and Korean. */
const PLAIN = /^[\u4e00-\u9fff\u3041-\u3096\u30a1-\u30fa\u30fc\uac00-\ud7a3]+$/u;
/** Belongs to the letter before it: marks, and the half-width sound marks of Japanese. */
const MARK = '[\\p{M}ﾞﾟ]';
const SPACED = `[0-9A-Za-z]|(?!${UNSPACED})[\\p{L}\\p{N}]`;
/** Invisible, and within a word no end of it: soft hyphen, joiners. */
const JOINER = '[\\u00ad\\u200c\\u200d\\u2060]';
const RUNS = new RegExp(
  `(?<unspaced>(?:(?:${UNSPACED})${MARK}*)+)|(?:${SPACED})(?:${SPACED}|\\p{M}|${JOINER})*`,
  'gu',
);
const LETTERS = new RegExp(`(?:${UNSPACED})${MARK}*`, 'gu');
/** No script has more marks on a letter; hostile text has. */
const LETTER_LENGTH = 8;

/**
 * The terms of a text, in their order. Words stand for themselves; Chinese, Japanese, Korean, Thai, Lao, Khmer and
 * Burmese, which do not say where their words end, give every two neighbouring letters (`天气好` gives `天气`, `气好`,
 * `好`), so that words of two letters are found, and single ones as the beginnings of terms. Punctuation, white space
 * and emoji are no terms.
 */
export function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  for (const run of runsOf(text)) for (const term of run.terms) terms.push(term);
  return terms;
}

/** The terms of a text, by the stretches that they come from. */
export function* runsOf(text: string): Iterable<Run> {
  for (const { 0: run, index, groups } of text.matchAll(RUNS)) {
    const isUnspaced = groups!['unspaced'] !== undefined;
    const terms = isUnspaced ? pairs(run, index) : word(run, index);
    if (terms.length > 0) yield { terms, isUnspaced };
  }
}

/** Where the first letter of a term of an unspaced script ends. */
export function firstLetterEnd(source: string, { start, end }: Term): number {
  const [letter] = source.slice(start, end).match(LETTERS) ?? [];
  return start + (letter?.length ?? end - start);
}

function word(run: string, start: number): Term[] {
  const text = cut(fold(run), TERM_LENGTH);
  return text === '' ? [] : [{ text, start, end: start + run.length }];
}

function pairs(run: string, offset: number): Term[] {
  if (PLAIN.test(run)) return plainPairs(run, offset);
  const letters = lettersOf(run, offset);
  return letters
    .map(({ text, start, end }, at) => {
      const next = letters[at + 1];
      return next ? { text: text + next.text, start, end: next.end } : { text, start, end };
    })
    .filter(({ text }) => text !== '');
}

/** Of letters that are one unit each, and themselves when they are folded. */
function plainPairs(run: string, offset: number): Term[] {
  const terms: Term[] = [];
  for (let at = 0; at < run.length; at += 1) {
    const text = run.slice(at, at + 2);
    terms.push({ text, start: offset + at, end: offset + at + text.length });
  }
  return terms;
}

function lettersOf(run: string, offset: number): Term[] {
  return [...run.matchAll(LETTERS)].map(({ 0: letter, index }) => ({
    text: cut(fold(letter), LETTER_LENGTH),
    start: offset + index,
    end: offset + index + letter.length,
  }));
}

/** The first units, and no half of a surrogate pair. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const isSplit = (text.codePointAt(length - 1) ?? 0) > 0xff_ff;
  return text.slice(0, isSplit ? length - 1 : length);
}
