/** Letters that Unicode does not take apart, as people type them who have no such key. */
const LETTERS: Record<string, string> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i', ς: 'σ' },
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');

/**
 * Marks that words are found without: accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, variation
 * selectors. Marks that make another letter, as in Japanese, Thai or Devanagari, stay.
 */
const ACCENTS = new RegExp(
  `[${[
    '\\u0300-\\u036f',
    '\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7',
    '\\u064b-\\u065f\\u0670',
    '\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f',
    '\\p{Variation_Selector}',
  ].join('')}]`,
  'gu',
);
/** What a letter may come apart into that is none: the slash of `½`, blanks of ligatures, soft hyphens. */
const OTHERS = /[^\p{L}\p{N}\p{M}]/gu;
const ASCII_WORD = /^[0-9A-Za-z]*$/;

/**
 * A word as it is compared: without regard to case, accents, width (`Ａ`, `ｱ`) and form (`ﬁ`, `①`). Holds letters,
 * digits and marks only; may be empty.
 */
export function fold(word: string): string {
  if (ASCII_WORD.test(word)) return word.toLowerCase();
  return word
    .normalize('NFKD')
    .toLowerCase()
    .replace(ACCENTS, '')
    .normalize('NFC')
    .replace(OTHERS, '')
    .replace(LETTER, (letter) => LETTERS[letter]!);
}
