import { Injectable } from '@nestjs/common';
import { fileTypeFromBuffer } from 'file-type';
import { COMPOUND_FILE, encryptedOoxmlMediaType } from './encrypted-ooxml.js';
import { FileStorage } from './file-storage.js';
import type { ReceivedBlob } from './files.service.js';
import { ooxmlMediaType } from './ooxml.js';
import { isText, textMediaType } from './text-types.js';

export const PICTURES: readonly string[] = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];
const ALIASES: Record<string, string> = { 'image/apng': 'image/png' };
const PDF = 'application/pdf';

/** What begins like text and is none of those that are taken: XML (SVG too), RTF, PostScript. */
const MARKED = /^(application|image)\/(.*\+)?(xml|rtf|postscript|eps)$/;
const ZIP = Buffer.from('PK\x03\x04');

/** What files are, as their bytes say; never as their senders do. */
@Injectable()
export class MediaTypes {
  constructor(private readonly storage: FileStorage) {}

  /**
   * The media type of a picture or a document; null of whatever else.
   * @param name says only which kind of text a text is, and what an encrypted document was
   * @throws StorageUnavailableError
   */
  async find({ head, storageKey, size }: ReceivedBlob, name: string): Promise<string | null> {
    const read = (start: number, end: number) => this.storage.get(storageKey, { start, end });
    if (head.subarray(0, ZIP.length).equals(ZIP)) return ooxmlMediaType(read, size);
    if (head.subarray(0, COMPOUND_FILE.length).equals(COMPOUND_FILE))
      return encryptedOoxmlMediaType(read, { head, size }, name);
    const found = await markedType(head);
    if (PICTURES.includes(found) || found === PDF) return found;
    if (MARKED.test(found)) return null;
    // Marks of two letters are no more than a guess where all of it is text.
    return (await isText(() => this.storage.get(storageKey), head)) ? textMediaType(head, name) : null;
  }
}

async function markedType(head: Buffer): Promise<string> {
  const mime = (await fileTypeFromBuffer(head))?.mime.split(';')[0] ?? '';
  return ALIASES[mime] ?? mime;
}
