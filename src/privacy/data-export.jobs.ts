import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Job, JobQueue } from '../../libs/jobs/job-queue.js';
import { Sweep } from '../database/sweep.js';
import { StorageUnavailableError } from '../files/file-storage.js';
import type { DataExport } from './data-export.entity.js';
import { DataExportRuns, LEASE_MS } from './data-export.runs.js';
import { DataExportWriter } from './data-export.writer.js';
import type { ExportProgress } from './export-contents.js';

/** The job that puts an export together. */
export const EXPORT = 'privacy.export';

/** What the job is told: which run it is. */
interface ExportData {
  exportId: number;
  ownerId: number;
  runs: number;
}

/** How often an export is taken up: storages that fail and processes that die count alike. */
const MAX_RUNS = 5;
const BACKOFF_MS = 5_000;
const BEAT_MS = 1_000;

const SWEEP_MS = 1_000;
const BATCH = 100;
/** When a job that was added is looked after again; where it still waits, that adds none. */
export const LOOK_AGAIN_MS = 10_000;

/**
 * Has exports made, and removes them when their time is over, whatever happens to processes, Redis and the storage: the
 * rows say what is left to do, and jobs are only the way of a row to a worker. One that is overdue is given a job
 * again, under the id that its job already has where that still waits.
 */
@Injectable()
export class DataExportJobs implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('DataExportJobs');
  private readonly sweep: Sweep<DataExport>;

  constructor(
    private readonly jobs: JobQueue,
    private readonly runs: DataExportRuns,
    private readonly writer: DataExportWriter,
  ) {
    jobs.handle<ExportData>(EXPORT, (job, signal) => this.run(job, signal));
    this.sweep = new Sweep({
      ...{ name: 'DataExportSweeper', everyMs: SWEEP_MS, leaseMs: LEASE_MS },
      look: () => runs.overdue(BATCH),
      take: (row) => this.lookAfter(row),
    });
  }

  onApplicationBootstrap(): void {
    this.sweep.begin();
  }

  onApplicationShutdown(): void {
    this.sweep.end();
  }

  /** Never throws: what cannot be handed over now is found by the next look. */
  async add({ id: exportId, ownerId, runs }: DataExport): Promise<void> {
    const data: ExportData = { exportId, ownerId, runs };
    try {
      await this.jobs.add(EXPORT, data, { jobId: `${exportId}-${runs}` });
    } catch (error) {
      this.logger.warn(`export ${exportId} waits: ${(error as Error).name}`);
    }
  }

  private async run({ data }: Job<ExportData>, signal: AbortSignal): Promise<void> {
    const row = await this.runs.claim(data.exportId, data.ownerId, data.runs);
    if (!row) return;
    const overtaken = new AbortController();
    const progress: ExportProgress = { done: 0, total: 1 };
    const beat = setInterval(() => {
      this.runs.renew(row, Math.min(0.99, progress.done / progress.total)).then(
        (isOurs) => isOurs || overtaken.abort(),
        // Without a database there is no telling; the lease runs out by itself.
        () => undefined,
      );
    }, BEAT_MS);
    try {
      const stop = AbortSignal.any([signal, overtaken.signal]);
      const blob = await this.writer.write(row, progress, stop);
      await this.runs.finish(row, blob, nameOf(row));
    } catch (error) {
      if (!overtaken.signal.aborted) await this.concludeFailure(row, error, signal);
    } finally {
      clearInterval(beat);
    }
  }

  private async concludeFailure(row: DataExport, error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return this.runs.postpone(row, 0);
    const { code, name } = error as { code?: string; name?: string };
    this.logger.warn(`export ${row.id} failed, run ${row.runs} of ${MAX_RUNS}: ${code ?? name ?? 'error'}`);
    if (row.runs < MAX_RUNS) return this.runs.postpone(row, BACKOFF_MS * 2 ** (row.runs - 1));
    const isStorage = error instanceof StorageUnavailableError;
    await this.runs.fail(row, isStorage ? 'storage_unavailable' : 'internal_error');
  }

  private async lookAfter(row: DataExport): Promise<void> {
    if (row.status === 'done' || row.status === 'failed') await this.runs.remove(row);
    else if (row.runs >= MAX_RUNS) await this.runs.fail(row, 'process_ended');
    else if (await this.runs.putOff(row, LOOK_AGAIN_MS)) await this.add(row);
  }
}

/** What the archive is called where it is saved. */
function nameOf({ createdAt }: DataExport): string {
  return `parley-export-${createdAt.toISOString().slice(0, 10)}.zip`;
}
