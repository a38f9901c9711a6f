import { Parser } from 'htmlparser2';
import type { PassageWriter } from './passage-writer.js';

/** What is in these is no text of the page. */
const UNREAD = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'svg',
  'math',
  'iframe',
  'object',
  'title',
]);
const HEADINGS = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
const BLOCKS = new Set(
  (
    'address article aside blockquote body caption dd details dialog div dl dt fieldset figcaption figure footer form ' +
    'header hr html legend li main nav ol p pre section summary table tbody tfoot thead tr ul h1 h2 h3 h4 h5 h6'
  ).split(' '),
);
/** After these comes an empty line. */
const PARAGRAPHS = new Set([
  'p',
  'pre',
  'table',
  'ul',
  'ol',
  'blockquote',
  'section',
  'article',
  ...HEADINGS,
]);

/**
 * A page's text, by its headings. The parser tells of tags one after the other and nothing here calls itself: tags that
 * lie in one another a hundred thousand deep are as good as any.
 */
export async function readHtml(html: string, writer: PassageWriter): Promise<void> {
  const text = new HtmlText();
  const parser = new Parser(text.handler(), { decodeEntities: true, lowerCaseTags: true });
  for (let offset = 0; offset < html.length; offset += CHUNK) {
    parser.write(html.slice(offset, offset + CHUNK));
    for (const part of text.take()) await writer.add(part.text, part);
  }
  parser.end();
  for (const part of text.takeAll()) await writer.add(part.text, part);
}

const CHUNK = 65_536;

interface Part {
  label: string | null;
  text: string;
}

/** Puts together what the parser tells. */
class HtmlText {
  private parts: Part[] = [];
  private pieces: string[] = [];
  private label: string | null = null;
  /** The text of the heading that is being read. */
  private heading: string[] | null = null;
  private unread = 0;
  private preformatted = 0;

  handler(): ConstructorParameters<typeof Parser>[0] {
    return {
      onopentagname: (name) => this.open(name),
      onclosetag: (name) => this.close(name),
      ontext: (text) => this.text(text),
    };
  }

  /** The parts that are complete. */
  take(): Part[] {
    const { parts } = this;
    this.parts = [];
    return parts;
  }

  takeAll(): Part[] {
    this.endPart();
    return this.take();
  }

  private open(name: string): void {
    if (UNREAD.has(name)) this.unread += 1;
    if (this.unread > 0) return;
    if (HEADINGS.has(name)) {
      this.endPart();
      this.heading = [];
    }
    if (name === 'pre') this.preformatted += 1;
    if (name === 'br' || BLOCKS.has(name)) this.pieces.push('\n');
    if (name === 'li') this.pieces.push('- ');
    if (name === 'td' || name === 'th') this.pieces.push('\t');
  }

  private close(name: string): void {
    if (UNREAD.has(name)) {
      this.unread = Math.max(0, this.unread - 1);
      return;
    }
    if (this.unread > 0) return;
    if (HEADINGS.has(name) && this.heading !== null) {
      this.label = this.heading.join('');
      this.heading = null;
    }
    if (name === 'pre') this.preformatted = Math.max(0, this.preformatted - 1);
    if (BLOCKS.has(name)) this.pieces.push(PARAGRAPHS.has(name) ? '\n\n' : '\n');
  }

  private text(given: string): void {
    if (this.unread > 0) return;
    const text = this.preformatted > 0 ? given : given.replace(/[ \t\r\n]+/g, ' ');
    this.heading?.push(text);
    this.pieces.push(text);
  }

  private endPart(): void {
    const text = this.pieces.join('').replace(/ *\n[ \n]*/g, breakOf);
    if (text.trim() !== '') this.parts.push({ label: this.label, text });
    this.pieces = [];
  }
}

/** Breaks that meet are one: an empty line where one of them is. */
function breakOf(run: string): string {
  return run.split('\n').length > 2 ? '\n\n' : '\n';
}
