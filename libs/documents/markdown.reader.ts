import type { PassageWriter } from './passage-writer.js';

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}#{1,6}[ \t]+(\S.*)$/;

/** A Markdown text, by its headings; what looks like one within a code block is none. */
export async function readMarkdown(text: string, writer: PassageWriter): Promise<void> {
  let label: string | null = null;
  let lines: string[] = [];
  let fence: string | null = null;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const mark = FENCE.exec(line)?.[1];
    if (mark !== undefined && (fence === null || mark.startsWith(fence)))
      fence = fence === null ? mark : null;
    const heading = fence === null ? HEADING.exec(line)?.[1] : undefined;
    if (heading !== undefined) {
      await writer.add(lines.join('\n'), { label });
      [label, lines] = [heading.replace(/[ \t]+#+[ \t]*$/, ''), []];
    }
    lines.push(line);
  }
  await writer.add(lines.join('\n'), { label });
}
