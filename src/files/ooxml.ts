import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

/** Bytes of a file from `start` to `end`, both with them. */
export type ReadRange = (start: number, end: number) => Promise<Readable>;

/** The part that says of what type the others are. */
const CONTENT_TYPES = '[Content_Types].xml';
const MAX_TYPES_BYTES = 1024 * 1024;

/** As much of a file's end is read at once: the list of its entries, in all but the strangest. */
const TAIL_BYTES = 512 * 1024;
/** What else has to be read of a file before its type is known; one that is made to be read for ever is none. */
const MAX_READS = 50;

const OFFICE = 'application/vnd.openxmlformats-officedocument';
/** A Word document, and an Excel workbook: what the type of the main part makes of the whole. With macros it is another. */
export const OFFICE_DOCUMENTS = [
  `${OFFICE}.wordprocessingml.document`,
  `${OFFICE}.spreadsheetml.sheet`,
] as const;

/**
 * Of a zip file: the media type of a Word document or an Excel workbook; null of any other, and of one that is broken.
 * @throws whatever `read` does
 */
export async function ooxmlMediaType(read: ReadRange, size: number): Promise<string | null> {
  const tail = await buffer(await read(Math.max(0, size - TAIL_BYTES), size - 1));
  const reader = new RangeReader(read, tail, size);
  const types = await typesOf(reader, size).catch(() => null);
  // What cannot be read just now is no broken file.
  if (reader.failure !== undefined) throw reader.failure as Error;
  return OFFICE_DOCUMENTS.find((type) => types?.includes(`"${type}.main+xml"`)) ?? null;
}

async function typesOf(reader: RangeReader, size: number): Promise<string | null> {
  const zip = await yauzl.fromRandomAccessReaderPromise(reader, size, {
    lazyEntries: true,
    autoClose: false,
  });
  try {
    const entry = await findEntry(zip);
    if (!entry || entry.uncompressedSize > MAX_TYPES_BYTES) return null;
    return (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8');
  } finally {
    zip.close();
  }
}

async function findEntry(zip: ZipFile): Promise<Entry | null> {
  for await (const entry of zip.eachEntry()) if (entry.fileName === CONTENT_TYPES) return entry;
  return null;
}

/** Gives the end of a file from memory, and the rest of it from where it is. */
class RangeReader extends yauzl.RandomAccessReader {
  /** Of the storage. */
  failure: unknown;
  private reads = 0;

  constructor(
    private readonly readRange: ReadRange,
    private readonly tail: Buffer,
    private readonly size: number,
  ) {
    super();
  }

  override read(
    into: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null) => void,
  ): void {
    const from = position - (this.size - this.tail.length);
    if (from < 0) return super.read(into, offset, length, position, done);
    this.tail.copy(into, offset, from, from + length);
    setImmediate(done, null);
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const through = new PassThrough();
    this.reads += 1;
    if (this.reads > MAX_READS) return through.destroy(new Error('too many reads'));
    this.readRange(start, end - 1).then(
      (source) => source.on('error', (error) => this.fail(through, error)).pipe(through),
      (error: Error) => this.fail(through, error),
    );
    return through;
  }

  private fail(through: PassThrough, error: Error): void {
    this.failure = error;
    through.destroy(error);
  }
}
