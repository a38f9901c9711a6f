import type { WhisperWord } from './whisper-engine.js';

/** What stands for bytes that are no character: an engine gave out part of one. */
const BROKEN = '\uFFFD';
/** Scripts that are written without spaces between words, and their punctuation. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u3000-\u303F\uFF00-\uFFEF]/u;
const SPOKEN = /[\p{L}\p{N}]/u;
/** Marks that open something belong to the word after them. */
const OPENING = /^\s*[\p{Ps}\p{Pi}¿¡]+$/u;

interface Draft {
  text: string;
  start: number;
  end: number;
  /** Of its tokens that are spoken; punctuation says nothing about how something was said. */
  probabilities: number[];
}

/**
 * Words out of an engine's tokens, which are pieces of words: ` o`, `'`, `clock`, `.`. A space begins a word; where
 * words are written without spaces each token is one; punctuation belongs to the word before it. A word is as probable
 * as its spoken tokens are on average.
 *
 * @param text what the tokens say together: a character whose bytes were given out in parts is taken from here
 */
export function wordsOfTokens(tokens: readonly WhisperWord[], text: string): WhisperWord[] {
  const drafts: Draft[] = [];
  for (const token of mended(tokens, text)) {
    const last = drafts.at(-1);
    if (last && continues(last.text, token.text)) append(last, token);
    else drafts.push(draftOf(token));
  }
  const words: Draft[] = [];
  for (const draft of drafts) {
    const last = words.at(-1);
    // A mark that stands alone, such as a dash between spaces.
    if (last && !SPOKEN.test(draft.text)) last.text += draft.text;
    else words.push(draft);
  }
  return words.map(wordOf).filter((word) => word.text.length > 0);
}

function draftOf({ text, start, end, probability }: WhisperWord): Draft {
  return { text, start, end, probabilities: spokenProbability(text, probability) };
}

function append(draft: Draft, { text, end, probability }: WhisperWord): void {
  draft.text += text;
  // Punctuation takes the time of the pause after the word.
  if (SPOKEN.test(text)) draft.end = Math.max(draft.end, end);
  draft.probabilities.push(...spokenProbability(text, probability));
}

function spokenProbability(text: string, probability: number | null): number[] {
  return SPOKEN.test(text) && probability !== null ? [probability] : [];
}

function wordOf({ text, start, end, probabilities }: Draft): WhisperWord {
  const sum = probabilities.reduce((total, one) => total + one, 0);
  return {
    text: text.trim(),
    start,
    end,
    probability: probabilities.length > 0 ? sum / probabilities.length : null,
  };
}

/** Whether a token goes on with the word that has been read so far. */
function continues(word: string, token: string): boolean {
  if (/^\s/.test(token)) return OPENING.test(word);
  if (!SPOKEN.test(word)) return true;
  if (OPENING.test(token)) return false;
  if (!SPOKEN.test(token)) return true;
  return !UNSPACED.test([...token][0]!) && !UNSPACED.test([...word].at(-1)!);
}

/**
 * Tokens without broken characters: those that share one are joined, and what they say is read off the text, between
 * the tokens on both sides.
 */
function mended(tokens: readonly WhisperWord[], text: string): WhisperWord[] {
  const whole: WhisperWord[] = [];
  let at = 0;
  for (let n = 0; n < tokens.length; n += 1) {
    const token = tokens[n]!;
    if (!token.text.includes(BROKEN)) {
      const found = text.indexOf(token.text, at);
      if (found >= 0) at = found + token.text.length;
      whole.push(token);
      continue;
    }
    const run = tokens.slice(n).findIndex((other) => !other.text.includes(BROKEN));
    const after = run < 0 ? tokens.length : n + run;
    const until = after < tokens.length ? text.indexOf(tokens[after]!.text, at) : text.length;
    const said = text.slice(at, Math.max(at, until)).replaceAll(BROKEN, '');
    if (said.length > 0) whole.push(joined(tokens.slice(n, after), said));
    at = Math.max(at, until);
    n = after - 1;
  }
  return whole;
}

function joined(tokens: readonly WhisperWord[], text: string): WhisperWord {
  const known = tokens.flatMap(({ probability }) => (probability === null ? [] : [probability]));
  return {
    text,
    start: tokens[0]!.start,
    end: Math.max(...tokens.map(({ end }) => end)),
    probability: known.length > 0 ? known.reduce((sum, one) => sum + one, 0) / known.length : null,
  };
}
