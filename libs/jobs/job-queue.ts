/** A job as its handler gets it. */
export interface Job<Data = unknown> {
  /** The id that it was added with, otherwise one of its own; the same in all attempts. */
  id: string;
  name: string;
  /** What JSON makes of what was added. */
  data: Data;
  /** Which attempt this is, from 1. Attempts that ended with their process are not counted. */
  attempt: number;
}

/** Does the work of one job. `signal` aborts when the process ends and the time for finishing is over. */
export type JobHandler<Data = unknown> = (job: Job<Data>, signal: AbortSignal) => Promise<void>;

export interface JobOptions {
  /** At most one job of this name and id is there at a time. 1-100 characters of `A-Z a-z 0-9 _ . -`. */
  jobId?: string;
  /** Not before so many milliseconds have passed; at most 2^31-1. */
  delayMs?: number;
  /** How often it is tried, the first time included; 3 when absent. */
  attempts?: number;
  /** The wait before the second attempt in milliseconds, doubled for each further one up to an hour; 1000 when absent. */
  backoffMs?: number;
}

/** Thrown by a handler: this job will never succeed, so it is not tried again. */
export class FinalJobError extends Error {
  /** @param code stands in the log, in place of any message text */
  constructor(
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(code, options);
    this.name = 'FinalJobError';
  }
}

/** The job could not be handed over within about two seconds. It may have arrived all the same. */
export class JobsUnavailableError extends Error {
  constructor(options?: ErrorOptions) {
    super('the job queue does not answer', options);
    this.name = 'JobsUnavailableError';
  }
}

/** A mistake of the program: an undeclared name, a second or missing handler, an id or number out of its limits. */
export class InvalidJobError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidJobError';
  }
}

/**
 * Port: work that is done later, in this process or in another one.
 *
 * **At least once.** A job that was added runs until one attempt succeeds, until its attempts are used up, or until
 * its handler throws FinalJobError. It can run twice, and two runs can overlap, when a process dies or loses its
 * connection in the middle: handlers are idempotent, and guard what they write. Nothing is promised about order, nor
 * that a delay ends on time; it does not end early.
 *
 * **Failures.** What a handler throws is a failed attempt; the next one follows after a wait that doubles. What it
 * throws after its signal has aborted is none: the job goes back to the queue as it was. A job that failed for good
 * is logged as an error. Logs say name, id and the error's code or name, never data or message texts.
 *
 * **Ids.** A job is not added while one of the same name and `jobId` waits, is delayed (before a further attempt as
 * well) or runs; it is then the older one's data that counts. Once that has succeeded or failed for good the id is
 * free.
 *
 * **Names** are declared where the queue is made, each has exactly one handler in a process that runs jobs, and data
 * is what JSON can hold, best no more than ids: `undefined` and functions are left out, dates become text.
 *
 * **The end of a process.** `drain` begins no more jobs and lets the running ones finish within the adapter's grace
 * time; then their signals abort. `add` goes on until `close`. What becomes of jobs that wait is the adapter's to say.
 */
export abstract class JobQueue {
  /**
   * Hands a job over; it never runs within the call, nor in the caller's async context.
   * @throws JobsUnavailableError when the queue does not answer in time, or is closed
   * @throws InvalidJobError when the name is not declared, or the id, data or numbers are out of their limits
   */
  abstract add(name: string, data: unknown, options?: JobOptions): Promise<void>;

  /** Says who runs the jobs of a name. @throws InvalidJobError at a second time, and for an undeclared name */
  abstract handle<Data>(name: string, handler: JobHandler<Data>): void;

  /** Begins to run jobs, in a process that does. @throws InvalidJobError where a declared name has no handler */
  abstract start(): void;

  /** Stops running jobs, see above; returns when none runs any more, or when waiting for them is over. */
  abstract drain(): Promise<void>;

  /** Drains, and lets go of all connections. */
  abstract close(): Promise<void>;
}
