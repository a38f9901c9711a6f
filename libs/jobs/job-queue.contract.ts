import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { endContract } from './job-queue-end.contract.js';
import { failuresContract } from './job-queue-failures.contract.js';
import { idsContract } from './job-queue-ids.contract.js';
import { come, idle, Queues, type Subject, TEST_MS } from './job-queue-setup.contract.js';
import { InvalidJobError, type Job, type JobQueue } from './job-queue.js';

/** What every adapter of `JobQueue` promises. */
export function jobQueueContract(name: string, { make }: Subject): void {
  describe(`${name} keeps the contract of JobQueue`, { timeout: TEST_MS }, () => {
    const queues = new Queues(make);

    it('runs a job later, once, outside of the call and its context', async () => {
      const context = new AsyncLocalStorage<string>();
      const seen: Array<{ inside: boolean; context: string | undefined }> = [];
      let inside = false;
      const queue = queues.working(() => {
        seen.push({ inside, context: context.getStore() });
        return idle();
      });
      const added = context.run('a request', () => {
        inside = true;
        const adding = queue.add('work', {});
        inside = false;
        return adding;
      });
      await added;
      await come(() => seen.length > 0);
      await sleep(100);
      expect(seen).toEqual([{ inside: false, context: undefined }]);
    });

    it('gives the handler of the name what JSON makes of the data', async () => {
      const jobs: Job[] = [];
      const queue = queues.working(async (job) => void jobs.push(job));
      const at = new Date('2026-01-02T03:04:05.678Z');
      await queue.add(
        'work',
        { id: 7, gone: undefined, at, list: [undefined, () => 1], text: '你好 👋🏽 \u0000' },
        { jobId: 'a' },
      );
      await queue.add('other', 1);
      await queue.add('work', undefined, { jobId: 'b' });
      await come(() => jobs.length === 2);
      expect(jobs.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
        {
          id: 'a',
          name: 'work',
          attempt: 1,
          data: { id: 7, at: '2026-01-02T03:04:05.678Z', list: [null, null], text: '你好 👋🏽 \u0000' },
        },
        { id: 'b', name: 'work', attempt: 1, data: undefined },
      ]);
    });

    it('keeps jobs until it starts', async () => {
      const queue = queues.open();
      const ids: string[] = [];
      queue.handle('work', async ({ id }) => void ids.push(id));
      queue.handle('other', idle);
      await queue.add('work', {}, { jobId: 'early' });
      await sleep(100);
      expect(ids).toEqual([]);
      queue.start();
      await come(() => ids.length === 1);
    });

    it('runs as many at once as it is told', async () => {
      let [running, most, done] = [0, 0, 0];
      const queue = queues.working(
        async () => {
          most = Math.max(most, (running += 1));
          await sleep(50);
          running -= 1;
          done += 1;
        },
        { concurrency: 3 },
      );
      for (let n = 0; n < 12; n += 1) await queue.add('work', n);
      await come(() => done === 12);
      expect(most).toBe(3);
    });

    it('does not run a job before its delay is over', async () => {
      let ranAt = 0;
      const queue = queues.working(async () => void (ranAt = performance.now()));
      const addedAt = performance.now();
      await queue.add('work', {}, { delayMs: 300 });
      await come(() => ranAt > 0);
      expect(ranAt - addedAt).toBeGreaterThanOrEqual(295);
    });

    it('wants exactly one handler for each declared name', () => {
      const queue = queues.open();
      queue.handle('work', idle);
      expect(() => queue.handle('work', idle)).toThrow(InvalidJobError);
      expect(() => queue.handle('undeclared', idle)).toThrow(InvalidJobError);
      expect(() => queue.start()).toThrow('no handler for the job other');
      queue.handle('other', idle);
      queue.start();
      expect(() => queues.open({ names: ['work', 'work'] })).toThrow(InvalidJobError);
      expect(() => queues.open({ names: ['a:b'] })).toThrow(InvalidJobError);
    });

    it('refuses what is out of its limits', async () => {
      const queue = queues.working(idle);
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      const bad: Array<Parameters<JobQueue['add']>> = [
        ['undeclared', {}],
        ['work', circle],
        ['work', 1n],
        ['work', {}, { jobId: 'a:lock' }],
        ['work', {}, { jobId: '' }],
        ['work', {}, { jobId: 'a'.repeat(101) }],
        ['work', {}, { delayMs: 2 ** 31 }],
        ['work', {}, { delayMs: -1 }],
        ['work', {}, { attempts: 0 }],
        ['work', {}, { attempts: 1.5 }],
        ['work', {}, { backoffMs: Number.NaN }],
      ];
      for (const call of bad) await expect(queue.add(...call)).rejects.toBeInstanceOf(InvalidJobError);
    });

    failuresContract(queues);
    idsContract(queues);
    endContract(queues);
  });
}
