import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { FinalJobError, InvalidJobError, type Job, type JobHandler } from './job-queue.js';
import { within } from './within.js';

/** How one attempt ended: well, to be tried again, for good, or not at all because the process ends. */
export type JobEnding = { kind: 'done' } | { kind: 'again' | 'dead' | 'interrupted'; code: string };

const NAME = /^[a-z][a-z0-9.-]{0,63}$/;
const CODE = /^[\w.-]{1,64}$/;
/** How long a handler has after its signal aborted. */
const ABORTED_MS = 2_000;

/** What both adapters share: who handles which name, one attempt from begin to end, and the end of the process. */
export class JobRunner {
  private readonly handlers = new Map<string, JobHandler>();
  private readonly running = new Set<Promise<JobEnding>>();
  private readonly end = new AbortController();
  private readonly logger = new Logger('JobQueue');
  /** A handler knows nothing of the request that added its job. */
  private readonly outside = AsyncLocalStorage.snapshot();
  private ending = false;

  constructor(private readonly names: readonly string[]) {
    for (const name of names) if (!NAME.test(name)) throw new InvalidJobError(`job ${name}: not a name`);
    if (new Set(names).size < names.length) throw new InvalidJobError('a job name is declared twice');
  }

  /** No more jobs are begun. */
  get draining(): boolean {
    return this.ending;
  }

  handle(name: string, handler: JobHandler): void {
    this.assertDeclared(name);
    if (this.handlers.has(name)) throw new InvalidJobError(`job ${name}: a second handler`);
    this.handlers.set(name, handler);
  }

  handles(name: string): boolean {
    return this.handlers.has(name);
  }

  assertDeclared(name: string): void {
    if (!this.names.includes(name)) throw new InvalidJobError(`job ${name}: not declared`);
  }

  assertHandled(): void {
    const orphans = this.names.filter((name) => !this.handlers.has(name));
    if (orphans.length > 0) throw new InvalidJobError(`no handler for the job ${orphans.join(', ')}`);
  }

  /** One attempt. Never throws. */
  async run(job: Job, attempts: number): Promise<JobEnding> {
    if (this.ending) return { kind: 'interrupted', code: 'interrupted' };
    const attempt = this.outside(() => this.attempt(job, attempts));
    this.running.add(attempt);
    const ending = await attempt;
    this.running.delete(attempt);
    return ending;
  }

  /** Begins no more jobs and waits for the running ones, for `graceMs` and once more after their signals aborted. */
  async drain(graceMs: number): Promise<void> {
    this.ending = true;
    const finished = Promise.all(this.running);
    if (await within(finished, graceMs)) return;
    this.end.abort();
    if (!(await within(finished, ABORTED_MS)))
      this.logger.warn(`jobs that did not end in time: ${this.running.size}`);
  }

  private async attempt(job: Job, attempts: number): Promise<JobEnding> {
    try {
      await this.handlers.get(job.name)!(job, this.end.signal);
      return { kind: 'done' };
    } catch (error) {
      return this.failed(job, attempts, error);
    }
  }

  private failed({ name, id, attempt }: Job, attempts: number, error: unknown): JobEnding {
    const code = codeOf(error);
    const final = error instanceof FinalJobError;
    if (this.end.signal.aborted && !final) return { kind: 'interrupted', code };
    const line = `job ${name} ${id} failed, attempt ${attempt} of ${attempts}: ${code}`;
    if (final || attempt >= attempts) {
      this.logger.error(`${line}; not tried again`);
      return { kind: 'dead', code };
    }
    this.logger.warn(line);
    return { kind: 'again', code };
  }
}

/** What may be told of an error: its code, otherwise its name. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const told = [code, name].find((text) => typeof text === 'string' && CODE.test(text));
  return typeof told === 'string' ? told : 'unknown';
}
