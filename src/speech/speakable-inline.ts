/** What was read off the beginning of a text: how many code units, and what is spoken for them. */
export interface Read {
  length: number;
  spoken: string;
}

/** Characters that may be more than themselves. An `h` may begin an address. */
const MARKS = new Set('\\`*_~[!<&hH\n');
/** What joins emoji, and makes emoji of other characters. */
const JOINERS = new Set(['\u200D', '\uFE0F', '\u20E3']);
const EMOJI =
  /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|[\u{E0020}-\u{E007F}])$/u;
/** Emoji by their name only. */
const SIGNS = /^[©®™‼⁉ℹ\u2194-\u21AA]$/;
const UNSPOKEN = /^[\p{Cc}\p{Cs}]$/u;
const PUNCTUATION = /^[!-/:-@[-`{-~]$/;
const WORD = /^[\p{L}\p{N}]$/u;
const SPACE = /^\s$/;

/** As far as one looks for the end of a link's text, of its target, and of a tag or an address. */
const MAX_TEXT = 500;
const MAX_TARGET = 2_048;
const MAX_TAG = 300;

const TAG = new RegExp(`^</?[a-zA-Z][^<>\\n]{0,${MAX_TAG}}>`);
const HALF_TAG = new RegExp(`^</?(?:[a-zA-Z][^<>\\n]{0,${MAX_TAG}})?$`);
const ENTITY = /^&(amp|lt|gt|quot|apos|nbsp|#39);/;
const HALF_ENTITY = /^&#?[a-z0-9]{0,5}$/;
const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  '#39': "'",
};
const ADDRESS = new RegExp(
  `^(https?://)[^\\s<>"'\`，。！？；：、…（）【】「」\\p{Script=Han}]{0,${MAX_TARGET}}`,
  'iu',
);
/** What ends a sentence rather than an address. */
const BEHIND_ADDRESS = /[.,;:!?)\]*_~]+$/;

/**
 * Reads one thing inside a line: a run of plain text, a mark, a link, a tag. Undefined where what follows decides.
 * @param before the character before it, as it was written
 */
export function readInline(rest: string, before: string, isEnd: boolean): Read | undefined {
  const plain = plainLength(rest);
  if (plain > 0) return { length: plain, spoken: rest.slice(0, plain) };
  switch (rest[0]) {
    case '[':
      return readBracket(rest, isEnd);
    case '<':
      return readTag(rest, isEnd);
    case '&':
      return readEntity(rest, isEnd);
    case 'h':
    case 'H':
      return readAddress(rest, before, isEnd);
    default:
      return readMark(rest, before, rest[1] ?? (isEnd ? '\n' : undefined));
  }
}

/** A text of one line, as it is spoken. */
export function spokenInline(text: string): string {
  let spoken = '';
  let before = ' ';
  for (let rest = text; rest !== '';) {
    const read = readInline(rest, before, true)!;
    spoken += read.spoken;
    before = [...rest.slice(0, read.length)].at(-1) ?? before;
    rest = rest.slice(read.length);
  }
  return spoken;
}

/** How much of a text stands for nothing but itself. */
function plainLength(text: string): number {
  let length = 0;
  for (const character of text) {
    const isSpecial = MARKS.has(character) || JOINERS.has(character) || UNSPOKEN.test(character);
    if (isSpecial || (EMOJI.test(character) && !SIGNS.test(character))) break;
    length += character.length;
  }
  return length;
}

/** What a mark is between these characters: its length, and what is spoken. */
const BETWEEN: Record<string, (before: string, next: string) => [number, string]> = {
  '\\': (_, next) => (PUNCTUATION.test(next) ? [2, next] : [1, '']),
  '*': (before, next) => [1, SPACE.test(before) && SPACE.test(next) ? '*' : ''],
  _: (before, next) => [1, WORD.test(before) && WORD.test(next) ? ' ' : ''],
  '~': (_, next) => (next === '~' ? [2, ''] : [1, '~']),
  // An image is a link behind this mark.
  '!': (_, next) => [1, next === '[' ? '' : '!'],
};

