import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { randomBytes } from 'node:crypto';
import { pipeline, type Readable } from 'node:stream';
import { type EntityManager, LessThan, type Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../common/cursor-page.js';
import { AppError } from '../common/errors.js';
import { execute, insertRow, marks, storedAs } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { BlobMeter } from './blob-meter.js';
import { BlobRemoval } from './blob-removal.entity.js';
import { BlobRemovals, UNKEPT_MS } from './blob-removals.js';
import type { FilesQueryDto } from './dto/files-query.dto.js';
import { cleanFileName } from './file-name.js';
import { BlobNotFoundError, type ByteRange, FileStorage, StorageUnavailableError } from './file-storage.js';
import { type FileKind, StoredFile, UPLOAD_KINDS } from './stored-file.entity.js';

/** How long a source may take: what comes later could meet the removal of its own blob. */
const RECEIVE_MS = UNKEPT_MS / 2;

/** What a file is to be, beyond its bytes. */
export interface NewFile {
  kind: FileKind;
  /** As the user calls it; cleaned here. */
  name: string;
  /** As the bytes say. */
  mediaType: string;
  /** The conversation that it is deleted with. */
  conversationId?: number | null;
}

/** Bytes that are stored, and nobody's yet: they go within the hour unless they are kept. */
export interface ReceivedBlob {
  storageKey: string;
  size: number;
  /** In hexadecimal. */
  sha256: string;
  /** The first 4,100 bytes. */
  head: Buffer;
}

/** Which files are meant; always of one owner. */
export type FileChoice = { ids: number[] } | { conversationId: number };

/** A new row knows nothing yet: each column is named, so that the object says what the row says. */
const UNREAD = {
  contentKey: null,
  extraction: null,
  extractionError: null,
  extractionAttempt: 0,
  extractionDueAt: null,
  pages: null,
  width: null,
  height: null,
  previewKey: null,
} satisfies Partial<StoredFile>;

/** Files of their owners. A file's row and its blob come and go together, whatever ends in between (ADR 23). */
@Injectable()
export class FilesService {
  private readonly logger = new Logger('FilesService');

  constructor(
    @InjectRepository(StoredFile) private readonly files: Repository<StoredFile>,
    private readonly storage: FileStorage,
    private readonly removals: BlobRemovals,
  ) {}

  /**
   * Stores what `source` gives, as it comes: memory does not grow with it. The source is read to its end or destroyed;
   * where this throws, nothing is left.
   * @throws AppError file_too_large, file_empty; StorageUnavailableError; the source's own error
   */
  async receive(source: Readable, maxBytes: number): Promise<ReceivedBlob> {
    const storageKey = randomBytes(16).toString('hex');
    const meter = new BlobMeter(maxBytes);
    pipeline(source, meter, () => undefined);
    try {
      await this.removals.announce(storageKey);
      await this.storage.put(storageKey, meter, AbortSignal.timeout(RECEIVE_MS));
    } catch (error) {
      meter.destroy();
      await this.abandon(storageKey);
      throw error;
    }
    return { storageKey, size: meter.size, sha256: meter.sha256(), head: meter.head };
  }

  /**
   * In the caller's transaction: makes the row of a received blob, which is then its owner's. A picture or a document
   * waits to be read; its owner has none of the same bytes yet, or the row's insertion fails.
   * @throws StorageUnavailableError where the blob was not kept in time
   */
  async keep(
    manager: EntityManager,
    ownerId: number,
    { storageKey, size, sha256 }: ReceivedBlob,
    { kind, name, mediaType, conversationId = null }: NewFile,
  ): Promise<StoredFile> {
    if (!(await this.removals.keep(manager, storageKey)))
      throw new StorageUnavailableError({ code: 'KEPT_TOO_LATE' });
    const createdAt = new Date();
    const isUpload = UPLOAD_KINDS.some((one) => one === kind);
    const file = Object.assign(new StoredFile(), {
      ...{ ownerId, conversationId, kind, name: cleanFileName(name), mediaType },
      ...{ size, sha256, storageKey, createdAt },
      ...UNREAD,
      ...(isUpload && { contentKey: sha256, extraction: 'queued', extractionDueAt: createdAt }),
    });
    file.id = await insertRow(manager, StoredFile, file);
    return file;
  }

  /** A received blob that is not kept goes at once; one that was kept stays. Never throws. */
  drop({ storageKey }: ReceivedBlob): Promise<void> {
    return this.abandon(storageKey);
  }

  /** @throws AppError not_found */
  async findOwned(ownerId: number, id: number): Promise<StoredFile> {
    const file = await this.files.findOneBy({ id, ownerId });
    if (!file) throw new AppError('not_found');
    return file;
  }

  /** Newest first; of no kind: what was uploaded for its own sake. */
  async list(ownerId: number, { limit, cursor, kind }: FilesQueryDto): Promise<Page<StoredFile>> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    // One query for each kind, so that each follows the index to the newest rows and no further.
    const newestOf = (one: FileKind): Promise<StoredFile[]> =>
      this.files.find({
        where: { ownerId, kind: one, ...(before !== undefined && { id: LessThan(before) }) },
        order: { id: 'DESC' },
        take: limit + 1,
      });
    const found = await Promise.all((kind ? [kind] : UPLOAD_KINDS).map(newestOf));
    const rows = found.flat().sort((a, b) => b.id - a.id);
    return pageOf(rows.slice(0, limit + 1), limit, ({ id }) => [id]);
  }

  /** Deletes a file, whatever carries it or was made of it. @throws AppError not_found */
  async delete(ownerId: number, id: number): Promise<void> {
    await inTransaction(this.files.manager.dataSource, async (manager) => {
      if (!(await manager.existsBy(StoredFile, { id, ownerId }))) throw new AppError('not_found');
      await this.discard(manager, ownerId, { ids: [id] });
    });
  }

  /**
   * The file's bytes, or a part that lies within them; to be read or destroyed by the caller.
   * @throws AppError not_found where it was deleted meanwhile; StorageUnavailableError
   */
  async open(file: StoredFile, range?: ByteRange): Promise<Readable> {
    try {
      return await this.storage.get(file.storageKey, range);
    } catch (error) {
      if (!(error instanceof BlobNotFoundError)) throw error;
      await this.findOwned(file.ownerId, file.id);
      this.logger.error(`the blob of file ${file.id} is lost`);
      throw new AppError('internal_error', { cause: error });
    }
  }

  /**
   * In the caller's transaction: the rows go now, the blobs soon after. What is not there is no error. Whoever discards
   * a conversation's files has deleted its row before, so that none can come in between.
   */
  async discard(manager: EntityManager, ownerId: number, choice: FileChoice): Promise<void> {
    if ('conversationId' in choice)
      await this.discardWhere(manager, ownerId, 'AND conversation_id = ?', [choice.conversationId]);
    else if (choice.ids.length > 0)
      await this.discardWhere(manager, ownerId, `AND id IN (${marks(choice.ids)})`, choice.ids);
  }

  /** In the caller's transaction, which holds the owner's row: as `discard`, of everything that is his. */
  discardAll(manager: EntityManager, ownerId: number): Promise<void> {
    return this.discardWhere(manager, ownerId, '', []);
  }

  private async discardWhere(
    manager: EntityManager,
    ownerId: number,
    condition: string,
    values: unknown[],
  ): Promise<void> {
    const tail = `FROM stored_files WHERE owner_id = ? ${condition}`;
    const now = storedAs(manager, BlobRemoval, 'dueAt', new Date());
    const select = (column: string) => `SELECT ${column}, ?, 0 ${tail}`;
    const { affected } = await execute(
      manager,
      `INSERT INTO blob_removals (storage_key, due_at, attempts) ` +
        `${select('storage_key')} UNION ALL ${select('preview_key')} AND preview_key IS NOT NULL`,
      [now, ownerId, ...values, now, ownerId, ...values],
    );
    if (affected > 0) await execute(manager, `DELETE ${tail}`, [ownerId, ...values]);
  }

  /** Where it cannot be removed now, it is when its time has come. */
  private async abandon(storageKey: string): Promise<void> {
    await this.removals.remove({ storageKey, attempts: 0 }).catch((error: unknown) => {
      this.logger.warn(
        `a blob is removed later: ${(error as { code?: string }).code ?? (error as Error).name}`,
      );
    });
  }
}
