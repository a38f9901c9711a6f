import { chineseNumber, englishNumber } from './spoken-numbers.js';

/** One thing that is compared; several may come of one word: `don't` is `do` and `not`. */
export interface SpokenToken {
  key: string;
  /** Place of the word that it comes of. */
  word: number;
}

/** A text as a list of words, and what of them is compared. Chinese and Japanese count by characters. */
export interface SpokenText {
  words: string[];
  tokens: SpokenToken[];
}

const CHARACTER = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
const DIGITS = String.raw`\d+(?:[.,:]\d+)*(?:st|nd|rd|th|s)?`;
const NUMBER = `${DIGITS}(?!(?!${CHARACTER})[\\p{L}\\p{N}])`;
const LETTERS = String.raw`(?!${CHARACTER})[\p{L}\p{N}](?:(?!${CHARACTER})[\p{L}\p{M}\p{N}])*`;
const WORD = String.raw`${LETTERS}(?:['’](?!${CHARACTER})[\p{L}]+)*`;
const PIECE = new RegExp(`${CHARACTER}|${NUMBER}|[%&$€£¥]|${WORD}`, 'giu');
const IS_CHARACTER = new RegExp(`^${CHARACTER}$`, 'u');
const IS_NUMBER = new RegExp(`^${DIGITS}$`, 'u');

/** What is written in one way and said, or heard, in another. */
const SAID_AS: Record<string, string> = {
  ...{ "can't": 'can not', cannot: 'can not', "won't": 'will not', "shan't": 'shall not', "let's": 'let us' },
  ...{ "ain't": 'is not', gonna: 'going to', wanna: 'want to', gotta: 'got to', "y'all": 'you all' },
  ...{ '%': 'percent', '&': 'and', $: 'dollars', '€': 'euros', '£': 'pounds', '¥': 'yuan' },
  ...{ ok: 'okay', mr: 'mister', mrs: 'missus', dr: 'doctor', tv: 'television', 两: '二' },
};
/** Endings of contractions. `'s` and `'d` can be two words each; the commoner one is taken on both sides. */
const ENDINGS: [ending: RegExp, said: string][] = [
  [/n't$/, ' not'],
  [/'m$/, ' am'],
  [/'re$/, ' are'],
  [/'ve$/, ' have'],
  [/'ll$/, ' will'],
  [/'d$/, ' would'],
  [/^(it|he|she|that|what|there|here|who|where|how|when)'s$/, '$1 is'],
];

/** Cuts a text into words and makes of them what can be compared: without case, accents, marks or digits. */
export function spokenText(text: string): SpokenText {
  const words = [...text.normalize('NFKC').matchAll(PIECE)].map(([piece]) => piece);
  const isChinese = isMostlyCharacters(words);
  const tokens = words.flatMap((word, index) => keysOf(word, isChinese).map((key) => ({ key, word: index })));
  return { words, tokens: tokens.filter((token, index) => !isFiller(tokens, token, index)) };
}

/** Whether it counts as one by itself: a Chinese or Japanese character. */
export function isCharacter(word: string): boolean {
  return IS_CHARACTER.test(word);
}

/** Whether a text is counted in characters rather than in words. */
export function isMostlyCharacters(words: readonly string[]): boolean {
  return words.filter((word) => isCharacter(word)).length * 2 > words.length;
}

function keysOf(word: string, isChinese: boolean): string[] {
  const plain = word.toLowerCase().replaceAll('’', "'");
  if (/^[a-z]+$/.test(plain) && !Object.hasOwn(SAID_AS, plain)) return [plain];
  if (IS_NUMBER.test(plain)) return isChinese ? chineseNumber(plain) : englishNumber(plain);
  const known = Object.hasOwn(SAID_AS, plain) ? SAID_AS[plain]! : undefined;
  const said = known ?? ENDINGS.reduce((text, [ending, more]) => text.replace(ending, more), plain);
  return said.split(' ').map((part) => unaccented(part).replaceAll("'", ''));
}

function unaccented(word: string): string {
  return isCharacter(word)
    ? word
    : word
        .normalize('NFD')
        .replaceAll(/[\u0300-\u036f]/g, '')
        .normalize('NFC');
}

/** `a hundred and five` is `a hundred five`. */
function isFiller(tokens: SpokenToken[], { key }: SpokenToken, index: number): boolean {
  return key === 'and' && /^(hundred|thousand)$/.test(tokens[index - 1]?.key ?? '');
}
