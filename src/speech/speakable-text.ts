import { type Read, readInline, spokenInline } from './speakable-inline.js';

/** Longer lines are no tables, and no fences. */
const MAX_LINE = 4_000;

const RULE = /^([-*_=])(?:[ \t]*\1){2,}[ \t]*$/;
/** What may still become a rule, a bullet, a fence, or a number. */
const UNDECIDED = /^(?:[-*_=+\t ]*|#{1,6}|\d{1,3}[.)]?|`{1,2}|~{1,2})$/;
const MARKER = /^(?:#{1,6}[ \t]+|[-*+][ \t]+|\d{1,3}[.)][ \t]+|>)/;
const FENCE = /^(?:`{3,}(?=[^`]*$)|~{3,})/;
const SEPARATORS = /^[|\s:-]+$/;

/**
 * Turns Markdown into what one would read out of it: code blocks, the targets of links, marks of emphasis, headings,
 * lists and tables, tags and emoji are gone. Text goes in in pieces of any size and comes out as soon as nothing that
 * may follow could change it: what comes out in all does not depend on the pieces.
 */
export class SpeakableText {
  /** What has come and is not decided. */
  private rest = '';
  private isLineStart = true;
  /** The fence that ends the code in which we are. */
  private fence: string | undefined;
  /** The character that was read last, as it was written. */
  private before = '\n';

  /** What can be spoken of what has come. */
  push(text: string): string {
    const all = this.rest + text;
    // Half of a character says nothing.
    const half = /[\uD800-\uDBFF]$/.test(all) ? all.slice(-1) : '';
    this.rest = half === '' ? all : all.slice(0, -1);
    const spoken = this.run(false);
    this.rest += half;
    return spoken;
  }

  /** What is left, now that nothing follows. */
  end(): string {
    return this.run(true);
  }

  private run(isEnd: boolean): string {
    let spoken = '';
    while (this.rest !== '') {
      const read = this.read(isEnd);
      if (read === undefined) break;
      spoken += read.spoken;
      this.before = [...this.rest.slice(0, read.length)].at(-1) ?? this.before;
      this.rest = this.rest.slice(read.length);
      if (read.length > 0 && this.before === '\n') this.isLineStart = true;
    }
    return spoken;
  }

  private read(isEnd: boolean): Read | undefined {
    const newline = this.rest.indexOf('\n');
    const isWhole = newline >= 0 || isEnd;
    const line = newline < 0 ? this.rest : this.rest.slice(0, newline);
    const length = newline < 0 ? line.length : newline + 1;
    if (this.fence !== undefined) return isWhole ? this.readCode(line, length, this.fence) : undefined;
    if (!this.isLineStart) return readInline(this.rest, this.before, isEnd);
    return this.readStart(line, isWhole ? length : undefined);
  }

  /** @param whole the length of the whole line, where it is there */
  private readStart(line: string, whole: number | undefined): Read | undefined {
    const indent = line.length - line.trimStart().length;
    const text = line.slice(indent).replace(/\r$/, '');
    const needsLine = line.length <= MAX_LINE && /^(?:\||`{3}|~{3})/.test(text);
    if (whole === undefined && (needsLine || UNDECIDED.test(text))) return undefined;
    if (whole !== undefined && (text === '' || RULE.test(text))) return { length: whole, spoken: '\n' };
    if (needsLine && text.startsWith('|')) return { length: whole!, spoken: rowOf(text) };
    this.fence = needsLine ? FENCE.exec(text)?.[0] : undefined;
    if (this.fence !== undefined) return { length: whole!, spoken: '\n' };
    const marker = MARKER.exec(text)?.[0].length;
    if (marker !== undefined) return { length: indent + marker, spoken: '' };
    this.isLineStart = false;
    return { length: indent, spoken: '' };
  }

  private readCode(line: string, length: number, fence: string): Read {
    const text = line.trim();
    if (text.startsWith(fence) && text.replaceAll(fence[0]!, '') === '') this.fence = undefined;
    return { length, spoken: '' };
  }
}

/** The cells of a row, one after the other; a row of separators says nothing. */
function rowOf(line: string): string {
  if (SEPARATORS.test(line)) return '\n';
  const cells = line.split(/(?<!\\)\|/).map((cell) => spokenInline(cell.trim()).trim());
  return `${cells.filter((cell) => cell !== '').join(', ')}\n`;
}
