import { inject } from 'vitest';
import { createDatabase, type MariaDb, startMariaDb } from './mariadb.ts';
import { OldDatabase } from './old-database.ts';

let own: MariaDb | undefined;

/** An empty database of an older backend, on the server of the tests, or where they have none on one of its own. */
export async function oldDatabase(name: string): Promise<OldDatabase> {
  const given = inject('mariadb');
  if (given === '') own ??= await startMariaDb();
  const url = await createDatabase(given === '' ? own!.url() : given, name);
  await new OldDatabase(url).run(`ALTER DATABASE ${name} CHARACTER SET utf8mb4`);
  return new OldDatabase(url);
}

/** To be called when the file's tests are done. */
export async function stopOldServer(): Promise<void> {
  await own?.stop();
  own = undefined;
}
