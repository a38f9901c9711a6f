import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { type DataSource, In, LessThanOrEqual, type Repository } from 'typeorm';
import { ENV, type Env } from '../config/env.js';
import { isMissingReference } from '../database/failures.js';
import { inTransaction } from '../database/transaction.js';
import { FilesService, type ReceivedBlob } from '../files/files.service.js';
import { DataExport, type ExportErrorCode } from './data-export.entity.js';

/** How long a run may be silent before its process is taken for gone. */
export const LEASE_MS = 15_000;

const HOUR_MS = 3_600_000;
const MEDIA_TYPE = 'application/zip';

/** Somebody else has it by now, or it is gone: the transaction is taken back. */
class NotOurs extends Error {}

/**
 * The runs of an export, one after the other. Each begins where the one before it has ended, or was silent for longer
 * than its lease; then `runs` is counted up, and an earlier run can write nothing any more.
 */
@Injectable()
export class DataExportRuns {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(DataExport) private readonly exports: Repository<DataExport>,
    private readonly files: FilesService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Takes it up where it still waits for this very run; null where somebody else has done so, or it is gone. */
  async claim(id: number, ownerId: number, runs: number): Promise<DataExport | null> {
    const waiting = await this.exports.findOneBy({ id, ownerId, runs, status: In(['queued', 'running']) });
    if (!waiting) return null;
    const claimed = { runs: runs + 1, status: 'running' as const, progress: 0, dueAt: later(LEASE_MS) };
    const { affected } = await this.exports.update(heldBy(waiting), claimed);
    return affected === 1 ? Object.assign(waiting, claimed) : null;
  }

  /** Says that the run goes on, and how far it is; false where it is nobody's business any more. */
  async renew(row: DataExport, progress: number): Promise<boolean> {
    const { affected } = await this.exports.update(heldBy(row), { progress, dueAt: later(LEASE_MS) });
    return affected !== 0;
  }

  /** Makes the archive its owner's, and ends the run and with it the export. False where that is not ours to do. */
  async finish(row: DataExport, blob: ReceivedBlob, name: string): Promise<boolean> {
    const { ownerId } = row;
    try {
      await inTransaction(this.dataSource, async (manager) => {
        const file = await this.files.keep(manager, ownerId, blob, {
          ...{ kind: 'export', name, mediaType: MEDIA_TYPE },
        });
        const done = { ...this.ending(), status: 'done' as const, progress: 1, fileId: file.id };
        const { affected } = await manager.update(DataExport, heldBy(row), done);
        if (affected === 0) throw new NotOurs();
      });
      return true;
    } catch (error) {
      await this.files.drop(blob);
      // With the account everything is gone.
      if (error instanceof NotOurs || isMissingReference(error)) return false;
      throw error;
    }
  }

  /** Ends the export without an archive. */
  async fail(row: DataExport, errorCode: ExportErrorCode): Promise<void> {
    await this.exports.update(heldBy(row), { ...this.ending(), status: 'failed', errorCode });
  }

  /** Ends the run; the export waits for the next one. */
  async postpone(row: DataExport, waitMs: number): Promise<void> {
    await this.exports.update(heldBy(row), { dueAt: later(waitMs) });
  }

  /** Those that have to be looked after: their run takes longer than it should, or their time is over. */
  overdue(limit: number): Promise<DataExport[]> {
    const where = { dueAt: LessThanOrEqual(new Date()) };
    return this.exports.find({ where, order: { dueAt: 'ASC' }, take: limit });
  }

  /** Looks after it again later; false where another process does so, or its run has come back. */
  async putOff(row: DataExport, waitMs: number): Promise<boolean> {
    const due = { ...heldBy(row), dueAt: LessThanOrEqual(new Date()) };
    const { affected } = await this.exports.update(due, { dueAt: later(waitMs) });
    return affected !== 0;
  }

  /** Removes it with its archive; a run that is under way notices and ends. False where it is gone. */
  remove({ id, ownerId, fileId }: DataExport): Promise<boolean> {
    return inTransaction(this.dataSource, async (manager) => {
      const { affected } = await manager.delete(DataExport, { id, ownerId });
      if (fileId !== null) await this.files.discard(manager, ownerId, { ids: [fileId] });
      return affected !== 0;
    });
  }

  private ending() {
    const finishedAt = new Date();
    const expiresAt = new Date(finishedAt.getTime() + this.env.EXPORT_LIFETIME_HOURS * HOUR_MS);
    return { activeFor: null, finishedAt, expiresAt, dueAt: expiresAt };
  }
}

function later(ms: number): Date {
  return new Date(Date.now() + ms);
}

/** The row while nobody has taken it up since it was read, and nobody has ended it. */
function heldBy({ id, ownerId, runs }: DataExport) {
  return { id, ownerId, runs, status: In(['queued', 'running']) };
}
