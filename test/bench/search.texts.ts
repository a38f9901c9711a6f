/** Texts for the search, the same in each run: words and characters come as often as in what people write. */

const WORDS = 20_000;
/** Chinese words of two characters. */
const CHINESE_WORDS = 5_000;
const SYLLABLES = [
  'ba',
  'co',
  'di',
  'fe',
  'gu',
  'ha',
  'jo',
  'ki',
  'le',
  'mu',
  'no',
  'pa',
  'ri',
  'so',
  'tu',
  've',
];
/** Every third conversation is Chinese. */
const CHINESE = 3;

/** Numbers from 0 to 1, by Mulberry32. */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** By Zipf's law: the n-th of them comes 1/n as often as the first one. */
  rank(count: number): number {
    return Math.floor(Math.exp(this.next() * Math.log(count + 1))) - 1;
  }
}

/** The n-th most frequent word. */
export function word(rank: number): string {
  let [text, rest] = ['', rank + 16];
  for (; rest > 0; rest = Math.floor(rest / 16)) text += SYLLABLES[rest % 16];
  return text;
}

/** The n-th most frequent Chinese word, of two characters. */
export function chineseWord(rank: number): string {
  return String.fromCodePoint(0x4e_00 + ((rank * 37) % 1_999), 0x55_00 + ((rank * 101) % 2_003));
}

/** A message: what users say is shorter than what is answered. */
export function message(chance: Chance, conversation: number, isAnswer: boolean): string {
  const isChinese = conversation % CHINESE === 0;
  const count = isAnswer ? chance.between(20, 80) : chance.between(3, 20);
  const words = Array.from({ length: count }, () =>
    isChinese ? chineseWord(chance.rank(CHINESE_WORDS)) : word(chance.rank(WORDS)),
  );
  return isChinese ? words.map((one, at) => (at % 5 === 4 ? `${one}，` : one)).join('') : words.join(' ');
}

/** What is searched for, by the kind of question. */
export const QUERIES: Record<string, string> = {
  'common word': word(0),
  'middling word': word(150),
  'rare word': word(15_000),
  'two common words': `${word(2)} ${word(1)}`,
  'common and rare word': `${word(0)} ${word(9_000)}`,
  'beginning of a word': `${word(300).slice(0, 5)}`,
  'common Chinese word': chineseWord(3),
  'rare Chinese word': chineseWord(3_000),
  'Chinese phrase': `${chineseWord(0)}${chineseWord(1)}`,
  'quoted phrase': `"${word(0)} ${word(1)}"`,
  'single character': chineseWord(10).slice(0, 1),
  'no hit': 'xylophone',
};
