import type { Page } from '../../common/cursor-page.js';
import { currentLanguage } from '../../common/request-context.js';
import { extractionErrorText } from '../../common/stored-errors.js';
import type { ExtractionState, FileKind, StoredFile } from '../stored-file.entity.js';

/** A file, as it goes with a message. */
export class MessageFileDto {
  /** @example 17 */
  id!: number;

  /**
   * As its sender calls it, without a path.
   * @example 'hello.webm'
   */
  name!: string;

  /**
   * As its bytes say.
   * @example 'audio/webm'
   */
  mediaType!: string;

  /**
   * In bytes.
   * @example 48213
   */
  size!: number;

  /**
   * `recording`: what a user said. `clip`: what was spoken to him. `picture` and `document`: what he uploaded.
   * `export`: his own data.
   */
  kind!: FileKind;

  static from({ id, name, mediaType, size, kind }: StoredFile): MessageFileDto {
    return { id, name, mediaType, size, kind };
  }
}

/** Why a picture or a document could not be read. */
export class ExtractionErrorDto {
  /**
   * Stable code; see docs/errors.md.
   * @example 'file_unreadable'
   */
  code!: string;

  /** @example 'The file is broken, or not what it seems.' */
  message!: string;
}

/** How far the reading of a picture or a document is: its text, or the picture as models are shown it. */
export class ExtractionDto {
  /**
   * `queued` and `running` are on their way. Final are `done` and `failed` (see `error`).
   * @example 'done'
   */
  status!: ExtractionState;

  /**
   * Pages of a document that has pages, sheets of a workbook; null of others, and until they are counted.
   * @example 12
   */
  pages!: number | null;

  /** Why it could not be read; null otherwise. */
  error!: ExtractionErrorDto | null;

  static from({ extraction, extractionError, pages }: StoredFile): ExtractionDto | null {
    if (extraction === null) return null;
    const message = extractionError && extractionErrorText(extractionError, currentLanguage());
    return { status: extraction, pages, error: message ? { code: extractionError!, message } : null };
  }
}

/** A file, as its owner sees it. */
export class FileDto extends MessageFileDto {
  /**
   * SHA-256 of its bytes, in hexadecimal.
   * @example 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9'
   */
  sha256!: string;

  /**
   * The conversation that it is deleted with; null where it goes with none.
   * @example 7
   */
  conversationId!: number | null;

  /** How far its reading is; null where there is nothing to read in it. */
  extraction!: ExtractionDto | null;

  /**
   * Of a picture, in pixels, as it is shown; null of others, and until it is read.
   * @example 1024
   */
  width!: number | null;

  /** @example 768 */
  height!: number | null;

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  static override from(file: StoredFile): FileDto {
    const { sha256, conversationId, width, height, createdAt } = file;
    const extraction = ExtractionDto.from(file);
    return { ...super.from(file), sha256, conversationId, extraction, width, height, createdAt };
  }
}

/** What was uploaded at once. */
export class FileListDto {
  /** One for each file that was sent, in their order; one that its owner had already comes as he has it. */
  items!: FileDto[];

  static from(files: StoredFile[]): FileListDto {
    return { items: files.map((file) => FileDto.from(file)) };
  }
}

/** One page of files. */
export class FilePageDto {
  items!: FileDto[];

  /**
   * Position behind the last item, for `?cursor=`; null on the last page.
   * @example 'WzE3XQ'
   */
  nextCursor!: string | null;

  static fromPage({ items, nextCursor }: Page<StoredFile>): FilePageDto {
    return { items: items.map((file) => FileDto.from(file)), nextCursor };
  }
}
