import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { ReadingFormat } from '../../libs/documents/reading.ts';
import { docxOf, pdfOf, pdfOfObjects, wordParagraph, xlsxOf, zipOf } from './documents.ts';

/** A file that is made to break whoever reads it. */
export interface HostileFile {
  what: string;
  format: ReadingFormat;
  bytes: Buffer;
  /** What reading it must end in; `done` where it is harmless. */
  ends: string;
}

const MEBIBYTE = 2 ** 20;

/** Takes its reader longer than anybody waits: it has more open tags than a parser looks through. */
export const ENDLESS: HostileFile = {
  ...{ what: 'HTML of 2,000,000 open tags', format: 'html', ends: 'extraction_timeout' },
  bytes: Buffer.from(`${'<b><i a=1'.repeat(1_000_000)}x`),
};

/** All of them; they are made anew, which takes some seconds. */
export async function hostileFiles(): Promise<HostileFile[]> {
  return [...(await officeFiles()), ...(await pdfFiles()), ...textFiles(), ...(await pictures())];
}

async function officeFiles(): Promise<HostileFile[]> {
  const bomb = await docxOf(wordParagraph(' '.repeat(80 * MEBIBYTE)));
  const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(
    '',
  );
  const doctype = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">${laughs}]>`;
  const w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
  const laughing = `${doctype}<w:document ${w}><w:body>${wordParagraph('&l9;')}</w:body></w:document>`;
  const deep = `${'<w:sdt><w:sdtContent>'.repeat(100_000)}${wordParagraph('x')}${'</w:sdtContent></w:sdt>'.repeat(100_000)}`;
  const parts = Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`word/media/${n}`, '']));
  const cells = `<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>`;
  return [
    { what: 'docx of 80 MB in 370 kB', format: 'docx', bytes: bomb, ends: 'file_too_large_inside' },
    { what: 'docx that lies about it', format: 'docx', bytes: lyingZip(bomb), ends: 'file_too_large_inside' },
    {
      what: 'docx of 10,001 parts',
      format: 'docx',
      bytes: await docxOf('', parts),
      ends: 'file_too_large_inside',
    },
    {
      what: 'docx of a billion laughs',
      format: 'docx',
      bytes: await docxOf('', { 'word/document.xml': laughing }),
      ends: 'file_unreadable',
    },
    { what: 'docx nested 100,000 deep', format: 'docx', bytes: await docxOf(deep), ends: 'file_unreadable' },
    {
      what: 'xlsx with a cell at the far end',
      format: 'xlsx',
      bytes: await farCell(cells),
      ends: 'extraction_memory',
    },
    {
      what: 'encrypted docx',
      format: 'docx',
      bytes: Buffer.from('d0cf11e0a1b11ae1' + '00'.repeat(600), 'hex'),
      ends: 'file_encrypted',
    },
    {
      what: 'zip that is no document',
      format: 'docx',
      bytes: await zipOf({ 'a.txt': 'a' }),
      ends: 'file_unreadable',
    },
  ];
}

/** The directory of the zip says that its largest entry has a thousand bytes. */
function lyingZip(zip: Buffer): Buffer {
  const lying = Buffer.from(zip);
  const entry = Buffer.from('PK\x01\x02', 'latin1');
  for (let at = lying.indexOf(entry); at !== -1; at = lying.indexOf(entry, at + 4))
    if (lying.readUInt32LE(at + 24) > MEBIBYTE) lying.writeUInt32LE(1_000, at + 24);
  return lying;
}

async function farCell(rows: string): Promise<Buffer> {
  const ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  const sheet = `<worksheet ${ns}><dimension ref="A1:XFD1048576"/><sheetData>${rows}</sheetData></worksheet>`;
  return xlsxOf({ Sheet: [] }, { 'xl/worksheets/sheet1.xml': sheet });
}

