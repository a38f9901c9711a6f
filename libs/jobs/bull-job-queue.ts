import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import Bull, { type Job as BullJob, type Queue } from 'bull';
import type { Redis } from 'ioredis';
import {
  BACKOFF_STRATEGIES,
  bullId,
  bullOptions,
  FailedAttempt,
  FREE_ID,
  handBack,
  idOf,
} from './bull-jobs.js';
import { type JobHandler, JobQueue, JobsUnavailableError, type JobOptions } from './job-queue.js';
import { type JobMessage, jobRequest, type JobRequest, MESSAGE_VERSION } from './job-request.js';
import { codeOf, JobRunner } from './job-runner.js';
import { isReady, RedisConnections } from './redis-connections.js';
import { within } from './within.js';

interface Options {
  redisUrl: string;
  /** The jobs that there are. */
  names: readonly string[];
  /** Whether this process runs jobs, or only adds them. */
  process: boolean;
  /** How many run at once in this process. */
  concurrency: number;
  /** How long a running job may go on when the process ends, before its signal aborts. */
  graceMs: number;
  /** Begins the names of all keys in Redis. */
  prefix: string;
  /** Tells queues apart that share a prefix; the queue of everything where it is absent. */
  lane?: string;
  /** After how long without a sign of life from its process a job is given to another one. */
  lockMs?: number;
  /** When a job that this version cannot read is looked at again. */
  unknownMs?: number;
}

const QUEUE = 'parley';
const LOCK_MS = 30_000;
/** How often a job is begun anew after its process was lost; one more, and it is taken for the reason. */
const MAX_LOST = 3;
const UNKNOWN_MS = 30_000;
/** After this time no newer version is expected to come and read a job. */
const UNKNOWN_FOR_MS = 7 * 86_400_000;
const READY_MS = 1_000;
/** How long the end of a process waits until Redis has confirmed how its last jobs ended. */
const WRITE_MS = 3_000;
const CLOSE_MS = 2_000;

/**
 * Jobs in Redis, run by any process of the deployment. What waits stays there when a process ends, or is added while
 * none is at work. Jobs that failed for good stay in Bull's `failed` set for 30 days, or until their id is used again.
 * A job of a name or version that this process does not know is left for one that does, for a week.
 */
export class BullJobQueue extends JobQueue {
  private readonly runner: JobRunner;
  private readonly connections: RedisConnections;
  private readonly sender: Redis;
  private readonly producer: Queue<JobMessage>;
  private consumer: Queue<JobMessage> | undefined;
  private readonly logger = new Logger('JobQueue');
  private readonly unknown = new Set<string>();
  /** Jobs that ran here and whose end Redis has not confirmed. */
  private readonly unwritten = new Set<BullJob['id']>();
  private drained: Promise<void> | undefined;
  private closed: Promise<void> | undefined;

  constructor(private readonly options: Options) {
    super();
    this.runner = new JobRunner(options.names);
    this.connections = new RedisConnections(options.redisUrl);
    this.sender = this.connections.open('brief');
    this.producer = this.queue({ createClient: () => this.sender });
    // Bull teaches a client its commands when it first asks for it.
    void this.producer.client;
  }

  async add(name: string, data: unknown, options?: JobOptions): Promise<void> {
    this.runner.assertDeclared(name);
    const request = jobRequest(name, data, options);
    if (this.closed || !(await isReady(this.sender, READY_MS))) throw new JobsUnavailableError();
    try {
      if (request.named) await this.freeId(request);
      await this.producer.add(name, request.message, bullOptions(request));
    } catch (cause) {
      throw new JobsUnavailableError({ cause });
    }
  }

  handle<Data>(name: string, handler: JobHandler<Data>): void {
    this.runner.handle(name, handler as JobHandler);
  }

  start(): void {
    if (!this.options.process || this.consumer) return;
    this.runner.assertHandled();
    const client = this.connections.open('patient');
    const queue = this.queue({
      createClient: (type) =>
        type === 'client' ? client : this.connections.open(type === 'bclient' ? 'blocking' : 'subscribing'),
    });
    this.consumer = queue;
    this.listen(queue);
    queue
      .process('*', this.options.concurrency, (job: BullJob<JobMessage>) => this.run(job))
      .catch((error: unknown) => {
        if (!this.runner.draining) this.logger.error(`no jobs are run: ${codeOf(error)}`);
      });
  }

