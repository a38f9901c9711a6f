import './no-drawing.js';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getDocument, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { TextItem } from 'pdfjs-dist/types/src/display/api.js';
import { MAX_CHARACTERS, MAX_PAGES } from './passage-limits.js';
import type { PassageWriter } from './passage-writer.js';
import { ReadingError, type ReadingResult } from './reading.js';

/** Where pdf.js has the tables of Chinese, Japanese and Korean encodings, and the standard fonts. */
const FOLDER = join(dirname(fileURLToPath(import.meta.resolve('pdfjs-dist/legacy/build/pdf.mjs'))), '../..');

/** Nothing of the document is run, drawn, or fetched from anywhere. */
const OPTIONS = {
  isEvalSupported: false,
  enableXfa: false,
  disableFontFace: true,
  useSystemFonts: false,
  useWorkerFetch: false,
  isOffscreenCanvasSupported: false,
  isImageDecoderSupported: false,
  useWasm: false,
  stopAtErrors: false,
  cMapUrl: join(FOLDER, 'cmaps/'),
  cMapPacked: true,
  standardFontDataUrl: join(FOLDER, 'standard_fonts/'),
  verbosity: 0,
};

/** A gap between lines that is so many times as high as the text ends a paragraph. */
const PARAGRAPH_GAP = 1.9;

/** A PDF, page by page. Pages that are broken are left out, unless all are. */
export async function readPdf(bytes: Buffer, writer: PassageWriter): Promise<Partial<ReadingResult>> {
  const loading = getDocument({
    ...OPTIONS,
    data: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
  });
  const document = await loading.promise.catch((error: unknown) => {
    const isEncrypted = (error as Error).name === 'PasswordException';
    throw new ReadingError(isEncrypted ? 'file_encrypted' : 'file_unreadable', {
      cause: error,
    });
  });
  if (document.numPages > MAX_PAGES) throw new ReadingError('document_too_long');
  let broken = 0;
  for (let page = 1; page <= document.numPages; page += 1) {
    const text = await pageText(document, page);
    if (text === null) broken += 1;
    else await writer.add(text, { page });
  }
  if (broken === document.numPages) throw new ReadingError('file_unreadable');
  return { pages: document.numPages };
}

/** Null where the page cannot be read. */
async function pageText(document: PDFDocumentProxy, number: number): Promise<string | null> {
  const text = new PageText();
  try {
    const page = await document.getPage(number);
    const chunks = page.streamTextContent() as AsyncIterable<{ items: object[] }>;
    for await (const { items } of chunks) text.addAll(items.filter((item) => 'str' in item));
    page.cleanup();
  } catch (error) {
    if (error instanceof ReadingError) throw error;
    return null;
  }
  return text.whole();
}

/** Puts a page together from the pieces that stand on it. */
class PageText {
  private text = '';
  private line = '';
  private bottom: number | null = null;

  addAll(items: object[]): void {
    for (const item of items) this.add(item as TextItem);
  }

  whole(): string {
    this.endLine();
    return this.text;
  }

  private add({ str, hasEOL, transform, height }: TextItem): void {
    const y = Number(transform[5]);
    if (this.line === '' && this.bottom !== null && height > 0 && this.bottom - y > PARAGRAPH_GAP * height)
      this.text += '\n\n';
    this.line += str;
    if (this.text.length + this.line.length > MAX_CHARACTERS) throw new ReadingError('document_too_long');
    if (str.trim() !== '') this.bottom = y;
    if (hasEOL) this.endLine();
  }

  /** Lines of Chinese go on without a space. */
  private endLine(): void {
    const before = this.text.at(-1) ?? '\n';
    const joined = isWide(before) && isWide(this.line[0] ?? '');
    this.text += before === '\n' || joined ? this.line : `\n${this.line}`;
    this.line = '';
  }
}

function isWide(unit: string): boolean {
  return /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]/.test(unit);
}
