import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { AppError } from '../common/errors.js';
import { isDatabaseUnavailable, isUniqueViolation } from '../database/failures.js';
import { inTransaction } from '../database/transaction.js';
import { StorageUnavailableError } from '../files/file-storage.js';
import { ImportLease, ImportOvertakenError } from './import-lease.js';
import type { ImportRun } from './import-run.js';
import type { OldKind } from './old-shapes.js';

/** Somebody who registers meanwhile may be faster: then it is looked anew which names are free. */
const ATTEMPTS = 3;

/** Something that is written, or not, as a whole. */
interface Keyed {
  /** The old rows that it is made of, by their keys. */
  keys: string[];
}

/** Writes batches, each in one transaction of the run's. What cannot be written is found and left out. */
@Injectable()
export class BatchWriter {
  private readonly logger = new Logger('BatchWriter');

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly lease: ImportLease,
  ) {}

  /** To read by, outside of transactions. */
  get reader(): EntityManager {
    return this.dataSource.manager;
  }

  /**
   * Has `work` write items; it may run several times, and what it returns counts where it was committed. In a dry run
   * it gets a manager that is in no transaction, and makes nothing.
   * `done` is told of each part that was committed, and `failed` of each item that could not be written.
   * @throws whatever the rest of the items will meet, too: a database that is away, a run that was overtaken
   */
  async write<Item extends Keyed, Result>(
    run: ImportRun,
    kind: OldKind,
    items: Item[],
    parts: {
      work: (manager: EntityManager, items: Item[]) => Promise<Result>;
      done: (result: Result, items: Item[]) => void;
      failed?: (item: Item) => void;
    },
  ): Promise<void> {
    if (items.length === 0) return;
    try {
      parts.done(await this.once(run, (manager) => parts.work(manager, items)), items);
    } catch (error) {
      if (isOfAll(error)) throw error;
      if (items.length === 1) {
        parts.failed?.(items[0]!);
        return this.giveUp(run, kind, items[0]!, error);
      }
      const half = Math.ceil(items.length / 2);
      await this.write(run, kind, items.slice(0, half), parts);
      await this.write(run, kind, items.slice(half), parts);
    }
  }

  private async once<Result>(
    run: ImportRun,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    if (run.isDry) return work(this.reader);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await inTransaction(this.dataSource, async (manager) => {
          await this.lease.fence(manager, run.sourceId);
          return work(manager);
        });
      } catch (error) {
        if (!isUniqueViolation(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** The error's text may repeat what was to be written: it is not told. */
  private giveUp(run: ImportRun, kind: OldKind, { keys }: Keyed, error: unknown): void {
    const reason = codeOf(error);
    this.logger.warn(`${kind}: ${keys.length} rows cannot be written (${reason})`);
    run.report.add(
      kind,
      keys.map((key) => ({ what: 'failed', reason, key })),
    );
  }
}

function isOfAll(error: unknown): boolean {
  return (
    isDatabaseUnavailable(error) ||
    error instanceof ImportOvertakenError ||
    error instanceof StorageUnavailableError
  );
}

function codeOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  const { code, name } = error as { code?: unknown; name?: string };
  return typeof code === 'string' ? code : (name ?? 'error');
}
