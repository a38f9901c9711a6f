import { Injectable, Logger } from '@nestjs/common';
import { type JobHandler, JobQueue } from '../../libs/jobs/job-queue.js';
import type { Transcription } from './transcription.entity.js';
import type { Attempt } from './transcription.store.js';

/** The job that transcribes a recording. */
export const TRANSCRIBE = 'speech.transcribe';

/** Hands transcriptions to the jobs. */
@Injectable()
export class TranscriptionJobs {
  private readonly logger = new Logger('TranscriptionJobs');

  constructor(private readonly jobs: JobQueue) {}

  handle(handler: JobHandler<Attempt>): void {
    this.jobs.handle(TRANSCRIBE, handler);
  }

  /**
   * Adds the job of a queued attempt, which is there once however often it is added. It is tried once: what goes wrong
   * beyond what a job deals with itself is the sweeper's. Where no job can be added the sweeper does it later.
   */
  async add({ id, ownerId, attempt }: Transcription): Promise<void> {
    const data: Attempt = { ownerId, transcriptionId: id, attempt };
    try {
      await this.jobs.add(TRANSCRIBE, data, { jobId: `${id}-${attempt}`, attempts: 1 });
    } catch (error) {
      this.logger.warn(`the job of transcription ${id} is added later: ${(error as Error).name}`);
    }
  }
}
