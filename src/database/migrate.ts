import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import type { DataSource } from 'typeorm';

const WAIT_SECONDS = 120;

/** Runs the migrations that are still to run, under a lock: of several processes that start at once one does it. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const underLock = dataSource.options.type === 'better-sqlite3' ? underSqliteLock : underMysqlLock;
  await underLock(dataSource, async () => {
    await dataSource.runMigrations({ transaction: 'each' });
  });
}

async function underMysqlLock(dataSource: DataSource, work: () => Promise<void>): Promise<void> {
  // The lock belongs to this one connection, and goes with it when the process dies.
  const runner = dataSource.createQueryRunner();
  const name = `parley:migrations:${String(dataSource.options.database)}`.slice(0, 64);
  try {
    const rows = (await runner.query('SELECT GET_LOCK(?, ?) AS locked', [name, WAIT_SECONDS])) as {
      locked: unknown;
    }[];
    if (Number(rows[0]?.locked) !== 1) throw new Error('another process holds the migration lock');
    await work();
    await runner.query('SELECT RELEASE_LOCK(?)', [name]);
  } finally {
    await runner.release();
  }
}

/** An exclusive transaction on a file beside the database: the system frees it when its holder dies, however he dies. */
async function underSqliteLock(dataSource: DataSource, work: () => Promise<void>): Promise<void> {
  const file = String(dataSource.options.database);
  if (file === ':memory:') return work();
  const lock = new Database(`${file}.lock`, { timeout: 0 });
  try {
    for (let waited = 0; !tryExclusive(lock); waited += 50) {
      if (waited > WAIT_SECONDS * 1000) throw new Error('another process holds the migration lock');
      await sleep(50);
    }
    await work();
    lock.exec('COMMIT');
  } finally {
    lock.close();
  }
}

function tryExclusive(lock: Database.Database): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return false;
    throw error;
  }
}
