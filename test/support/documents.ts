import { ZipArchive } from 'archiver';
import { buffer } from 'node:stream/consumers';
import PDFDocument from 'pdfkit';

const OFFICE = 'application/vnd.openxmlformats-officedocument';
export const DOCX = `${OFFICE}.wordprocessingml.document`;
export const XLSX = `${OFFICE}.spreadsheetml.sheet`;

/** A PDF with one text a page. @param options pdfkit's, such as `userPassword` */
export async function pdfOf(pages: string[], options: PDFKit.PDFDocumentOptions = {}): Promise<Buffer> {
  const document = new PDFDocument({ autoFirstPage: false, ...options });
  const bytes = buffer(document);
  for (const text of pages) document.addPage().fontSize(11).text(text);
  document.end();
  return bytes;
}

/** Characters that a line of a Chinese page has room for: what stands beyond the page's edge is not read. */
const LINE = /.{1,40}/gu;

/**
 * A PDF with one text a page as Chinese programs write it: no font is embedded, and a character is a number of the
 * encoding that the name of a CMap says.
 */
export function chinesePdf(...pages: string[]): Buffer {
  const shared = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${pages.map((_, index) => `${pageNumber(index)} 0 R`).join(' ')}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>',
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 5 0 R ' +
      '/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>',
    '<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 ' +
      '/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>',
  ];
  return pdfOfObjects([...shared, ...pages.flatMap(chinesePage)]);
}

/** A page and what stands on it, behind the five objects that all pages share. */
function chinesePage(text: string, index: number): string[] {
  const lines = text.match(LINE) ?? [];
  const codes = lines.map((line) => `<${Buffer.from(line, 'utf16le').swap16().toString('hex')}> Tj T*`);
  const content = `BT /F1 12 Tf 16 TL 50 780 Td ${codes.join(' ')} ET`;
  return [
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${pageNumber(index) + 1} 0 R ` +
      '/Resources << /Font << /F1 3 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
  ];
}

function pageNumber(index: number): number {
  return 6 + 2 * index;
}

/** A PDF of these objects, numbered from 1; the first one is the catalogue. */
export function pdfOfObjects(objects: string[]): Buffer {
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = text.length;
  const lines = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${lines}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

export async function zipOf(entries: Record<string, string | Buffer>): Promise<Buffer> {
  const archive = new ZipArchive();
  for (const [name, content] of Object.entries(entries)) archive.append(content, { name });
  const [bytes] = await Promise.all([buffer(archive), archive.finalize()]);
  return bytes;
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const CONTENT_TYPES = 'http://schemas.openxmlformats.org/package/2006/content-types';
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const OFFICE_RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

function types(parts: [path: string, type: string][]): string {
  const overrides = parts.map(([path, type]) => `<Override PartName="${path}" ContentType="${type}+xml"/>`);
  return (
    `${XML}<Types xmlns="${CONTENT_TYPES}"><Default Extension="rels" ` +
    `ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${overrides.join('')}</Types>`
  );
}

function relations(targets: [type: string, target: string][]): string {
  const lines = targets.map(
    ([type, target], index) =>
      `<Relationship Id="rId${index + 1}" Type="${OFFICE_RELATIONS}/${type}" Target="${target}"/>`,
  );
  return `${XML}<Relationships xmlns="${RELATIONSHIPS}">${lines.join('')}</Relationships>`;
}

/** A Word document with this in its body. */
export function docxOf(body: string, others: Record<string, string | Buffer> = {}): Promise<Buffer> {
  const ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
  return zipOf({
    '[Content_Types].xml': types([['/word/document.xml', `${DOCX}.main`]]),
    '_rels/.rels': relations([['officeDocument', 'word/document.xml']]),
    'word/document.xml': `${XML}<w:document ${ns}><w:body>${body}</w:body></w:document>`,
    ...others,
  });
}

/** A paragraph of a Word document. @param style such as `Heading1` */
export function wordParagraph(text: string, style = 'Normal'): string {
  return `<w:p><w:pPr><w:pStyle w:val="${style}"/></w:pPr><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
}

/** A workbook; cells are texts or numbers. */
export function xlsxOf(
  sheets: Record<string, (string | number)[][]>,
  others: Record<string, string | Buffer> = {},
): Promise<Buffer> {
  const ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  const names = Object.keys(sheets);
  const list = names
    .map((name, n) => `<sheet name="${name}" sheetId="${n + 1}" r:id="rId${n + 1}"/>`)
    .join('');
  const parts = Object.values(sheets).map((rows, n) => [
    `xl/worksheets/sheet${n + 1}.xml`,
    `${XML}<worksheet ${ns}><sheetData>${rows.map(sheetRow).join('')}</sheetData></worksheet>`,
  ]);
  return zipOf({
    '[Content_Types].xml': types([['/xl/workbook.xml', `${XLSX}.main`]]),
    '_rels/.rels': relations([['officeDocument', 'xl/workbook.xml']]),
    'xl/workbook.xml': `${XML}<workbook ${ns} xmlns:r="${OFFICE_RELATIONS}"><sheets>${list}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations(
      names.map((_, n) => ['worksheet', `worksheets/sheet${n + 1}.xml`]),
    ),
    ...Object.fromEntries(parts),
    ...others,
  });
}

function sheetRow(cells: (string | number)[], index: number): string {
  const values = cells.map((cell, column) => {
    const at = `${String.fromCharCode(65 + column)}${index + 1}`;
    return typeof cell === 'number'
      ? `<c r="${at}"><v>${cell}</v></c>`
      : `<c r="${at}" t="inlineStr"><is><t>${cell}</t></is></c>`;
  });
  return `<row r="${index + 1}">${values.join('')}</row>`;
}
