import type { FileKind, StoredFile } from '../stored-file.entity.js';

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

  /** @example '2026-11-21T08:30:00.000Z' */
  createdAt!: Date;

  static override from(file: StoredFile): FileDto {
    const { sha256, conversationId, createdAt } = file;
    return { ...super.from(file), sha256, conversationId, createdAt };
  }
}
