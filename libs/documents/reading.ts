/** What a file is read as. */
export const READING_FORMATS = ['pdf', 'docx', 'xlsx', 'csv', 'markdown', 'text', 'html', 'picture'] as const;
export type ReadingFormat = (typeof READING_FORMATS)[number];

/** Why a file could not be read. All but the last are the file's, and stay so however often it is read. */
export const READING_FAILURES = [
  'file_unreadable',
  'file_encrypted',
  'file_too_large_inside',
  'document_too_long',
  'no_text',
  'picture_too_large',
  'extraction_timeout',
  'extraction_memory',
  'extraction_crashed',
] as const;
export type ReadingFailure = (typeof READING_FAILURES)[number];

/** A file that cannot be read. Nothing of what is in it is in the error. */
export class ReadingError extends Error {
  constructor(
    readonly code: ReadingFailure,
    options?: ErrorOptions,
  ) {
    super(code, options);
    this.name = 'ReadingError';
  }
}

/** A piece of a document's text. */
export interface Passage {
  /** From 1; null where the document has no pages. */
  page: number | null;
  /** What its part of the document is called: a sheet, a heading. */
  label: string | null;
  text: string;
  /** Of the text, as the caller counts. */
  tokens: number;
}

/** What is known of a file when it has been read. */
export interface ReadingResult {
  /** Pages, or sheets, of a document that has such. */
  pages: number | null;
  /** Of a picture, as it is shown. */
  width: number | null;
  height: number | null;
}

export const NOTHING_KNOWN: ReadingResult = { pages: null, width: null, height: null };

/** Takes what is found in a file, while it is found; the reading goes on when its promise is fulfilled. */
export interface ReadingSink {
  /** At most `PASSAGES_AT_ONCE`. */
  passages(batch: Passage[]): Promise<void>;
  /** A picture, scaled down, as JPEG. */
  preview(jpeg: Buffer): Promise<void>;
}

/** Passages that are handed over together. */
export const PASSAGES_AT_ONCE = 100;
