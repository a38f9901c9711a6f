import type { DataSource, EntityManager } from 'typeorm';
import { isDeadlock } from './failures.js';

const ATTEMPTS = 5;

/**
 * Runs `work` in one transaction, again from its beginning when the database ended it as the victim of a deadlock.
 * `work` uses only the manager it is given, and may run several times.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dataSource.transaction(work);
    } catch (error) {
      if (!isDeadlock(error) || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
    }
  }
}
