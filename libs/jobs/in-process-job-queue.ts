import { Logger } from '@nestjs/common';
import { type JobHandler, JobQueue, JobsUnavailableError, type JobOptions } from './job-queue.js';
import { backoffAfter, jobRequest, type JobRequest } from './job-request.js';
import { type JobEnding, JobRunner } from './job-runner.js';

interface Options {
  /** The jobs that there are. */
  names: readonly string[];
  /** How many run at once. */
  concurrency: number;
  /** How long a running job may go on when the process ends, before its signal aborts. */
  graceMs: number;
}

/**
 * Jobs in the memory of the process that adds them; it runs them too. What waits when the process ends is gone with
 * it, so whoever needs a job to outlast the process finds out at the start what is left to do.
 */
export class InProcessJobQueue extends JobQueue {
  private readonly runner: JobRunner;
  private readonly logger = new Logger('JobQueue');
  /** All jobs that wait, are delayed or run, by name and id. */
  private readonly known = new Set<string>();
  private readonly waiting: Array<{ request: JobRequest; attempt: number }> = [];
  private running = 0;
  private started = false;
  private closed = false;

  constructor(private readonly options: Options) {
    super();
    this.runner = new JobRunner(options.names);
  }

  async add(name: string, data: unknown, options?: JobOptions): Promise<void> {
    this.runner.assertDeclared(name);
    const request = jobRequest(name, data, options);
    if (this.closed) throw new JobsUnavailableError();
    const key = keyOf(request);
    if (this.known.has(key)) return;
    this.known.add(key);
    this.enqueue(request, 1, request.delayMs);
  }

  handle<Data>(name: string, handler: JobHandler<Data>): void {
    this.runner.handle(name, handler as JobHandler);
  }

  start(): void {
    this.runner.assertHandled();
    this.started = true;
    this.next();
  }

  async drain(): Promise<void> {
    await this.runner.drain(this.options.graceMs);
  }

  async close(): Promise<void> {
    if (this.closed) return this.drain();
    this.closed = true;
    await this.drain();
    if (this.known.size > 0) this.logger.warn(`jobs that end undone: ${this.known.size}`);
  }

  private enqueue(request: JobRequest, attempt: number, delayMs: number): void {
    const wait = () => {
      this.waiting.push({ request, attempt });
      this.next();
    };
    // A job that is due runs after the caller's turn of the event loop; one that is not holds no process.
    if (delayMs === 0) setImmediate(wait);
    else setTimeout(wait, delayMs).unref();
  }

  private next(): void {
    while (this.started && !this.runner.draining && this.running < this.options.concurrency) {
      const due = this.waiting.shift();
      if (!due) return;
      void this.run(due.request, due.attempt);
    }
  }

  private async run(request: JobRequest, attempt: number): Promise<void> {
    const { name, id, message, attempts } = request;
    this.running += 1;
    // Each attempt has data of its own, as it would have in another process.
    const ending = await this.runner.run(
      { id, name, data: structuredClone(message.data), attempt },
      attempts,
    );
    this.running -= 1;
    this.ended(request, attempt, ending);
    this.next();
  }

  private ended(request: JobRequest, attempt: number, { kind }: JobEnding): void {
    if (kind === 'done' || kind === 'dead') this.known.delete(keyOf(request));
    if (kind === 'again') this.enqueue(request, attempt + 1, backoffAfter(attempt, request.backoffMs));
  }
}

function keyOf({ name, id }: JobRequest): string {
  return `${name}:${id}`;
}
