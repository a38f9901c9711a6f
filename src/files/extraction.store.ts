import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, type EntityManager, LessThan, type Repository } from 'typeorm';
import type { Passage, ReadingResult } from '../../libs/documents/reading.js';
import { isMissingReference } from '../database/failures.js';
import { waitForDatabase } from '../database/patience.js';
import { execute, updateRows } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { BlobRemovals } from './blob-removals.js';
import type { ExtractionData } from './extractions.js';
import { FilePassage } from './file-passage.entity.js';
import { StoredFile } from './stored-file.entity.js';

/** How long a reading may be silent before its process is taken for gone. */
export const LEASE_MS = 15_000;

const PATIENCE_MS = 60_000;

/** The file is not this reading's any more: deleted, or somebody else's. What was to be written is taken back. */
export class ReadingLostError extends Error {
  constructor() {
    super('the file is not this reading’s any more');
    this.name = 'ReadingLostError';
  }
}

/**
 * What readings write. Each time the file's row is changed first, and only while it is the very reading's: whoever was
 * overtaken, or whose file was deleted, writes nothing. Passages are written while they come, and count for nothing
 * until the file is `done`.
 */
@Injectable()
export class ExtractionStore {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(StoredFile) private readonly files: Repository<StoredFile>,
    private readonly removals: BlobRemovals,
  ) {}

  /** Takes a file up; what a reading before this one has left goes. Null where it is not to be read, or not now. */
  async claim({ ownerId, fileId: id, attempt }: ExtractionData): Promise<StoredFile | null> {
    const waiting = { id, ownerId, extraction: 'queued' as const, extractionAttempt: attempt };
    const isOurs = await inTransaction(this.dataSource, async (manager) => {
      const changes = {
        extraction: 'running' as const,
        extractionAttempt: attempt + 1,
        extractionDueAt: lease(),
      };
      if ((await updateRows(manager, StoredFile, waiting, changes)) === 0) return false;
      await forget(manager, id);
      return true;
    });
    return isOurs ? this.files.findOneBy({ id, ownerId, extractionAttempt: attempt + 1 }) : null;
  }

  /** @throws ReadingLostError */
  async renew(file: StoredFile): Promise<void> {
    await this.change(this.dataSource.manager, file, { extractionDueAt: lease() });
  }

  /** Passages that follow on those before. @param from the place of the first one @throws ReadingLostError */
  async add(file: StoredFile, passages: Passage[], from: number): Promise<void> {
    await this.write(async (manager) => {
      await this.change(manager, file, { extractionDueAt: lease() });
      // A transaction whose answer got lost may have been done.
      await execute(manager, 'DELETE FROM file_passages WHERE file_id = ? AND seq >= ?', [file.id, from]);
      const rows = passages.map((passage, index) => [
        ...[file.id, from + index, passage.page, passage.label, passage.text, passage.tokens],
      ]);
      const marks = rows.map(() => '(?, ?, ?, ?, ?, ?)').join(', ');
      const sql = `INSERT INTO file_passages (file_id, seq, page, label, text, tokens) VALUES ${marks}`;
      await execute(manager, sql, rows.flat());
    });
  }

  /** @param previewKey of a blob that was received for it @throws ReadingLostError, also where the blob is gone */
  async finish(file: StoredFile, result: ReadingResult, previewKey: string | null): Promise<void> {
    await this.write(async (manager) => {
      const done = { extraction: 'done' as const, extractionDueAt: null, extractionError: null, previewKey };
      await this.change(manager, file, { ...done, ...result });
      if (previewKey !== null && !(await this.removals.keep(manager, previewKey)))
        throw new ReadingLostError();
    });
  }

  /** @throws ReadingLostError */
  async fail(file: StoredFile, extractionError: string): Promise<void> {
    await this.write(async (manager) => {
      await this.change(manager, file, { extraction: 'failed', extractionError, extractionDueAt: null });
      await forget(manager, file.id);
    });
  }

  /** It waits again. @param counts whether this reading counts as one @throws ReadingLostError */
  async postpone(file: StoredFile, waitMs: number, counts: boolean): Promise<void> {
    const extractionAttempt = file.extractionAttempt - (counts ? 0 : 1);
    const extractionDueAt = new Date(Date.now() + waitMs);
    await this.write((manager) =>
      this.change(manager, file, { extraction: 'queued', extractionAttempt, extractionDueAt }),
    );
  }

  /** Files that nobody seems to take care of. */
  due(limit: number): Promise<StoredFile[]> {
    return this.files.find({
      where: { extractionDueAt: LessThan(new Date()) },
      order: { extractionDueAt: 'ASC' },
      take: limit,
    });
  }

  /** Changes one that is due, unless something has happened to it since it was looked at. */
  async changeDue(file: StoredFile, changes: Partial<StoredFile>): Promise<boolean> {
    const { id, ownerId, extraction, extractionAttempt } = file;
    const { affected } = await this.files.update(
      { id, ownerId, extraction: extraction!, extractionAttempt, extractionDueAt: LessThan(new Date()) },
      changes,
    );
    return affected === 1;
  }

  private async change(
    manager: EntityManager,
    { id, ownerId, extractionAttempt }: StoredFile,
    changes: Partial<StoredFile>,
  ): Promise<void> {
    const ours = { id, ownerId, extraction: 'running' as const, extractionAttempt };
    if ((await updateRows(manager, StoredFile, ours, changes)) === 0) throw new ReadingLostError();
  }

  /** A database that is away is waited for, for a minute. */
  private async write(work: (manager: EntityManager) => Promise<void>): Promise<void> {
    try {
      await waitForDatabase(() => inTransaction(this.dataSource, work), PATIENCE_MS);
    } catch (error) {
      if (isMissingReference(error)) throw new ReadingLostError();
      throw error;
    }
  }
}

function lease(): Date {
  return new Date(Date.now() + LEASE_MS);
}

async function forget(manager: EntityManager, fileId: number): Promise<void> {
  await manager.delete(FilePassage, { fileId });
}
