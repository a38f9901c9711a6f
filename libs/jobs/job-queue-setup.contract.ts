import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, vi } from 'vitest';
import { eventually } from '../../test/support/talk.ts';
import type { Job, JobQueue } from './job-queue.js';

export interface QueueSettings {
  names: readonly string[];
  concurrency: number;
  graceMs: number;
}

export interface Subject {
  /** A queue with nothing in it that has not started. */
  make(settings: QueueSettings): JobQueue;
}

type Handler = (job: Job, signal: AbortSignal) => Promise<void>;

const SETTINGS: QueueSettings = { names: ['work', 'other'], concurrency: 4, graceMs: 5_000 };
/** How long a test waits for what must come, and how long it may take in all. */
export const WAIT_MS = 15_000;
export const TEST_MS = 60_000;
export const idle = () => Promise.resolve();

/** Makes the queues of a suite and closes them after each test. */
export class Queues {
  private readonly opened: JobQueue[] = [];

  constructor(private readonly make: Subject['make']) {
    afterEach(async () => {
      await Promise.all(this.opened.splice(0).map((queue) => queue.close()));
      vi.restoreAllMocks();
    });
  }

  open(settings: Partial<QueueSettings> = {}): JobQueue {
    const queue = this.make({ ...SETTINGS, ...settings });
    this.opened.push(queue);
    return queue;
  }

  /** A queue at work: `work` is done by the handler, `other` has nothing to do. */
  working(handler: Handler, settings: Partial<QueueSettings> = {}): JobQueue {
    const queue = this.open(settings);
    queue.handle('work', handler);
    queue.handle('other', idle);
    queue.start();
    return queue;
  }
}

/** Waits for something that must come. */
export function come(probe: () => boolean): Promise<boolean> {
  return eventually(() => Promise.resolve(probe()), WAIT_MS);
}

/** All that is logged from now on, one text a line. */
export function logLines(): string[] {
  const lines: string[] = [];
  for (const level of ['log', 'warn', 'error'] as const)
    vi.spyOn(Logger.prototype, level).mockImplementation((...words: unknown[]) => {
      lines.push(`${level} ${words.join(' ')}`);
    });
  return lines;
}

/** Adds the same again until it was not taken for what is there already. */
export async function untilTaken(add: () => Promise<void>, taken: () => boolean): Promise<void> {
  await eventually(async () => {
    await add();
    await sleep(20);
    return taken();
  }, WAIT_MS);
}
