import type { Job as BullJob, JobOptions as BullOptions } from 'bull';
import { backoffAfter, type JobRequest } from './job-request.js';

const ID_PREFIX = 'job';
const BACKOFF = 'parley';
const DAY_S = 86_400;
/** Jobs that failed for good stay to be looked at: so long, and so many. */
const DEAD = { age: 30 * DAY_S, count: 10_000 };

/** A failed attempt, as Bull keeps it: neither the message nor the stack of what was thrown. */
export class FailedAttempt extends Error {
  constructor(code: string) {
    super(code);
    this.name = 'FailedAttempt';
    this.stack = '';
  }
}

/** Not an attempt: the job goes back to the queue. */
export class HandedBack extends FailedAttempt {
  constructor(
    readonly delayMs: number,
    code: string,
  ) {
    super(code);
    this.name = 'HandedBack';
  }
}

/** Bull's id of a job. The prefix keeps it apart from Bull's own keys, and the name from other jobs' ids. */
export function bullId({ name, id }: Pick<JobRequest, 'name' | 'id'>): string {
  return `${ID_PREFIX}:${name}:${id}`;
}

/** The id that a job was added with. */
export function idOf(job: BullJob): string {
  return String(job.id).replace(`${ID_PREFIX}:${job.name}:`, '');
}

export function bullOptions(request: JobRequest): BullOptions {
  return {
    jobId: bullId(request),
    delay: request.delayMs,
    attempts: request.attempts,
    backoff: { type: BACKOFF, options: { backoffMs: request.backoffMs } },
    removeOnComplete: true,
    removeOnFail: DEAD,
  };
}

/** How long Bull waits until the next attempt. */
export const BACKOFF_STRATEGIES = {
  [BACKOFF]: (failures: number, error: Error, options: { backoffMs: number }) =>
    error instanceof HandedBack ? error.delayMs : backoffAfter(failures, options.backoffMs),
};

/** Gives a job back to the queue, with as many attempts left as it had. */
export function handBack(job: BullJob, delayMs: number, code: string): never {
  // Bull counts one more when it stores the attempt, and compares with the options in memory.
  job.attemptsMade -= 1;
  job.opts.attempts = Number.MAX_SAFE_INTEGER;
  throw new HandedBack(delayMs, code);
}

/** Forgets a job that failed for good, in one step, so that its id is free. A job in any other state is left alone. */
export const FREE_ID = `
  if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
    redis.call('DEL', KEYS[2], KEYS[2] .. ':logs')
  end`;
