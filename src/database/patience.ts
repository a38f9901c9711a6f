import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseUnavailable, isDeadlock } from './failures.js';

const PAUSE_MS = 200;

/**
 * Does `work`, again and again while the database is away or cannot give way to it, for at most `patienceMs` and not
 * beyond the abort of `signal`. `work` may have been done although it failed: it must stand being done twice.
 */
export async function waitForDatabase<T>(
  work: () => Promise<T>,
  patienceMs: number,
  signal?: AbortSignal,
): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ;) {
    try {
      return await work();
    } catch (error) {
      const mayPass = isDatabaseUnavailable(error) || isDeadlock(error);
      if (!mayPass || Date.now() > deadline || signal?.aborted) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
