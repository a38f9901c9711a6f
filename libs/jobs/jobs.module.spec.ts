import 'reflect-metadata';
import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis as Client } from 'ioredis';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Redis, startRedis } from '../../test/support/redis.ts';
import { BullJobQueue } from './bull-job-queue.js';
import { InProcessJobQueue } from './in-process-job-queue.js';
import { come } from './job-queue-setup.contract.js';
import { JobQueue } from './job-queue.js';
import { JobsModule } from './jobs.module.js';

const ran: unknown[] = [];
const gate = Promise.withResolvers<void>();

@Injectable()
class Greetings implements OnModuleInit {
  constructor(private readonly jobs: JobQueue) {}

  onModuleInit(): void {
    this.jobs.handle('greet', async ({ data }) => {
      ran.push(data);
      if (data === 'slow') await gate.promise;
      ran.push(`${String(data)} done`);
    });
  }
}

@Module({ providers: [Greetings] })
class GreetingsModule {}

function boot(options: Parameters<typeof JobsModule.of>[0], ...features: Array<typeof GreetingsModule>) {
  @Module({})
  class Root {}
  const root = { module: Root, imports: [JobsModule.of(options), ...features] };
  return NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
}

describe('JobsModule', () => {
  let redis: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    return () => redis.stop();
  });

  it('runs jobs in the process where there is no Redis, and ends when they have', async () => {
    const app = await boot({ names: ['greet'], process: false }, GreetingsModule);
    const jobs = app.get(JobQueue);
    expect(jobs).toBeInstanceOf(InProcessJobQueue);
    await jobs.add('greet', 'hello');
    await jobs.add('greet', 'slow');
    await come(() => ran.includes('slow') && ran.includes('hello done'));
    const closing = app.close().then(() => ran.push('closed'));
    gate.resolve();
    await closing;
    expect(ran.slice(-2)).toEqual(['slow done', 'closed']);
  });

  it('does not start where a declared job has no handler', async () => {
    await expect(boot({ names: ['greet', 'part'], process: true }, GreetingsModule)).rejects.toThrow(
      'no handler for the job part',
    );
  });

  it('gives a lane a queue of its own, whose jobs outlast a process that was handed one and died', async () => {
    const lanes = [{ name: 'swift', jobs: ['greet'], concurrency: 1, lockMs: 500 }];
    const options = { redisUrl: redis.url, names: [], lanes, prefix: 'test:lanes' };
    const api = await boot({ ...options, process: false });
    await api.get(JobQueue).add('greet', 'left over', { jobId: 'a' });
    const client = new Client(redis.url);
    // What the process did last: it asked for a job, and was gone before it could lock it.
    const keys = ['test:lanes:parley.swift:wait', 'test:lanes:parley.swift:active'] as const;
    expect(await client.rpoplpush(...keys)).toBe('job:greet:a');
    client.disconnect();
    const worker = await boot({ ...options, process: true }, GreetingsModule);
    await come(() => ran.includes('left over done'));
    await Promise.all([api.close(), worker.close()]);
  });

  it('adds in one process and runs in another where there is Redis', async () => {
    const redisUrl = redis.url;
    const api = await boot({ redisUrl, names: ['greet'], process: false });
    expect(api.get(JobQueue)).toBeInstanceOf(BullJobQueue);
    await api.get(JobQueue).add('greet', 'across');
    const worker = await boot({ redisUrl, names: ['greet'], process: true }, GreetingsModule);
    await come(() => ran.includes('across done'));
    await Promise.all([api.close(), worker.close()]);
  });
});
