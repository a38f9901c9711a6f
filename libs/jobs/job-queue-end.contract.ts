import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { come, logLines, type Queues } from './job-queue-setup.contract.js';
import { JobsUnavailableError } from './job-queue.js';

/** What `JobQueue` promises about the end of a process. */
export function endContract(queues: Queues): void {
  describe('the end', () => {
    it('lets a running job finish and begins no other', async () => {
      const gate = Promise.withResolvers<void>();
      const seen: unknown[] = [];
      const queue = queues.working(
        async ({ data }, signal) => {
          seen.push(data);
          await gate.promise;
          seen.push([data, signal.aborted]);
        },
        { concurrency: 1 },
      );
      await queue.add('work', 1);
      await come(() => seen.length === 1);
      await queue.add('work', 2);
      let drained = false;
      const draining = queue.drain().then(() => (drained = true));
      await queue.add('work', 3);
      await sleep(100);
      expect(drained).toBe(false);
      gate.resolve();
      await draining;
      await sleep(100);
      expect(seen).toEqual([1, [1, false]]);
    });

    it('aborts the signal of a job that takes longer than the grace time', async () => {
      const lines = logLines();
      let [begun, aborted] = [0, 0];
      const queue = queues.working(
        async (_job, signal) => {
          begun += 1;
          const waiting = Promise.withResolvers<void>();
          signal.addEventListener('abort', () => waiting.reject(signal.reason as Error));
          await waiting.promise.finally(() => (aborted += 1));
        },
        { graceMs: 100 },
      );
      await queue.add('work', {}, { jobId: 'a', attempts: 1 });
      await come(() => begun === 1);
      await queue.drain();
      expect(aborted).toBe(1);
      expect(lines.filter((line) => line.includes('job work'))).toEqual([]);
    });

    it('does not wait for ever for a handler that does not listen', async () => {
      const lines = logLines();
      const stubborn = Promise.withResolvers<void>();
      let begun = 0;
      const queue = queues.working(
        async () => {
          begun += 1;
          await stubborn.promise;
        },
        { graceMs: 50 },
      );
      await queue.add('work', {});
      await come(() => begun === 1);
      await queue.close();
      expect(lines).toContain('warn jobs that did not end in time: 1');
      stubborn.resolve();
    });

    it('takes no jobs once it is closed, and can be closed twice', async () => {
      const queue = queues.working(async () => undefined);
      await Promise.all([queue.close(), queue.close()]);
      await expect(queue.add('work', {})).rejects.toBeInstanceOf(JobsUnavailableError);
    });
  });
}