function readMark(rest: string, before: string, next: string | undefined): Read | undefined {
  const character = String.fromCodePoint(rest.codePointAt(0)!);
  const between = BETWEEN[character];
  if (between) {
    if (next === undefined) return undefined;
    const [length, spoken] = between(before, next);
    return { length, spoken };
  }
  const isJoiner = character === '`' || character === '\r' || JOINERS.has(character);
  return { length: character.length, spoken: character === '\n' ? '\n' : isJoiner ? '' : ' ' };
}

/** `[text](target)` and `[text][name]` are their text; `[1]`, `[^2]`, `[ ]` and `[x]` are nothing. */
function readBracket(rest: string, isEnd: boolean): Read | undefined {
  const end = closing(rest, 0, MAX_TEXT, isEnd);
  if (end === undefined) return undefined;
  if (end < 0) return { length: 1, spoken: '[' };
  const text = rest.slice(1, end);
  const next = rest[end + 1] ?? (isEnd ? '\n' : undefined);
  if (next === undefined) return undefined;
  const isNote = /^(?:[ xX]|\^?[\d,\s]+)$/.test(text);
  if (next === '(' || (next === '[' && !isNote)) {
    const target = closing(rest, end + 1, MAX_TARGET, isEnd);
    if (target === undefined) return undefined;
    if (target >= 0) return { length: target + 1, spoken: spokenInline(text) };
  }
  return isNote ? { length: end + 1, spoken: '' } : { length: 1, spoken: '[' };
}

/** Where the bracket at `from` is closed; -1 where it is not, within so many characters of its line. */
function closing(text: string, from: number, max: number, isEnd: boolean): number | undefined {
  const open = text[from]!;
  const close = open === '[' ? ']' : ')';
  let depth = 0;
  for (let at = from; at < text.length && at - from <= max && text[at] !== '\n'; at += 1) {
    if (text[at] === '\\' && text[at + 1] !== '\n') at += 1;
    else if (text[at] === open) depth += 1;
    else if (text[at] === close && --depth === 0) return at;
  }
  const isCutOff = !isEnd && text.length - from <= max && !text.includes('\n', from);
  return isCutOff ? undefined : -1;
}

function readTag(rest: string, isEnd: boolean): Read | undefined {
  const tag = TAG.exec(rest)?.[0];
  if (tag === undefined) return !isEnd && HALF_TAG.test(rest) ? undefined : { length: 1, spoken: '<' };
  const address = tag.slice(1, -1);
  if (/^https?:\/\//i.test(address)) return { length: tag.length, spoken: hostOf(address) };
  return { length: tag.length, spoken: /^<br\b/i.test(tag) ? '\n' : ' ' };
}

function readEntity(rest: string, isEnd: boolean): Read | undefined {
  const [entity, name] = ENTITY.exec(rest) ?? [];
  if (entity !== undefined) return { length: entity.length, spoken: ENTITIES[name!]! };
  return !isEnd && HALF_ENTITY.test(rest) ? undefined : { length: 1, spoken: '&' };
}

/** Of an address, only its host is read out. */
function readAddress(rest: string, before: string, isEnd: boolean): Read | undefined {
  const letter = { length: 1, spoken: rest[0]! };
  if (WORD.test(before) && !/\p{Lo}/u.test(before)) return letter;
  const [found, scheme] = ADDRESS.exec(rest) ?? [];
  if (found === undefined) {
    const isHalf = ['http://', 'https://'].some((scheme) => scheme.startsWith(rest.toLowerCase()));
    return !isEnd && isHalf ? undefined : letter;
  }
  if (!isEnd && found.length === rest.length && found.length - scheme!.length < MAX_TARGET) return undefined;
  const address = found.replace(BEHIND_ADDRESS, '');
  const host = hostOf(address);
  return host === '' ? letter : { length: address.length, spoken: host };
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).hostname.replace(/^www\./, '') : '';
}
