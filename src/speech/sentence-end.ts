/** The longest sentence, in code points; a longer one is cut where it hurts least. */
export const MAX_SENTENCE = 500;

const STOPS = /^[.!?…。！？｡]+/;
/** Stops after which Chinese and Japanese go on without a space. */
const FULL_WIDTH = /[。！？｡]/;
const ELLIPSIS = /^(?:…|[.…]{2,})$/;
const CLOSERS = /^["'”’»)\]）】」』〉》]*/;
const LETTERS_WITHOUT_SPACES = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const LOWER_CASE = /^\p{Ll}/u;

/** What a full stop belongs to: never the end of a sentence. */
const TITLES = new Set(
  'mr mrs ms mx dr prof st gen col capt lt sgt rev hon gov sen rep pres messrs e.g i.e vs cf viz approx ca al'.split(
    ' ',
  ),
);
/** A sentence may end with these: it does where the next word begins with a capital letter. */
const SHORT_WORDS = new Set(
  (
    'etc inc ltd co corp jr sr a.m p.m u.s u.k u.n e.u d.c ph.d m.d b.a m.a b.c a.d ave blvd rd ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun'
  ).split(' '),
);
/** These belong to the number that follows. */
const BEFORE_NUMBERS = new Set('no nos fig figs p pp vol ch sec art eq'.split(' '));

/**
 * Where the first sentence of a text ends, the white space behind it included.
 * Undefined where that is not certain yet, or where it has no end. White space is single spaces and newlines.
 */
export function endOfSentence(text: string, isEnd: boolean): number | undefined {
  let count = 0;
  for (let at = 0; at < text.length; count += 1) {
    const character = String.fromCodePoint(text.codePointAt(at)!);
    if (character === '\n') return at + 1;
    if (count === MAX_SENTENCE) return softCut(text.slice(0, at));
    const stops = STOPS.exec(text.slice(at, at + MAX_SENTENCE))?.[0];
    const end = stops === undefined ? false : endBehind(text, at, stops, isEnd);
    if (end !== false) return end;
    at += character.length;
  }
  return undefined;
}

/** Where a sentence ends with these stops; false where it goes on, undefined where that is not certain. */
function endBehind(text: string, at: number, stops: string, isEnd: boolean): number | false | undefined {
  const behind = at + stops.length;
  const closed = behind + CLOSERS.exec(text.slice(behind))![0].length;
  const rest = text.slice(closed);
  if (rest === '') return isEnd ? closed : undefined;
  if (FULL_WIDTH.test(stops) || /^ ?\n/.test(rest)) return closed;
  if (LETTERS_WITHOUT_SPACES.test(rest)) return ELLIPSIS.test(stops) ? false : closed;
  if (!rest.startsWith(' ')) return false;
  if (rest === ' ') return isEnd ? closed : undefined;
  return goesOn(text.slice(0, at), stops, rest.slice(1)) ? false : closed + 1;
}

function goesOn(before: string, stops: string, next: string): boolean {
  return LOWER_CASE.test(next) || (stops === '.' && isShortened(before, next));
}

/** Whether the full stop shortens the word before it, and the sentence goes on. */
function isShortened(before: string, next: string): boolean {
  const [word = ''] = /[\p{L}.]+$/u.exec(before) ?? [];
  const key = word.toLowerCase();
  if (TITLES.has(key)) return true;
  if (BEFORE_NUMBERS.has(key)) return /^\d/.test(next);
  if (SHORT_WORDS.has(key)) return !/^[\p{Lu}\p{Lo}"“‘'(]/u.test(next);
  // Initials; but one may well end with "I".
  return /^(?:\p{Lu}\.)*\p{Lu}$/u.test(word) && word !== 'I';
}

/** Where a text that is too long is cut: behind its last comma, or else its last space; not too near its beginning. */
function softCut(text: string): number {
  const atLeast = text.length / 3;
  for (const breaks of [/[，,;；:：、—]\s*(?=\S)/g, /\s+(?=\S)/g]) {
    const last = [...text.matchAll(breaks)].at(-1);
    const end = last ? last.index + last[0].length : 0;
    if (end >= atLeast) return end;
  }
  // No letter is parted from its accents.
  const bare = /\P{M}\p{M}*$/u.exec(text);
  return bare && bare[0].length > 1 && bare.index > 0 ? bare.index : text.length;
}
