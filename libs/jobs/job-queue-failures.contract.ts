import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { come, logLines, type Queues } from './job-queue-setup.contract.js';
import { FinalJobError, type Job } from './job-queue.js';

/** What `JobQueue` promises about attempts. */
export function failuresContract(queues: Queues): void {
  describe('failures', () => {
    it('tries again after waits that double, with data of its own each time, then gives up', async () => {
      const lines = logLines();
      const tries: Array<{ at: number; attempt: number; id: string; data: unknown }> = [];
      const queue = queues.working(async ({ attempt, id, data }) => {
        tries.push({ at: performance.now(), attempt, id, data: structuredClone(data) });
        (data as { n: number }).n = 99;
        throw Object.assign(new Error('a secret text'), { code: 'upstream_gone' });
      });
      await queue.add('work', { n: 1, text: 'a private text' }, { jobId: 'x', attempts: 4, backoffMs: 150 });
      await come(() => lines.some((line) => line.startsWith('error')));
      expect(tries.map(({ attempt, id, data }) => [attempt, id, data])).toEqual(
        [1, 2, 3, 4].map((attempt) => [attempt, 'x', { n: 1, text: 'a private text' }]),
      );
      // Timers may be a millisecond early; nothing is said about how late they are.
      const waits = tries.slice(1).map(({ at }, index) => at - tries[index]!.at);
      expect(waits.map((ms, index) => ms >= 150 * 2 ** index - 5)).toEqual([true, true, true]);
      await sleep(300);
      expect(tries).toHaveLength(4);
      expect(lines).toEqual([
        'warn job work x failed, attempt 1 of 4: upstream_gone',
        'warn job work x failed, attempt 2 of 4: upstream_gone',
        'warn job work x failed, attempt 3 of 4: upstream_gone',
        'error job work x failed, attempt 4 of 4: upstream_gone; not tried again',
      ]);
    });

    it('does not try again when an attempt succeeds, nor after a final error', async () => {
      logLines();
      const tries: string[] = [];
      const queue = queues.working(async ({ id, attempt }) => {
        tries.push(`${id} ${attempt}`);
        if (id === 'final') throw new FinalJobError('no_such_file');
        if (attempt === 1) throw new Error('once');
      });
      await queue.add('work', {}, { jobId: 'final', backoffMs: 20 });
      await queue.add('work', {}, { jobId: 'second-time', backoffMs: 20 });
      await come(() => tries.includes('second-time 2'));
      await sleep(300);
      expect(tries.toSorted()).toEqual(['final 1', 'second-time 1', 'second-time 2']);
    });

    it('survives whatever a handler throws, at once or later', async () => {
      logLines();
      const wild: unknown[] = [undefined, null, 'text', 7, { name: 'a\nb', code: 'c d' }, new Error('e')];
      let seen = 0;
      const queue = queues.working((({ data }: Job) => {
        seen += 1;
        throw wild[data as number];
      }) as (job: Job) => Promise<void>);
      for (let n = 0; n < wild.length; n += 1) await queue.add('work', n, { attempts: 2, backoffMs: 10 });
      await come(() => seen === 2 * wild.length);
    });
  });
}
