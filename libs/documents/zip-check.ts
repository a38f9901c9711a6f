import { fromBufferPromise, type ZipFile } from 'yauzl';
import { ReadingError } from './reading.js';

/** Parts of an office document; one with a picture on every page has some thousands. */
const MAX_ENTRIES = 10_000;
/** Of what the parsers unpack: they have several times as much of it in memory. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/** Of all that is in it, pictures and films too. */
const MAX_BYTES = 2 * 1024 * 1024 * 1024;

/** The first bytes of what office programs encrypt: a container of another kind around the document. */
const CONTAINER = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/**
 * Looks at an office document before a parser does: what its directory says, and whether its texts are as long as that
 * says.
 * @throws ReadingError file_encrypted, file_too_large_inside, file_unreadable
 */
export async function checkZip(bytes: Buffer): Promise<void> {
  if (bytes.subarray(0, CONTAINER.length).equals(CONTAINER)) throw new ReadingError('file_encrypted');
  try {
    await checkEntries(await fromBufferPromise(bytes, { lazyEntries: true, validateEntrySizes: false }));
  } catch (error) {
    if (error instanceof ReadingError) throw error;
    throw new ReadingError('file_unreadable', { cause: error });
  }
}

async function checkEntries(zip: ZipFile): Promise<void> {
  let all = 0;
  let texts = 0;
  for await (const entry of zip.eachEntry()) {
    all += entry.uncompressedSize;
    const isText = /\.(xml|rels|vml)$/i.test(entry.fileName);
    if (isText) texts += entry.uncompressedSize;
    if (zip.entriesRead > MAX_ENTRIES || all > MAX_BYTES || texts > MAX_TEXT_BYTES)
      throw new ReadingError('file_too_large_inside');
    if (entry.isEncrypted()) throw new ReadingError('file_encrypted');
    if (isText) await checkLength(await zip.openReadStreamPromise(entry), entry.uncompressedSize);
  }
}

/** The parsers believe the directory. */
async function checkLength(unpacked: AsyncIterable<Buffer>, length: number): Promise<void> {
  let bytes = 0;
  for await (const chunk of unpacked) {
    bytes += chunk.length;
    if (bytes > length) throw new ReadingError('file_too_large_inside');
  }
  if (bytes < length) throw new ReadingError('file_unreadable');
}
