/** Characters, as people see them, of a title that is made of what was said first. */
const GRAPHEMES = 40;
/** UTF-16 units that a title may have; the column counts code points, which are never more. */
export const TITLE_LENGTH = 500;
/** No title needs more of a message than this to find its first graphemes. */
const LOOK_AT = 4_000;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A title from the beginning of a text: its first graphemes, white space folded, an ellipsis where more follows. */
export function titleOf(content: string, graphemes = GRAPHEMES): string {
  const text = content.slice(0, LOOK_AT).replace(/\s+/gu, ' ').trim();
  let title = '';
  let count = 0;
  for (const { segment } of segmenter.segment(text)) {
    // A grapheme can be endless (combining marks upon marks); the column is not.
    if (count === graphemes || title.length + segment.length >= TITLE_LENGTH) return `${title.trimEnd()}…`;
    title += segment;
    count += 1;
  }
  return title;
}
