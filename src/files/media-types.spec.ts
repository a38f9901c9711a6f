import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { contentTypes, DOCX, PNG, XLSX, zipOf } from '../../test/support/uploads.js';
import { type ByteRange, type FileStorage, StorageUnavailableError } from './file-storage.js';
import { MediaTypes } from './media-types.js';

/** Gives a blob out in small pieces, and counts how often it was asked. */
function storageOf(bytes: Buffer) {
  const asked: (ByteRange | undefined)[] = [];
  const get = (_key: string, range?: ByteRange) => {
    asked.push(range);
    const part = range ? bytes.subarray(range.start, range.end + 1) : bytes;
    const pieces = [];
    for (let from = 0; from < part.length; from += 1_001) pieces.push(part.subarray(from, from + 1_001));
    return Promise.resolve(Readable.from(pieces));
  };
  return { storage: { get } as unknown as FileStorage, asked };
}

function find(bytes: Buffer | string, name = 'a'): Promise<string | null> {
  const all = Buffer.from(bytes as Buffer);
  const blob = { storageKey: 'k', size: all.length, sha256: '', head: all.subarray(0, 4_100) };
  return new MediaTypes(storageOf(all).storage).find(blob, name);
}

const GIF = Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1');
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), Buffer.from('JFIF\0\x01\x01')]);
const WEBP = Buffer.concat([Buffer.from('RIFF'), Buffer.from([26, 0, 0, 0]), Buffer.from('WEBPVP8L')]);
const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const CHINESE = '春眠不觉晓，处处闻啼鸟。';
/** The same in GB18030, and 「你好世界」 in Big5, as written down bytes. */
const GB = Buffer.from('b4bac3dfb2bbbef5cffea3acb4a6b4a6cec5cce4c4f1a1a3', 'hex');
const BIG5 = Buffer.from('a741a66ea540acc9a143', 'hex');

