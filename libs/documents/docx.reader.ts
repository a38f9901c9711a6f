import mammoth from 'mammoth';
import { readHtml } from './html.reader.js';
import type { PassageWriter } from './passage-writer.js';
import { ReadingError } from './reading.js';
import { checkZip } from './zip-check.js';

/** A Word document: its text, tables, notes and headings. */
export async function readDocx(buffer: Buffer, writer: PassageWriter): Promise<void> {
  await checkZip(buffer);
  // Pictures are not unpacked.
  const convertImage = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
  const html = await mammoth
    .convertToHtml({ buffer }, { convertImage, externalFileAccess: false })
    .catch((error: unknown) => {
      throw new ReadingError('file_unreadable', { cause: error });
    });
  await readHtml(html.value, writer);
}
