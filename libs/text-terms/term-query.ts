import { firstLetterEnd, runsOf, type Run, type Term, termsOf } from './terms.js';

/** A place in a text, in UTF-16 units. */
export interface TextRange {
  start: number;
  end: number;
}

/** Terms that stand behind one another without another one between them. */
interface Phrase {
  terms: string[];
  /** Of the last one it is the beginning that counts. */
  isOpen: boolean;
  /** The last one is a single letter of an unspaced script. */
  isLetter: boolean;
}

const QUOTES = /["“”„«»＂]/gu;
const PARTS = /"(?<quoted>[^"]*)"?|[^"]+/gu;

/**
 * What somebody looks for. All of it must be in a text, in any order: words, the last one as a beginning (`hel` finds
 * `hello`); stretches of Chinese and the like as they stand, and what is in quotation marks as it stands there. No other
 * character has a meaning.
 */
export class TermQuery {
  private constructor(private readonly phrases: Phrase[]) {}

  static of(text: string): TermQuery {
    const phrases: Phrase[] = [];
    for (const { 0: part, index, groups } of text.replace(QUOTES, '"').matchAll(PARTS)) {
      const quoted = groups!['quoted'];
      const runs = [...runsOf(quoted ?? part)];
      const isEnd = index + part.length === text.length;
      if (quoted !== undefined) phrases.push(phraseOf(runs));
      // The last word may still be on its way; a quotation mark says that it is whole.
      else phrases.push(...runs.map((run, at) => phraseOf([run], isEnd && at === runs.length - 1)));
    }
    return new TermQuery(phrases.filter(({ terms }) => terms.length > 0));
  }

  /** Nothing in it can be looked for. */
  get isEmpty(): boolean {
    return this.phrases.length === 0;
  }

  /** Terms that a text must have, each once. */
  get terms(): string[] {
    return unique(this.phrases.flatMap(({ terms, isOpen }) => (isOpen ? terms.slice(0, -1) : terms)));
  }

  /** What terms of a text must begin with, each once. */
  get beginnings(): string[] {
    return unique(this.phrases.filter(({ isOpen }) => isOpen).map(({ terms }) => terms.at(-1)!));
  }

  /** Where in a text it is found, in order and without overlaps; null where not all of it is there. */
  find(text: string): TextRange[] | null {
    const terms = termsOf(text);
    const found: TextRange[] = [];
    for (const phrase of this.phrases) {
      const places = placesOf(phrase, terms, text);
      if (places.length === 0) return null;
      found.push(...places);
    }
    return merged(found);
  }
}

function phraseOf(runs: Run[], isUnfinished = false): Phrase {
  const terms = runs.flatMap((run) => run.terms.map(({ text }) => text));
  const last = runs.at(-1);
  const isLetter = last?.isUnspaced === true && last.terms.length === 1;
  // The last letter alone is a term only where a stretch ends with it, which the looked for one need not.
  if (last?.isUnspaced && !isLetter) terms.pop();
  return { terms, isOpen: isLetter || (isUnfinished && !last?.isUnspaced), isLetter };
}

function placesOf({ terms: wanted, isOpen, isLetter }: Phrase, terms: Term[], text: string): TextRange[] {
  const end = wanted.length - 1;
  const isAt = (at: number) =>
    wanted.every((term, offset) => {
      const found = terms[at + offset]?.text;
      return isOpen && offset === end ? found?.startsWith(term) : found === term;
    });
  const places: TextRange[] = [];
  for (let at = 0; at + end < terms.length; at += 1) {
    if (!isAt(at)) continue;
    const last = terms[at + end]!;
    places.push({ start: terms[at]!.start, end: isLetter ? firstLetterEnd(text, last) : last.end });
  }
  return places;
}

function merged(ranges: TextRange[]): TextRange[] {
  const result: TextRange[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}

function unique(terms: string[]): string[] {
  return [...new Set(terms)];
}
