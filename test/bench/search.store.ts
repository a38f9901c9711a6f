import Database from 'libsql';
import { type Connection, createConnection } from 'mysql2/promise';

/** Fills tables faster than the API does. */
export interface BulkStore {
  /** As typeorm names it. */
  readonly type: 'better-sqlite3' | 'mysql';
  /** @param rows values in the order of the columns */
  insert(table: string, columns: string[], rows: unknown[][]): Promise<void>;
  /** Whatever stands behind a number of inserts. */
  commit(): Promise<void>;
  query<T>(sql: string, values?: unknown[]): Promise<T[]>;
  explain(sql: string, values: unknown[]): Promise<string[]>;
  close(): Promise<void>;
}

export function openStore(url: string): Promise<BulkStore> {
  return url.startsWith('sqlite:') ? Promise.resolve(new SqliteStore(url)) : MariaDbStore.open(url);
}

class SqliteStore implements BulkStore {
  readonly type = 'better-sqlite3';
  private readonly database: Database.Database;
  private isOpen = false;

  constructor(url: string) {
    this.database = new Database(url.replace('sqlite:', ''), { timeout: 60_000 });
    this.database.exec('PRAGMA synchronous = OFF');
    this.database.exec('PRAGMA cache_size = -200000');
  }

  insert(table: string, columns: string[], rows: unknown[][]): Promise<void> {
    if (!this.isOpen) this.database.exec('BEGIN IMMEDIATE');
    this.isOpen = true;
    const marks = columns.map(() => '?').join(', ');
    const statement = this.database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`);
    for (const row of rows) statement.run(...row);
    return Promise.resolve();
  }

  commit(): Promise<void> {
    if (this.isOpen) this.database.exec('COMMIT');
    this.isOpen = false;
    return Promise.resolve();
  }

  query<T>(sql: string, values: unknown[] = []): Promise<T[]> {
    return Promise.resolve(this.database.prepare(sql).all(...values) as T[]);
  }

  async explain(sql: string, values: unknown[]): Promise<string[]> {
    const rows = await this.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, values);
    return rows.map(({ detail }) => detail);
  }

  close(): Promise<void> {
    this.database.close();
    return Promise.resolve();
  }
}

const ROWS_PER_STATEMENT = 5_000;

class MariaDbStore implements BulkStore {
  readonly type = 'mysql';
  private readonly connection: Connection;

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  static async open(uri: string): Promise<MariaDbStore> {
    const connection = await createConnection({ uri, charset: 'utf8mb4', timezone: 'Z' });
    // The server of the tests has 64 MiB: less than the index of a million messages by far.
    await connection.query(`SET GLOBAL innodb_buffer_pool_size = ${1024 ** 3}`);
    await connection.query('SET unique_checks = 0, foreign_key_checks = 0, autocommit = 0');
    return new MariaDbStore(connection);
  }

  async insert(table: string, columns: string[], rows: unknown[][]): Promise<void> {
    for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
      await this.connection.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [
        rows.slice(from, from + ROWS_PER_STATEMENT),
      ]);
    }
  }

  async commit(): Promise<void> {
    await this.connection.commit();
  }

  async query<T>(sql: string, values: unknown[] = []): Promise<T[]> {
    const [rows] = await this.connection.query(sql, values);
    return rows as T[];
  }

  async explain(sql: string, values: unknown[]): Promise<string[]> {
    const rows = await this.query<Record<string, unknown>>(`EXPLAIN ${sql}`, values);
    return rows.map(({ select_type, table, type, key, key_len, rows: count, Extra }) =>
      [select_type, table, type, key, key_len, `${String(count)} rows`, Extra].join(' | '),
    );
  }

  close(): Promise<void> {
    return this.connection.end();
  }
}