describe('the media type of a file', () => {
  it.each([
    ['PNG', PNG, 'image/png'],
    ['GIF', GIF, 'image/gif'],
    ['JPEG', JPEG, 'image/jpeg'],
    ['WebP', WEBP, 'image/webp'],
    ['PDF', Buffer.from('%PDF-1.7\n\xe2\xe3\n'), 'application/pdf'],
    ['words', 'Oolong is tea.', 'text/plain'],
    ['words in Chinese', CHINESE, 'text/plain'],
    ['words with a mark', `\ufeff${CHINESE}`, 'text/plain'],
    ['UTF-16 with a mark', utf16(`\ufeff${CHINESE}`), 'text/plain'],
    ['UTF-16, the other way', utf16(`\ufeff${CHINESE}`).swap16(), 'text/plain'],
    ['UTF-16 without a mark', utf16('Oolong is tea.'), 'text/plain'],
    ['UTF-16 without a mark, the other way', utf16('Oolong is tea.').swap16(), 'text/plain'],
    ['GB18030', GB, 'text/plain'],
    ['Big5', BIG5, 'text/plain'],
    ['a text that begins as a bitmap does', 'BM25 ranks documents.', 'text/plain'],
    ['a text that begins as a program does', 'MZ is how programs begin.', 'text/plain'],
    ['a page', '\n<!DOCTYPE html><p>Hi', 'text/html'],
    ['a long text', '茶'.repeat(100_000), 'text/plain'],
  ])('of %s', async (_what, bytes, type) => {
    expect(await find(bytes)).toBe(type);
  });

  it.each([
    ['a.md', 'text/markdown'],
    ['a.MARKDOWN', 'text/markdown'],
    ['a.csv', 'text/csv'],
    ['a.htm', 'text/html'],
    ['a.html.txt', 'text/plain'],
    ['a.log', 'text/plain'],
    ['a.pdf', 'text/plain'],
    ['a.png', 'text/plain'],
    ['a.constructor', 'text/plain'],
    ['csv', 'text/plain'],
  ])('of a text called %s is %s', async (name, type) => {
    expect(await find('a,b\n1,2\n', name)).toBe(type);
  });

  it.each([
    ['picture.md', PNG, 'image/png'],
    ['page.csv', '<!doctype html><p>', 'text/html'],
  ])('is the bytes’ and not the name’s: %s', async (name, bytes, type) => {
    expect(await find(bytes, name)).toBe(type);
  });

  it.each([
    ['zeros', Buffer.alloc(10_000)],
    ['noise', randomBytes(10_000)],
    ['a text with a zero in it', 'a\0b'],
    ['a text with a bell in it', 'a\x07b'],
    ['a text with noise behind it', Buffer.concat([Buffer.from('x'.repeat(9_000)), randomBytes(9_000)])],
    ['a text that is cut off in a character', Buffer.from('tea \xe8', 'latin1')],
    ['noise that says that it is UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), randomBytes(9_000)])],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['SVG behind a declaration', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['RTF', '{\\rtf1\\ansi Hello}'],
    ['PostScript', '%!PS-Adobe-3.0\nshowpage'],
    ['a program', Buffer.from('7f454c4602010100', 'hex')],
    ['sound', Buffer.from('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0')],
    ['a bitmap', Buffer.concat([Buffer.from('BM'), randomBytes(2_000)])],
    ['gzip', Buffer.from('1f8b080000000000', 'hex')],
    ['an old Word document', Buffer.from('d0cf11e0a1b11ae1'.padEnd(1_200, '0'), 'hex')],
  ])('is none of %s, whatever it is called', async (_what, bytes) => {
    for (const name of ['a.txt', 'a.md', 'a.pdf', 'a.svg', 'a.png'])
      expect(await find(bytes, name)).toBeNull();
  });
});

describe('the media type of a compound file', () => {
  /** A header, other sectors, and the directory's, whose second entry is called so. */
  function compoundFile(name: string, sector: number): Buffer {
    const file = Buffer.alloc(512 * (sector + 3));
    Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(file);
    file.writeUInt16LE(9, 30);
    file.writeUInt32LE(sector, 48);
    file.write('Root Entry', 512 * (sector + 1), 'utf16le');
    file.write(name, 512 * (sector + 1) + 128, 'utf16le');
    return file;
  }

  it.each([
    ['a.docx', 1, DOCX],
    ['a.XLSX', 40, XLSX],
    ['a', 40, DOCX],
  ])('with an encrypted document called %s is the document’s', async (name, sector, type) => {
    expect(await find(compoundFile('EncryptedPackage', sector), name)).toBe(type);
  });

  it.each([
    ['an old document', compoundFile('WordDocument', 1)],
    ['one that is cut off', compoundFile('EncryptedPackage', 40).subarray(0, 5_000)],
    ['a header', Buffer.from('d0cf11e0a1b11ae1', 'hex')],
    ['a strange header', Buffer.from('d0cf11e0a1b11ae1'.padEnd(1_200, 'f'), 'hex')],
  ])('is none of %s', async (_what, bytes) => {
    expect(await find(bytes, 'a.docx')).toBeNull();
  });
});

describe('the media type of a zip file', () => {
  const main = (type: string) => contentTypes(`${type}.main+xml`);

  it.each([
    ['a Word document', { '[Content_Types].xml': main(DOCX), 'word/document.xml': '<w/>' }, DOCX],
    ['one in another order', { 'word/document.xml': '<w/>', '[Content_Types].xml': main(DOCX) }, DOCX],
    ['a workbook', { '[Content_Types].xml': main(XLSX), 'xl/workbook.xml': '<x/>' }, XLSX],
    ['a large one', { 'word/media/a.png': randomBytes(2_000_000), '[Content_Types].xml': main(DOCX) }, DOCX],
    [
      'one at whose beginning it stands',
      { '[Content_Types].xml': main(DOCX), a: randomBytes(2_000_000) },
      DOCX,
    ],
  ])('of %s', async (_what, entries, type) => {
    expect(await find(await zipOf(entries as Record<string, string | Buffer>), 'a.zip')).toBe(type);
  });

  it.each([
    ['plain zip', { 'a.txt': 'Hello' }],
    ['a presentation', { '[Content_Types].xml': contentTypes('application/vnd.ms-powerpoint') }],
    [
      'a document with macros',
      { '[Content_Types].xml': contentTypes('application/vnd.ms-word.document.macroEnabled.main+xml') },
    ],
    ['names alone', { 'word/document.xml': '<w/>', 'xl/workbook.xml': '<x/>' }],
    ['a bomb', { '[Content_Types].xml': main(DOCX) + ' '.repeat(3_000_000) }],
    ['a program for Java', { 'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0' }],
  ])('is none of %s', async (_what, entries) => {
    expect(await find(await zipOf(entries as Record<string, string>), 'a.docx')).toBeNull();
  });

  it('is none of a broken one', async () => {
    const bytes = await zipOf({ '[Content_Types].xml': main(DOCX), 'word/document.xml': 'x'.repeat(9_000) });
    expect(await find(bytes.subarray(0, -30), 'a.docx')).toBeNull();
    expect(await find(bytes.subarray(0, 40), 'a.docx')).toBeNull();
    const lying = Buffer.from(bytes);
    lying.writeUInt32LE(0xffff_fff0, bytes.length - 6);
    expect(await find(lying, 'a.docx')).toBeNull();
  });

  it('is not looked for without end', async () => {
    const entries = Object.fromEntries(
      Array.from({ length: 9_000 }, (_, n) => [`${'x'.repeat(90)}${n}`, '']),
    );
    const bytes = await zipOf({ ...entries, '[Content_Types].xml': main(DOCX) });
    const { storage, asked } = storageOf(bytes);
    const blob = { storageKey: 'k', size: bytes.length, sha256: '', head: bytes.subarray(0, 4_100) };
    expect(await new MediaTypes(storage).find(blob, 'a.docx')).toBeNull();
    expect(asked.length).toBeLessThan(60);
  });

  it('is not known where the storage fails, at the first reading or a later one', async () => {
    const bytes = await zipOf({ '[Content_Types].xml': main(DOCX), a: randomBytes(2_000_000) });
    const blob = { storageKey: 'k', size: bytes.length, sha256: '', head: bytes.subarray(0, 4_100) };
    for (const working of [0, 1]) {
      const { storage, asked } = storageOf(bytes);
      const failing = {
        get: (key: string, range?: ByteRange) =>
          asked.length < working
            ? storage.get(key, range)
            : Promise.reject(new StorageUnavailableError({ code: 'EIO' })),
      } as unknown as FileStorage;
      await expect(new MediaTypes(failing).find(blob, 'a.docx')).rejects.toBeInstanceOf(
        StorageUnavailableError,
      );
    }
  });
});
