/** Longer texts are cut before anybody looks at them. */
const MAX_LENGTH = 2_000;

/** What is not seen: control characters, and those that turn text around or hide it; the joiners of emoji and scripts stay. */
const UNSEEN = /(?![\u200C\u200D])[\p{Cc}\p{Cf}]/gu;

const EMPHASIS = /(?<!\w)(\*\*|~~)(?=\S)(.{1,500}?)(?<=\S)\1(?!\w)/gu;

const QUOTES: Record<string, string> = {
  ...{ '"': '"', "'": "'", '“': '”', '”': '”', '„': '“', '‘': '’', '«': '»', '‹': '›' },
  ...{ '「': '」', '『': '』', '《': '》', '〈': '〉', '`': '`', '*': '*', _: '_' },
};

/** What a model wrote, as it can stand on one line of a page: without Markdown, quotation marks around it, and what is not seen. */
export function plainLine(text: string): string {
  const line = text
    .slice(0, MAX_LENGTH)
    .toWellFormed()
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(UNSEEN, '')
    .replaceAll(EMPHASIS, '$2')
    .replaceAll(/`([^`]{1,200})`/g, '$1')
    .replace(/^(?:\s*(?:#{1,6}|>)\s+)+/u, '')
    .trim();
  return withoutQuotes(line);
}

/** Those that stand around all of it, and not around its first and last word. */
function withoutQuotes(line: string): string {
  const closing = QUOTES[line.charAt(0)];
  const inner = line.slice(1, -1);
  if (line.length < 2 || closing === undefined || !line.endsWith(closing)) return line;
  if (inner.includes(line.charAt(0)) || inner.includes(closing)) return line;
  return withoutQuotes(inner.trim());
}
