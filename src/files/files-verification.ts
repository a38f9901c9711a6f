import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, MoreThan, type Repository } from 'typeorm';
import { marks } from '../database/statements.js';
import { BlobRemoval } from './blob-removal.entity.js';
import { FileStorage } from './file-storage.js';
import { StoredFile } from './stored-file.entity.js';

const BATCH = 500;
const AT_ONCE = 16;

/** A file whose bytes are not as its row says. */
export interface LostBlob {
  fileId: number;
  /** Which of its blobs. */
  key: string;
  what: 'missing' | 'preview missing' | 'size differs';
}

/** What was found. */
export interface Verification {
  /** Rows that were looked at, and the blobs that they name. */
  files: number;
  blobs: number;
  /** Keys of blobs, and of unfinished ones, that nobody knows of: neither a file nor the list of what has to go. */
  orphans: string[];
  lost: LostBlob[];
}

/**
 * Compares the rows of files with the storage, in both directions. It can be done while everything is running: what is
 * being received is announced, and what seems wrong is looked at a second time, when what was on its way has ended.
 */
@Injectable()
export class FilesVerification {
  constructor(
    @InjectRepository(StoredFile) private readonly files: Repository<StoredFile>,
    @InjectRepository(BlobRemoval) private readonly removals: Repository<BlobRemoval>,
    private readonly storage: FileStorage,
  ) {}

  /** @throws StorageUnavailableError */
  async verify(): Promise<Verification> {
    const suspects = await this.unknownKeys(() => true);
    // What goes while it is looked at is unknown between its blob's end and the listing's: a second listing has it not.
    const orphans = suspects.size === 0 ? suspects : await this.unknownKeys((key) => suspects.has(key));
    const found: Verification = { files: 0, blobs: 0, orphans: [...orphans].toSorted(), lost: [] };
    for (let last = 0; ;) {
      const rows = await this.files.find({
        where: { id: MoreThan(last) },
        order: { id: 'ASC' },
        take: BATCH,
      });
      if (rows.length === 0) return found;
      last = rows.at(-1)!.id;
      found.files += rows.length;
      found.blobs += rows.reduce((sum, { previewKey }) => sum + (previewKey === null ? 1 : 2), 0);
      found.lost.push(...(await this.lostOf(rows)));
    }
  }

  /** Has blobs removed that nobody knows of. Every process of Parley does it, soon. */
  async discard(orphans: string[]): Promise<void> {
    for (const storageKey of orphans)
      await this.removals
        .createQueryBuilder()
        .insert()
        .values({ storageKey, dueAt: new Date(), attempts: 0 })
        .orIgnore()
        .execute();
  }

  private async unknownKeys(isMeant: (key: string) => boolean): Promise<Set<string>> {
    const unknown = new Set<string>();
    let batch: string[] = [];
    const check = async () => {
      const known = await this.knownOf(batch);
      for (const key of batch) if (!known.has(key)) unknown.add(key);
      batch = [];
    };
    for await (const key of this.storage.list()) {
      if (isMeant(key)) batch.push(key);
      if (batch.length === BATCH) await check();
    }
    await check();
    return unknown;
  }

  /** One statement, because a key goes from one table into another. */
  private async knownOf(keys: string[]): Promise<Set<string>> {
    if (keys.length === 0) return new Set();
    const places = [
      ['storage_key', 'stored_files'],
      ['preview_key', 'stored_files'],
      ['storage_key', 'blob_removals'],
    ];
    const selects = places.map(
      ([column, table]) => `SELECT ${column} AS known FROM ${table} WHERE ${column} IN (${marks(keys)})`,
    );
    const values = places.flatMap(() => keys);
    const rows = await this.files.manager.query<{ known: string }[]>(selects.join(' UNION ALL '), values);
    return new Set(rows.map(({ known }) => known));
  }

  /** What is lost of these, and of the rows as they are afterwards: one that was deleted meanwhile has lost nothing. */
  private async lostOf(rows: StoredFile[]): Promise<LostBlob[]> {
    const suspects = await this.compare(rows);
    if (suspects.length === 0) return [];
    const again = await this.files.findBy({ id: In(suspects.map(({ fileId }) => fileId)) });
    return this.compare(again);
  }

  private async compare(rows: StoredFile[]): Promise<LostBlob[]> {
    const left = [...rows];
    const lost: LostBlob[] = [];
    const work = async () => {
      for (let row = left.shift(); row; row = left.shift()) lost.push(...(await this.lostBlobsOf(row)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return lost.toSorted((a, b) => a.fileId - b.fileId);
  }

  private async lostBlobsOf({ id: fileId, storageKey, previewKey, size }: StoredFile): Promise<LostBlob[]> {
    const found = await this.storage.size(storageKey);
    const lost: LostBlob[] = [];
    if (found !== size)
      lost.push({ fileId, key: storageKey, what: found === null ? 'missing' : 'size differs' });
    if (previewKey !== null && (await this.storage.size(previewKey)) === null)
      lost.push({ fileId, key: previewKey, what: 'preview missing' });
    return lost;
  }
}
