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

interface Options {
  /** Where jobs are kept; without it they live and run in this process. */
  redisUrl?: string;
  /** All jobs that there are, in every process. */
  names: readonly string[];
  /** Whether this process runs jobs or, where there is Redis, only adds them. */
  process: boolean;
  /** How many run at once in this process. */
  concurrency?: number;
  /** How long a running job may go on when the process ends. */
  graceMs?: number;
  /** Begins the names of all keys in Redis. */
  prefix?: string;
}

const DEFAULTS = { concurrency: 4, graceMs: 10_000, prefix: 'parley:bull' };

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

function make({ redisUrl, ...options }: Options): JobQueue {
  const settings = { ...DEFAULTS, ...options };
  return redisUrl ? new BullJobQueue({ ...settings, redisUrl }) : new InProcessJobQueue(settings);
}
