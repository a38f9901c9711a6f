import type { TextRange } from './term-query.js';

/** A part of a text, with what was found in it. */
export interface Excerpt {
  text: string;
  /** Places within the excerpt's text. */
  ranges: TextRange[];
}

const BLANK = /\s/gu;
const ELLIPSIS = '…';
/** A cut may move by so much to fall between two words. */
const SLACK = 20;

/**
 * The part of a text around the first of the ranges that were found in it, of about `length` UTF-16 units. White space
 * becomes blanks; an ellipsis stands where something was cut off. No surrogate pair is cut apart.
 */
export function excerptOf(text: string, ranges: TextRange[], length: number): Excerpt {
  const hit = ranges[0] ?? { start: 0, end: 0 };
  const lead = Math.max(0, Math.floor((length - (hit.end - hit.start)) / 3));
  const latest = Math.max(0, Math.min(hit.start, text.length - length));
  const start = beginningAt(text, Math.max(0, Math.min(hit.start - lead, latest)), hit.start);
  const end = endAt(text, Math.min(text.length, start + length), Math.min(hit.end, start + length));
  const shift = start > 0 ? ELLIPSIS.length : 0;
  return {
    text: `${shift > 0 ? ELLIPSIS : ''}${text.slice(start, end).replace(BLANK, ' ')}${end < text.length ? ELLIPSIS : ''}`,
    ranges: ranges
      .filter((range) => range.end > start && range.start < end)
      .map((range) => ({
        start: Math.max(range.start, start) - start + shift,
        end: Math.min(range.end, end) - start + shift,
      })),
  };
}

/** The beginning of a word at or a little behind `at`, but not behind `limit`. */
function beginningAt(text: string, at: number, limit: number): number {
  if (at === 0) return 0;
  const blank = text.slice(at - 1, Math.min(at + SLACK, limit)).search(/\s/u);
  return blank >= 0 ? at + blank : isLow(text, at) ? at + 1 : at;
}

/** The end of a word at or a little before `at`, but not before `limit`. */
function endAt(text: string, at: number, limit: number): number {
  if (at >= text.length) return text.length;
  const from = Math.max(at - SLACK, limit);
  const rest = /\s\S*$/u.exec(text.slice(from, at + 1));
  return rest ? from + rest.index : isLow(text, at) ? at - 1 : at;
}

/** The second half of a surrogate pair. */
function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc_00 && unit <= 0xdf_ff;
}
