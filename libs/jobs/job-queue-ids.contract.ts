import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { come, idle, logLines, type Queues, untilTaken } from './job-queue-setup.contract.js';

/** What `JobQueue` promises about ids. */
export function idsContract(queues: Queues): void {
  describe('ids', () => {
    it('does not add an id twice while it waits, is delayed or runs, and frees it after success', async () => {
      const runs: unknown[] = [];
      const gate = Promise.withResolvers<void>();
      const queue = queues.working(async ({ id, data }) => {
        runs.push([id, data]);
        if (id === 'runs') await gate.promise;
      });
      await queue.add('work', 1, { jobId: 'delayed', delayMs: 400 });
      await queue.add('work', 2, { jobId: 'delayed' });
      await queue.add('work', 1, { jobId: 'runs' });
      await come(() => runs.length === 1);
      await queue.add('work', 2, { jobId: 'runs' });
      await queue.add('other', 2, { jobId: 'runs' });
      await come(() => runs.length === 2);
      await sleep(100);
      expect(runs).toEqual([
        ['runs', 1],
        ['delayed', 1],
      ]);
      gate.resolve();
      // Freed once the end is written down, which the handler cannot see.
      await untilTaken(
        () => queue.add('work', 3, { jobId: 'runs' }),
        () => runs.length > 2,
      );
      expect(runs[2]).toEqual(['runs', 3]);
    });

    it('adds an id once, however many add it together', async () => {
      const queue = queues.open();
      let runs = 0;
      queue.handle('work', async () => void (runs += 1));
      queue.handle('other', idle);
      await Promise.all(Array.from({ length: 30 }, () => queue.add('work', {}, { jobId: 'a' })));
      queue.start();
      await come(() => runs === 1);
      await sleep(150);
      expect(runs).toBe(1);
    });

    it('keeps an id between attempts, and frees it when the job failed for good', async () => {
      const lines = logLines();
      const seen: unknown[] = [];
      const queue = queues.working(async ({ data }) => {
        seen.push(data);
        throw new Error('always');
      });
      await queue.add('work', 'old', { jobId: 'a', attempts: 2, backoffMs: 400 });
      await come(() => seen.length === 1);
      await sleep(50);
      await queue.add('work', 'new', { jobId: 'a', attempts: 1 });
      await come(() => lines.some((line) => line.includes('attempt 2 of 2')));
      expect(seen).toEqual(['old', 'old']);
      await untilTaken(
        () => queue.add('work', 'new', { jobId: 'a', attempts: 1 }),
        () => seen.length > 2,
      );
      expect(seen[2]).toBe('new');
    });
  });
}
