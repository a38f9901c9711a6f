import { analyse } from 'chardet';
import { MAX_CHARACTERS } from './passage-limits.js';
import { ReadingError } from './reading.js';

/** What is looked at to tell encodings without a mark apart. */
const SAMPLE_BYTES = 65_536;

/** Four bytes are the most that a character takes; a document with more of them is too long in any encoding. */
const MAX_BYTES = 4 * MAX_CHARACTERS;

/** chardet's names of what a TextDecoder can read, and that documents are written in. */
const DECODERS: Record<string, string> = {
  GB18030: 'gb18030',
  Big5: 'big5',
  'EUC-JP': 'euc-jp',
  Shift_JIS: 'shift_jis',
  'EUC-KR': 'euc-kr',
  'ISO-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
};

/** Control characters, but for those that texts have, and what could not be read. */
const FOREIGN = /(?![\n\r\t\f\v\u0085])[\p{Cc}\ufffd]/gu;

/** More characters than this share that no text has mean that it is none. */
const MAX_FOREIGN_SHARE = 0.02;

/**
 * The text in these bytes: UTF-8, UTF-16 with and without its mark, GB18030, Big5 and what else chardet knows.
 * @param markup how much longer than its text such a document may be
 * @throws ReadingError document_too_long; file_unreadable where it is no text
 */
export function decodeText(bytes: Buffer, markup = 1): string {
  if (bytes.length > MAX_BYTES * markup) throw new ReadingError('document_too_long');
  const text = decodeMarked(bytes) ?? decodeStrictly(bytes, 'utf-8') ?? decodeGuessed(bytes);
  if (text === undefined || foreignShare(text) > MAX_FOREIGN_SHARE) throw new ReadingError('file_unreadable');
  return text;
}

function decodeMarked(bytes: Buffer): string | undefined {
  if (bytes.length < 2) return undefined;
  const mark = bytes.readUInt16BE();
  if (mark === 0xfffe) return new TextDecoder('utf-16le').decode(bytes);
  if (mark === 0xfeff) return new TextDecoder('utf-16be').decode(bytes);
  const order = zeroesOf(bytes);
  return order && new TextDecoder(order).decode(bytes);
}

/** UTF-16 without a mark shows in the zero bytes of its spaces and digits. */
function zeroesOf(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const zeroes = [0, 0];
  for (let offset = 0; offset < sample.length; offset += 1)
    if (sample[offset] === 0) zeroes[offset % 2]! += 1;
  const [even, odd] = zeroes as [number, number];
  if (even + odd < sample.length / 50 || bytes.length % 2 === 1) return undefined;
  if (odd > 20 * even) return 'utf-16le';
  return even > 20 * odd ? 'utf-16be' : undefined;
}

function decodeStrictly(bytes: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The likeliest encoding in which all of it can be read; the likeliest one where there is none. */
function decodeGuessed(bytes: Buffer): string | undefined {
  const guesses = analyse(bytes.subarray(0, SAMPLE_BYTES)).flatMap(({ name }) => DECODERS[name] ?? []);
  for (const guess of guesses) {
    const text = decodeStrictly(bytes, guess);
    if (text !== undefined) return text;
  }
  return guesses[0] && new TextDecoder(guesses[0]).decode(bytes);
}

/** In the beginning of it. */
function foreignShare(text: string): number {
  const sample = text.slice(0, SAMPLE_BYTES);
  const foreign = sample.match(FOREIGN)?.length ?? 0;
  return sample.length === 0 ? 0 : foreign / sample.length;
}
