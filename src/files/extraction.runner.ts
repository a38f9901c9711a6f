import { Injectable, Logger } from '@nestjs/common';
import { type Job, JobQueue } from '../../libs/jobs/job-queue.js';
import { ReadingError } from '../../libs/documents/reading.js';
import { AppError } from '../common/errors.js';
import { ExtractionReader } from './extraction.reader.js';
import { ExtractionStore, LEASE_MS, ReadingLostError } from './extraction.store.js';
import { EXTRACT, type ExtractionData } from './extractions.js';
import { StorageUnavailableError } from './file-storage.js';
import type { StoredFile } from './stored-file.entity.js';

/** A file that takes its reader with it is not read for ever. */
export const MAX_ATTEMPTS = 3;

const BEAT_MS = LEASE_MS / 3;
/** After a reader that has crashed. */
const CRASH_WAIT_MS = 1_000;
/** While the file storage is away. */
const STORAGE_WAIT_MS = 5_000;

/** Does the job of one reading, from the file's row to its final state. */
@Injectable()
export class ExtractionRunner {
  private readonly logger = new Logger('ExtractionRunner');

  constructor(
    private readonly store: ExtractionStore,
    private readonly reader: ExtractionReader,
    jobs: JobQueue,
  ) {
    jobs.handle<ExtractionData>(EXTRACT, (job, signal) => this.run(job, signal));
  }

  /** @throws what the job was ended with, and what nobody has foreseen: the lease runs out */
  private async run({ data }: Job<ExtractionData>, ending: AbortSignal): Promise<void> {
    const file = await this.store.claim(data);
    if (!file) return;
    const lost = new AbortController();
    const beat = setInterval(() => this.renew(file, lost), BEAT_MS);
    try {
      await this.reader.read(file, AbortSignal.any([ending, lost.signal]));
    } catch (error) {
      await this.conclude(file, error, ending).catch(unlessLost);
    } finally {
      clearInterval(beat);
    }
  }

  private renew(file: StoredFile, lost: AbortController): void {
    this.store.renew(file).catch((error: unknown) => {
      // Without a database there is no telling; the lease runs out by itself.
      if (error instanceof ReadingLostError) lost.abort(error);
    });
  }

  private async conclude(file: StoredFile, error: unknown, ending: AbortSignal): Promise<void> {
    if (error instanceof ReadingError) return this.giveUp(file, error);
    if (error instanceof StorageUnavailableError) {
      this.logger.warn(`file ${file.id} waits for the file storage`);
      return this.store.postpone(file, STORAGE_WAIT_MS, false);
    }
    // Its bytes are lost, or it was deleted a moment ago.
    if (error instanceof AppError) return this.store.fail(file, 'file_unreadable');
    // The process ends: another one goes on at once.
    if (ending.aborted) await this.store.postpone(file, 0, false);
    throw error;
  }

  private async giveUp(file: StoredFile, { code }: ReadingError): Promise<void> {
    const isCrash = code === 'extraction_crashed';
    if (isCrash || code === 'extraction_memory' || code === 'extraction_timeout')
      this.logger.warn(`file ${file.id} cannot be read: ${code}, reading ${file.extractionAttempt}`);
    if (isCrash && file.extractionAttempt < MAX_ATTEMPTS)
      await this.store.postpone(file, CRASH_WAIT_MS, true);
    else await this.store.fail(file, code);
  }
}

function unlessLost(error: unknown): void {
  if (!(error instanceof ReadingLostError)) throw error;
}
