import { Injectable, Logger } from '@nestjs/common';
import { JobQueue } from '../../libs/jobs/job-queue.js';
import type { StoredFile } from './stored-file.entity.js';

/** The job that reads a picture or a document. */
export const EXTRACT = 'files.extract';

/** What the job is told: which reading of which file it is. */
export interface ExtractionData {
  ownerId: number;
  fileId: number;
  /** How often its reading was begun before. */
  attempt: number;
}

/** Has files read that were uploaded. */
@Injectable()
export class Extractions {
  private readonly logger = new Logger('Extractions');

  constructor(private readonly jobs: JobQueue) {}

  /**
   * To be called when the rows are there, as `queued` and due. Never throws: what cannot be handed over now is found by
   * the next look for what is due.
   */
  async begin(ownerId: number, fileIds: number[]): Promise<void> {
    for (const fileId of fileIds) await this.add({ ownerId, fileId, attempt: 0 });
  }

  /** The same for one that was begun before. */
  async again({ ownerId, id: fileId, extractionAttempt: attempt }: StoredFile): Promise<void> {
    await this.add({ ownerId, fileId, attempt });
  }

  private async add(data: ExtractionData): Promise<void> {
    try {
      await this.jobs.add(EXTRACT, data, { jobId: `${data.fileId}-${data.attempt}` });
    } catch (error) {
      this.logger.warn(`file ${data.fileId} waits to be read: ${(error as Error).name}`);
    }
  }
}
