import { buffer } from 'node:stream/consumers';
import { OFFICE_DOCUMENTS, type ReadRange } from './ooxml.js';

/** What office programs put an encrypted document into: a compound file (MS-CFB), as old Word documents are. */
export const COMPOUND_FILE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
/** The stream that has the document then (MS-OFFCRYPTO 2.3.4), as a directory writes its name. */
const ENCRYPTED_PACKAGE = Buffer.from('EncryptedPackage', 'utf16le');

/** Places in the header: log2 of the size of a sector, and the first sector of the directory. */
const SECTOR_SHIFT_AT = 30;
const DIRECTORY_AT = 48;
const HEADER_BYTES = 52;
const SHIFTS = [9, 12];
/** The name stands among the first few entries of 128 bytes. */
const LOOKED_AT = 4_096;

/**
 * Of a compound file: the media type of the Word document or Excel workbook that is encrypted in it, of which only its
 * name tells which of both it is; null of any other. It is taken, so that its owner is told what is wrong with it.
 * @throws whatever `read` does
 */
export async function encryptedOoxmlMediaType(
  read: ReadRange,
  { head, size }: { head: Buffer; size: number },
  name: string,
): Promise<string | null> {
  if (head.length < HEADER_BYTES) return null;
  const shift = head.readUInt16LE(SECTOR_SHIFT_AT);
  // The header takes the place of a sector of its own.
  const start = (head.readUInt32LE(DIRECTORY_AT) + 1) * 2 ** shift;
  if (!SHIFTS.includes(shift) || start >= size) return null;
  const directory = await buffer(await read(start, Math.min(start + LOOKED_AT, size) - 1));
  if (!directory.includes(ENCRYPTED_PACKAGE)) return null;
  const [document, workbook] = OFFICE_DOCUMENTS;
  return /\.xlsx$/i.test(name) ? workbook : document;
}
