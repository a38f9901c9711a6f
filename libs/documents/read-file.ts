import { decodeText } from './text-decoding.js';
import { PassageWriter } from './passage-writer.js';
import {
  NOTHING_KNOWN,
  ReadingError,
  type ReadingFormat,
  type ReadingResult,
  type ReadingSink,
} from './reading.js';

/** How much longer than its text a page or a table may be. */
const MARKUP = 3;

/** What reads a format; each is loaded when it is needed, since most of them are large. */
type Read = (bytes: Buffer, writer: PassageWriter) => Promise<Partial<ReadingResult> | void>;

const READERS: Record<Exclude<ReadingFormat, 'picture'>, () => Promise<Read>> = {
  pdf: async () => (await import('./pdf.reader.js')).readPdf,
  docx: async () => (await import('./docx.reader.js')).readDocx,
  xlsx: async () => (await import('./xlsx.reader.js')).readXlsx,
  csv: async () => {
    const { readCsv } = await import('./csv.reader.js');
    return (bytes, writer) => readCsv(decodeText(bytes, MARKUP), writer);
  },
  markdown: async () => {
    const { readMarkdown } = await import('./markdown.reader.js');
    return (bytes, writer) => readMarkdown(decodeText(bytes), writer);
  },
  html: async () => {
    const { readHtml } = await import('./html.reader.js');
    return (bytes, writer) => readHtml(decodeText(bytes, MARKUP), writer);
  },
  text: () => Promise.resolve((bytes, writer) => writer.add(decodeText(bytes))),
};

/**
 * Reads one file, in this very process: for the child process of `DocumentReader`, since files may be made to break
 * whoever reads them.
 * @throws ReadingError, and whatever else a reader may throw, which means `file_unreadable`
 */
export async function readFile(
  bytes: Buffer,
  format: ReadingFormat,
  sink: ReadingSink,
  countTokens: (text: string) => number,
): Promise<ReadingResult> {
  try {
    if (format === 'picture') {
      const { readPicture } = await import('./picture.reader.js');
      return { ...NOTHING_KNOWN, ...(await readPicture(bytes, sink)) };
    }
    const read = await READERS[format]();
    const writer = new PassageWriter(sink, countTokens);
    const known = await read(bytes, writer);
    await writer.close();
    return { ...NOTHING_KNOWN, ...known };
  } catch (error) {
    if (error instanceof ReadingError) throw error;
    throw new ReadingError('file_unreadable', { cause: error });
  }
}
