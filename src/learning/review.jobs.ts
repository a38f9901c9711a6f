import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Job, JobQueue } from '../../libs/jobs/job-queue.js';
import { AppError } from '../common/errors.js';
import type { Review } from './review.entity.js';
import { type ReviewEnding, ReviewRuns } from './review.runs.js';
import { ReviewTasks, tokensOf } from './review.task.js';
import { type ReviewAnswer, ReviewWriter } from './review.writer.js';

/** The job that makes a review. */
export const REVIEW = 'learning.review';

/** What the job is told: which run of which attempt it is. */
interface ReviewData {
  reviewId: number;
  ownerId: number;
  attempt: number;
  runs: number;
}

/** How often an attempt is taken up: models that fail and processes that die count alike. */
const MAX_RUNS = 4;
const BACKOFF_MS = 1_000;
const BEAT_MS = 5_000;

const SWEEP_MS = 1_000;
const BATCH = 100;
/** When a job that was added is looked after again; where it still waits, that adds none. */
const LOOK_AGAIN_MS = 10_000;
/** A review that nobody takes up for so long is not waited for any more. */
const EXPIRY_MS = 3_600_000;

const FAILED = { status: 'failed', content: null, provider: null, model: null } as const;

/**
 * Has reviews made, whatever happens to processes, Redis and models: the rows say what is left to do, and jobs are
 * only the way of a row to a worker. A review that is overdue is given a job again, under the id that its job already
 * has where that still waits; so it is taken up again after its process has died or its model has failed.
 */
@Injectable()
export class ReviewJobs implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('ReviewJobs');
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly jobs: JobQueue,
    private readonly runs: ReviewRuns,
    private readonly tasks: ReviewTasks,
    private readonly writer: ReviewWriter,
  ) {
    jobs.handle<ReviewData>(REVIEW, (job, signal) => this.run(job, signal));
  }

  onApplicationBootstrap(): void {
    this.schedule();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Never throws: what cannot be handed over now is found by the next look. */
  async add({ id: reviewId, ownerId, attempt, runs }: Review): Promise<void> {
    const data: ReviewData = { reviewId, ownerId, attempt, runs };
    try {
      await this.jobs.add(REVIEW, data, { jobId: `${reviewId}-${attempt}-${runs}` });
    } catch (error) {
      this.logger.warn(`review ${reviewId} waits: ${(error as Error).name}`);
    }
  }

  private async run({ data }: Job<ReviewData>, signal: AbortSignal): Promise<void> {
    const waiting = await this.runs.find(data.reviewId, data.ownerId, data.attempt, data.runs);
    const task = waiting && (await this.tasks.of(waiting));
    if (!task) return;
    if (waiting.runs >= MAX_RUNS) return this.fail(waiting, 'process_ended');
    let review: Review | null;
    try {
      review = await this.runs.claim(waiting, tokensOf(task));
    } catch (error) {
      if (error instanceof AppError) return this.fail(waiting, error.code);
      throw error;
    }
    if (review) await this.conclude(review, await this.ask(review, task, signal), signal);
  }

  /** Asks while the run is this process's: one that was overtaken, or whose review was deleted, asks no more. */
  private async ask(
    review: Review,
    task: Parameters<ReviewWriter['ask']>[0],
    signal: AbortSignal,
  ): Promise<ReviewAnswer> {
    const end = new AbortController();
    const stop = () => end.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const beat = setInterval(() => {
      this.runs.renew(review).then(
        (isOurs) => isOurs || stop(),
        // Without a database there is no telling; the lease runs out by itself.
        () => undefined,
      );
    }, BEAT_MS);
    try {
      return await this.writer.ask(task, end.signal);
    } finally {
      clearInterval(beat);
      signal.removeEventListener('abort', stop);
    }
  }

  private async conclude(review: Review, answer: ReviewAnswer, signal: AbortSignal): Promise<void> {
    const { content, errorCode, mayPass, provider, model, cost } = answer;
    if (content === null && signal.aborted) return this.runs.postpone(review, cost, 0);
    if (mayPass && review.runs < MAX_RUNS) {
      this.logger.warn(`review ${review.id} failed, run ${review.runs} of ${MAX_RUNS}: ${errorCode}`);
      return this.runs.postpone(review, cost, BACKOFF_MS * 2 ** (review.runs - 1));
    }
    const status = content === null ? 'failed' : 'done';
    const ending: ReviewEnding = { status, content, errorCode, provider, model };
    if (errorCode !== null) this.logger.warn(`review ${review.id} failed for good: ${errorCode}`);
    await this.runs.finish(review, ending, cost);
  }

  private async fail(review: Review, errorCode: string): Promise<void> {
    await this.runs.finish(review, { ...FAILED, errorCode }, undefined);
  }

  private schedule(): void {
    if (!this.stopped)
      this.timer = setTimeout(() => void this.sweep().finally(() => this.schedule()), SWEEP_MS).unref();
  }

  private async sweep(): Promise<void> {
    try {
      for (const review of await this.runs.overdue(BATCH)) await this.lookAfter(review);
    } catch (error) {
      this.logger.warn(`cannot sweep: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }

  private async lookAfter(review: Review): Promise<void> {
    if (Date.now() - review.createdAt.getTime() > EXPIRY_MS) await this.fail(review, 'review_expired');
    else if (await this.runs.putOff(review, LOOK_AGAIN_MS)) await this.add(review);
  }
}