  drain(): Promise<void> {
    this.drained ??= this.finish();
    return this.drained;
  }

  close(): Promise<void> {
    this.closed ??= this.letGo();
    return this.closed;
  }

  private queue(options: Pick<Bull.QueueOptions, 'createClient'>): Queue<JobMessage> {
    const { prefix, lane, lockMs = LOCK_MS } = this.options;
    const settings = {
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: MAX_LOST,
      retryProcessDelay: 1_000,
      backoffStrategies: BACKOFF_STRATEGIES,
    };
    // Bull's version check would send a command before there is a connection; its types do not know the option.
    const own = { prefix, settings, skipVersionCheck: true, ...options };
    // Bull names its connection without catching what goes wrong: a process that ends early would die of it.
    return Object.assign(new Bull<JobMessage>(lane ? `${QUEUE}.${lane}` : QUEUE, own), {
      setWorkerName: () => Promise.resolve(),
    });
  }

  private listen(queue: Queue<JobMessage>): void {
    // Bull says what it was doing in a second argument; without one it passes on what its connections said already.
    queue.on('error', (error: Error, doing?: string) => {
      if (doing && !this.closed) this.logger.warn(`${doing}: ${codeOf(error)}`);
    });
    queue.on('completed', ({ id }) => this.unwritten.delete(id));
    queue.on('failed', (job: BullJob | null, error: Error) => {
      if (job) this.unwritten.delete(job.id);
      if (job && !(error instanceof FailedAttempt))
        this.logger.error(
          `job ${job.name} ${idOf(job)} was lost with its process too often; not tried again`,
        );
    });
  }

  private async freeId(request: JobRequest): Promise<void> {
    const id = bullId(request);
    await this.sender.eval(FREE_ID, 2, this.producer.toKey('failed'), this.producer.toKey(id), id);
  }

  private async run(bullJob: BullJob<JobMessage>): Promise<void> {
    const { name, data: message, attemptsMade } = bullJob;
    this.unwritten.add(bullJob.id);
    if (message.v !== MESSAGE_VERSION || !this.runner.handles(name)) return this.leave(bullJob);
    const job = { id: idOf(bullJob), name, data: message.data, attempt: attemptsMade + 1 };
    const ending = await this.runner.run(job, bullJob.opts.attempts ?? 1);
    if (ending.kind === 'done') return undefined;
    if (ending.kind === 'interrupted') return handBack(bullJob, 0, ending.code);
    if (ending.kind === 'dead') await bullJob.discard();
    throw new FailedAttempt(ending.code);
  }

  /** A newer version knows what to do with it. */
  private async leave(job: BullJob<JobMessage>): Promise<void> {
    const what = `${job.name}, version ${job.data.v}`;
    if (!this.unknown.has(what)) this.logger.warn(`a job that is not known here: ${what}`);
    this.unknown.add(what);
    if (Date.now() - job.timestamp < UNKNOWN_FOR_MS)
      return handBack(job, this.options.unknownMs ?? UNKNOWN_MS, 'unknown_job');
    this.logger.error(`job ${job.name} ${idOf(job)} is known to nobody; not tried again`);
    await job.discard();
    throw new FailedAttempt('unknown_job');
  }

  private async finish(): Promise<void> {
    // A job that arrives before Bull has paused is handed back by the runner.
    const finished = this.runner.drain(this.options.graceMs);
    this.consumer?.pause(true, true).catch(() => undefined);
    await finished;
    for (const until = performance.now() + WRITE_MS; this.unwritten.size > 0 && performance.now() < until;)
      await sleep(10);
  }

  private async letGo(): Promise<void> {
    await this.drain();
    const queues = [this.producer, ...(this.consumer ? [this.consumer] : [])];
    await within(Promise.all(queues.map((queue) => queue.close(true))), CLOSE_MS);
    this.connections.disconnect();
  }
}
