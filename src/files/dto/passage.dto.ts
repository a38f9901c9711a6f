import type { FilePassage } from '../file-passage.entity.js';

/** A piece of a document's text. */
export class PassageDto {
  /**
   * Its place in the document, from 1.
   * @example 1
   */
  seq!: number;

  /**
   * The page that it stands on; null where the document has no pages.
   * @example 137
   */
  page!: number | null;

  /**
   * What its part of the document is called: a heading, a sheet.
   * @example 'Results'
   */
  label!: string | null;

  /** @example 'The river is 27 metres deep.' */
  text!: string;

  /**
   * Of the text, as models count.
   * @example 8
   */
  tokens!: number;

  static from({ seq, page, label, text, tokens }: FilePassage): PassageDto {
    return { seq, page, label, text, tokens };
  }
}

/** A page of a document's text, in its order. */
export class PassagePageDto {
  items!: PassageDto[];

  /** For the next page; null on the last one. */
  nextCursor!: string | null;
}
