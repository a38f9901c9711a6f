const ONES = [
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven'],
  ...['twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
];
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const SCALES = ['', 'thousand', 'million', 'billion'];
const ORDINALS: Record<string, string> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};
const HAN_DIGITS = [...'零一二三四五六七八九'];
const HAN_PLACES = ['', '十', '百', '千'];

/** Longer numbers are said digit by digit, as telephone numbers are. */
const MAX_DIGITS = 9;
const MAX_HAN_DIGITS = 4;

/** A number in digits as it is said in English: `25`, `1,000`, `3.5`, `2nd`, `10:30`, `1999` (as a year). */
export function englishNumber(digits: string): string[] {
  const [, number = '', suffix] = /^(.*?)(st|nd|rd|th|s)?$/.exec(digits)!;
  const [whole = '', fraction] = number.replaceAll(',', '').split('.');
  if (whole.includes(':')) return whole.split(':').flatMap((part) => (/^0+$/.test(part) ? [] : said(part)));
  const words = isYear(number) ? yearOf(Number(number)) : said(whole);
  if (fraction !== undefined) words.push('point', ...digitByDigit(fraction));
  if (suffix === 's') words.push(`${words.pop()!.replace(/y$/, 'ie')}s`);
  else if (suffix !== undefined) words.push(ordinal(words.pop()!));
  return words;
}

/** A whole number as it is said in Chinese, one character a place: `25` is 二十五. */
export function chineseNumber(digits: string): string[] {
  const plain = digits.replaceAll(/\D/g, '');
  if (plain.length > MAX_HAN_DIGITS || /^0\d/.test(plain))
    return [...plain].map((digit) => HAN_DIGITS[Number(digit)]!);
  const value = Number(plain);
  if (value < 10) return [HAN_DIGITS[value]!];
  const said = [...plain].flatMap((digit, index) => {
    const place = plain.length - 1 - index;
    if (digit !== '0') return [HAN_DIGITS[Number(digit)]!, HAN_PLACES[place]!];
    const isInner = /^0[1-9]/.test(plain.slice(index));
    return isInner ? ['零'] : [];
  });
  const characters = said.filter((character) => character !== '');
  return value < 20 ? characters.slice(1) : characters;
}

function said(digits: string): string[] {
  if (digits.length > MAX_DIGITS || /^0\d/.test(digits)) return digitByDigit(digits);
  const value = Number(digits);
  if (value === 0) return ['zero'];
  const words: string[] = [];
  for (let scale = Math.floor((digits.length - 1) / 3); scale >= 0; scale -= 1) {
    const part = Math.floor(value / 1000 ** scale) % 1000;
    if (part > 0) words.push(...hundreds(part), ...(scale > 0 ? [SCALES[scale]!] : []));
  }
  return words;
}

function hundreds(value: number): string[] {
  const words = value >= 100 ? [ONES[Math.floor(value / 100)]!, 'hundred'] : [];
  const rest = value % 100;
  if (rest >= 20) words.push(TENS[Math.floor(rest / 10)]!, ...(rest % 10 ? [ONES[rest % 10]!] : []));
  else if (rest > 0) words.push(ONES[rest]!);
  return words;
}

function digitByDigit(digits: string): string[] {
  return [...digits].map((digit) => ONES[Number(digit)]!);
}

/** Four digits without a comma are mostly a year. */
function isYear(number: string): boolean {
  return /^(1[1-9]|20)(\d[1-9]|[1-9]0)$/.test(number) && !number.startsWith('200');
}

function yearOf(year: number): string[] {
  const rest = year % 100;
  return [...hundreds(Math.floor(year / 100)), ...(rest < 10 ? ['oh'] : []), ...hundreds(rest)];
}

function ordinal(word: string): string {
  return ORDINALS[word] ?? `${word.replace(/y$/, 'ie')}th`;
}
