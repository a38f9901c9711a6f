import type { Readable } from 'node:stream';
import type { ProblemCode } from '../common/problem-catalog.js';

/** Bytes of a blob, counted from 0; `end` is the last one that is wanted. */
export interface ByteRange {
  start: number;
  end: number;
}

/** The storage cannot be used just now: full, out of reach, not ours to write to. Later may be better. */
export class StorageUnavailableError extends Error {
  constructor(cause: unknown) {
    super(`the file storage is unavailable: ${(cause as { code?: string }).code ?? 'error'}`, { cause });
    this.name = 'StorageUnavailableError';
  }
}

/** Nothing is stored under this key. */
export class BlobNotFoundError extends Error {
  constructor() {
    super('no such blob');
    this.name = 'BlobNotFoundError';
  }
}

/**
 * Keeps blobs: bytes under a key, written once and never changed. Who owns them and what they are called is not its
 * business, and no name of a user's reaches it: a key is 16 to 100 of the characters a-z and 0-9, made by chance; any
 * other is a mistake of the caller's and refused with a plain Error. Every method but `put`, `get` and
 * `list`, whose streams have no bound of their own, answers or fails in bounded time. What the storage itself cannot do is a
 * StorageUnavailableError; errors of a source or a signal come as they are.
 *
 * A blob is there whole or not at all, for every reader and after any crash: `put` returns when it outlasts a loss of
 * power. A `put` that failed, or whose process died, leaves nothing that can be read; what it may have left behind it
 * is gone after a `delete` of the key. There is one `put` of a key at a time.
 */
export abstract class FileStorage {
  /**
   * Stores what `source` gives, as it comes: memory does not grow with it. The source is read to its end or destroyed,
   * whatever happens.
   * @param signal ends it with the signal's reason, also while the source gives nothing
   * @throws StorageUnavailableError; the source's error; the signal's reason
   */
  abstract put(key: string, source: Readable, signal?: AbortSignal): Promise<void>;

  /**
   * The blob, or a part of it that lies within it; to be read or destroyed by the caller. It is there when this
   * returns, and can be read to its end although it is deleted meanwhile, or fails.
   * @throws BlobNotFoundError, StorageUnavailableError
   */
  abstract get(key: string, range?: ByteRange): Promise<Readable>;

  /** How many bytes the blob has; null where there is none. @throws StorageUnavailableError */
  abstract size(key: string): Promise<number | null>;

  /** Removes the blob and whatever a failed `put` left of it; that there is none is no error. @throws StorageUnavailableError */
  abstract delete(key: string): Promise<void>;

  /**
   * The keys of everything that is there: of blobs, and of what a `put` is writing or has left; some twice, and in no
   * order. What comes or goes meanwhile may be among them or not. @throws StorageUnavailableError
   */
  abstract list(): AsyncIterable<string>;
}

export function isKey(text: string): boolean {
  return /^[a-z0-9]{16,100}$/.test(text);
}

/** @throws Error where `key` is none: a path must not be made of it */
export function assertKey(key: string): void {
  if (!isKey(key)) throw new Error('not a key of the file storage');
}

/** What a caller is told of an error of the storage that nobody else has dealt with; undefined of any other error. */
export function classifyStorageFailure(error: unknown): ProblemCode | undefined {
  return error instanceof StorageUnavailableError ? 'storage_unavailable' : undefined;
}
