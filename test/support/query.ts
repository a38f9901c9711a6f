import Database from 'libsql';
import { createConnection } from 'mysql2/promise';

/**
 * Looks into a database itself, or changes it, over a connection of its own. Table and column names are those of the
 * migrations.
 */
export async function query<T = any>(
  databaseUrl: string,
  sql: string,
  parameters: unknown[] = [],
): Promise<T[]> {
  return databaseUrl.startsWith('sqlite:')
    ? querySqlite<T>(databaseUrl.replace('sqlite:', ''), sql, parameters)
    : queryMariaDb<T>(databaseUrl, sql, parameters);
}

function querySqlite<T>(file: string, sql: string, parameters: unknown[]): T[] {
  const database = new Database(file, { timeout: 5_000 });
  try {
    const statement = database.prepare(sql);
    if (statement.reader) return statement.all(...parameters) as T[];
    statement.run(...parameters);
    return [];
  } finally {
    database.close();
  }
}

async function queryMariaDb<T>(uri: string, sql: string, parameters: unknown[]): Promise<T[]> {
  const connection = await createConnection({
    uri,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
  });
  try {
    const [rows] = await connection.query(sql, parameters);
    return Array.isArray(rows) ? (rows as T[]) : [];
  } finally {
    await connection.end();
  }
}
