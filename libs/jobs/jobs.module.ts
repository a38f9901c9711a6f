import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Global,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { BullJobQueue } from './bull-job-queue.js';
import { InProcessJobQueue } from './in-process-job-queue.js';
import { JobQueue } from './job-queue.js';
import { type Lane, LanedJobQueue } from './laned-job-queue.js';

interface Options {
  /** Where jobs are kept; without it they live and run in this process. */
  redisUrl?: string;
  /** All jobs that there are, in every process, but those of `lanes`. */
  names: readonly string[];
  /** Jobs with places of their own, so that many of a kind hold up no other; they have queues of their own in Redis. */
  lanes?: readonly Lane[];
  /** Whether this process runs jobs or, where there is Redis, only adds them. */
  process: boolean;
  /** How many of `names` run at once in this process. */
  concurrency?: number;
  /** How long a running job may go on when the process ends. */
  graceMs?: number;
  /** Begins the names of all keys in Redis. */
  prefix?: string;
}

const LIFE = { graceMs: 10_000, prefix: 'parley:bull' };
const DEFAULTS = { ...LIFE, concurrency: 4 };
/** The lane of all that have none: its queue in Redis is the one that was there before there were lanes. */
const REST = 'rest';

/** Jobs begin when everything is set up, and end while what they need (the database) is still there. */
class JobsLife implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(private readonly queue: JobQueue) {}

  onApplicationBootstrap(): void {
    this.queue.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.queue.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queue.close();
  }
}

/** Jobs, in Redis where there is one. A declared job without a handler stops the start of a process that runs jobs. */
@Global()
@Module({})
export class JobsModule {
  static of(options: Options): DynamicModule {
    const queue = { provide: JobQueue, useFactory: () => make(options) };
    const life = {
      provide: JobsLife,
      useFactory: (jobs: JobQueue) => new JobsLife(jobs),
      inject: [JobQueue],
    };
    return { module: JobsModule, providers: [queue, life], exports: [JobQueue] };
  }
}

function make(options: Options): JobQueue {
  const { names, lanes = [], concurrency, ...settings } = { ...DEFAULTS, ...options };
  if (lanes.length === 0) return one(settings, { names, concurrency });
  return new LanedJobQueue([{ name: REST, jobs: names, concurrency }, ...lanes], (lane) =>
    one(settings, {
      ...{ names: lane.jobs, concurrency: lane.concurrency },
      ...(lane.name !== REST && { lane: lane.name }),
      ...(lane.lockMs !== undefined && { lockMs: lane.lockMs }),
    }),
  );
}

function one(
  { redisUrl, ...settings }: Pick<Options, 'redisUrl' | 'process'> & typeof LIFE,
  lane: { names: readonly string[]; concurrency: number; lane?: string; lockMs?: number },
): JobQueue {
  return redisUrl
    ? new BullJobQueue({ ...settings, ...lane, redisUrl })
    : new InProcessJobQueue({ ...settings, ...lane });
}
