import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';

/** The media types of texts, by the endings of their names. */
const BY_ENDING: Record<string, string> = {
  md: 'text/markdown',
  markdown: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  htm: 'text/html',
};

/** What no text has: control characters beside white space and escape, and what Unicode gives no meaning. */
// oxlint-disable-next-line no-control-regex
const FOREIGN = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f\ufffe\uffff]/;

/** What a text in UTF-16 has twice as many of on the one side as there are characters on the other. */
const ZEROS_OF_UTF16 = 0.3;

/** Which kind of text a text is. */
export function textMediaType(head: Buffer, name: string): string | null {
  const beginning = head.toString('latin1').replace(/^(\xef\xbb\xbf)?\s*/, '');
  if (/^<svg[\s>]/i.test(beginning)) return null;
  if (/^<(!doctype html|html)[\s>]/i.test(beginning)) return 'text/html';
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return (Object.hasOwn(BY_ENDING, ending) && BY_ENDING[ending]) || 'text/plain';
}

/** Whether all of a blob is text in UTF-8, UTF-16, GB18030 or Big5. @param open reads it from its beginning */
export async function isText(open: () => Promise<Readable>, head: Buffer): Promise<boolean> {
  for (const encoding of encodingsOf(head)) if (await isReadable(await open(), encoding)) return true;
  return false;
}

/** A mark of the byte order decides; without one, UTF-16 shows by its zeros. */
function encodingsOf(head: Buffer): string[] {
  if (head[0] === 0xff && head[1] === 0xfe) return ['utf-16le'];
  if (head[0] === 0xfe && head[1] === 0xff) return ['utf-16be'];
  const zeros = [0, 0];
  for (const [place, byte] of head.entries()) if (byte === 0) zeros[place % 2]! += 1;
  const many = (head.length / 2) * ZEROS_OF_UTF16;
  if (zeros[1]! > many) return ['utf-16le'];
  if (zeros[0]! > many) return ['utf-16be'];
  return zeros[0]! + zeros[1]! > 0 ? [] : ['utf-8', 'gb18030', 'big5'];
}

async function isReadable(source: Readable, encoding: string): Promise<boolean> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of source) {
      const text = decodedBy(decoder, chunk as Buffer);
      if (text === null || FOREIGN.test(text)) return false;
    }
    return decodedBy(decoder) !== null;
  } finally {
    source.destroy();
  }
}

/** Null where it is not in this encoding. */
function decodedBy(decoder: TextDecoder, chunk?: Buffer): string | null {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    return null;
  }
}