const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';
const PAGES = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>';
const pageWith = (resources: string) =>
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << ${resources} >> >>`;
const streamOf = (content: string, dictionary = '') =>
  `<< ${dictionary} /Length ${content.length} >>\nstream\n${content}\nendstream`;
const packed = (content: string) =>
  deflateSync(Buffer.from(content, 'latin1'), { level: 9 }).toString('latin1');

async function pdfFiles(): Promise<HostileFile[]> {
  const whole = await pdfOf(Array.from({ length: 20 }, (_, n) => `Page ${n + 1} has a text of its own.`));
  const loop = [CATALOG, '<< /Type /Pages /Kids [2 0 R] /Count 1000000 >>'];
  const form = '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>';
  const itself = [
    CATALOG,
    PAGES,
    pageWith('/XObject << /X 5 0 R >>'),
    streamOf('/X Do'),
    streamOf('/X Do /X Do', form),
  ];
  const nested = [CATALOG, PAGES, pageWith(''), streamOf(`${'['.repeat(200_000)}${']'.repeat(200_000)} TJ`)];
  const operators = packed('BT (a) Tj ET '.repeat((300 * MEBIBYTE) / 13));
  const bomb = [CATALOG, PAGES, pageWith(''), streamOf(operators, '/Filter /FlateDecode')];
  const many = [
    CATALOG,
    `<< /Type /Pages /Kids [${'3 0 R '.repeat(2_001)}] /Count 2001 >>`,
    pageWith(''),
    streamOf(''),
  ];
  const pdf = (what: string, bytes: Buffer, ends: string): HostileFile => ({
    what,
    format: 'pdf',
    bytes,
    ends,
  });
  return [
    pdf('PDF of nothing', Buffer.from('%PDF-1.7\n'), 'file_unreadable'),
    pdf(
      'PDF of chance',
      Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(MEBIBYTE, 'q7 0 obj<<')]),
      'file_unreadable',
    ),
    pdf('PDF cut in the middle', whole.subarray(0, whole.length / 2), 'file_unreadable'),
    pdf('encrypted PDF', await pdfOf(['x'], { userPassword: 'y' }), 'file_encrypted'),
    pdf('PDF whose pages are their own parents', pdfOfObjects(loop), 'file_unreadable'),
    pdf('PDF with a form that draws itself', pdfOfObjects(itself), 'no_text'),
    pdf('PDF nested 200,000 deep', pdfOfObjects(nested), 'no_text'),
    pdf('PDF of 300 MB in 600 kB', pdfOfObjects(bomb), 'extraction_memory'),
    pdf('PDF of 2,001 pages', pdfOfObjects(many), 'document_too_long'),
    pdf('PNG that is called PDF', Buffer.from('89504e470d0a1a0a', 'hex'), 'file_unreadable'),
  ];
}

function textFiles(): HostileFile[] {
  const file = (what: string, format: ReadingFormat, text: string | Buffer, ends: string): HostileFile => ({
    ...{ what, format, bytes: Buffer.from(text as string), ends },
  });
  return [
    file('CSV of 1,000,000 columns', 'csv', `${'a,'.repeat(1_000_000)}b\n`, 'done'),
    file('CSV that never closes its quote', 'csv', `a,"b\n${'c,d\n'.repeat(500_000)}`, 'done'),
    file(
      'HTML nested 100,000 deep',
      'html',
      `${'<div>'.repeat(100_000)}Deep${'</div>'.repeat(100_000)}`,
      'done',
    ),
    file('text of 4 MB without a space', 'text', 'a'.repeat(4 * MEBIBYTE), 'done'),
    file('text of 6 MB', 'text', 'a b. '.repeat(1_200_000), 'document_too_long'),
    file('Markdown of 100,000 headings', 'markdown', '# a\n'.repeat(100_000), 'done'),
    file(
      'bytes that are no text',
      'text',
      Buffer.from(Array.from({ length: 9_999 }, (_, n) => (n * n) % 256)),
      'file_unreadable',
    ),
    file('empty text', 'text', '', 'no_text'),
  ];
}

async function pictures(): Promise<HostileFile[]> {
  const blank = (side: number) =>
    sharp({
      create: { width: side, height: side, channels: 4, background: '#00f8' },
      limitInputPixels: false,
    });
  const png = await blank(300).png().toBuffer();
  const frames = Buffer.alloc(200 * 200 * 3 * 500);
  // Frames that are alike would be one.
  for (let n = 0; n < 500; n += 1) frames.fill(n % 251, n * 120_000, (n + 1) * 120_000);
  const raw = { width: 200, height: 200 * 500, channels: 3 as const, pageHeight: 200 };
  const picture = (what: string, bytes: Buffer, ends: string): HostileFile => ({
    what,
    format: 'picture',
    bytes,
    ends,
  });
  return [
    picture('PNG that says 50,000 x 50,000', giantPng(50_000), 'picture_too_large'),
    picture('PNG of 12,000 x 12,000', await blank(12_000).png().toBuffer(), 'picture_too_large'),
    picture(
      'interlaced PNG of 7,000 x 7,000',
      await blank(7_000).png({ progressive: true }).toBuffer(),
      'done',
    ),
    picture('PNG cut in the middle', png.subarray(0, png.length / 2), 'file_unreadable'),
    picture('GIF of 500 frames', await sharp(frames, { raw }).gif().toBuffer(), 'done'),
    picture(
      'SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'file_unreadable',
    ),
  ];
}

/** A header, and hardly anything behind it. */
function giantPng(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const pixels = deflateSync(Buffer.alloc(1_000_000));
  return Buffer.concat([
    ...[Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header)],
    ...[chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))],
  ]);
}
