/** What ends a line, or a page, whatever program has written it. */
const BREAKS = /\r\n?|[\f\v\u0085\u2028\u2029]/g;
/** Marks of byte orders too. */
const CONTROLS = /(?![\n\t])[\p{Cc}\ufeff\ufffe\uffff]/gu;

/**
 * Text as it is kept: well-formed, with plain line ends, without control characters, trailing spaces, and more than
 * one empty line in succession.
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(BREAKS, '\n')
    .replace(CONTROLS, '')
    .replaceAll('\u00a0', ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');
}
