import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';
import { sqliteFile } from '../config/database-url.js';
import type { Env } from '../config/env.js';
import { useSqliteColumnTypes } from './column-types.js';
import { migrate } from './migrate.js';
import { useNumericIds } from './numeric-ids.js';
import { isolateSqlite } from './sqlite-isolation.js';
import { watchServer } from './watched-connections.js';

type Connection = Pick<
  Env,
  'DIALECT' | 'DATABASE_URL' | 'DATA_DIR' | 'DATABASE_POOL_SIZE' | 'DATABASE_STATEMENT_TIMEOUT_MS'
>;
type Entities = (new () => object)[];
type Migrations = (new () => MigrationInterface)[];

/** What a data source is to be, beyond what typeorm knows. */
interface ServerOptions {
  poolSize: number;
  statementTimeoutMs: number;
}

/** The options that the environment asks for. */
export function dataSourceOptions(
  env: Connection,
  entities: Entities,
  migrations: Migrations,
): DataSourceOptions {
  const shared = {
    entities,
    migrations,
    migrationsTableName: 'migrations',
    synchronize: false,
    logging: false as const,
  };
  return {
    ...shared,
    ...(env.DIALECT === 'mysql' ? mysqlOptions(env) : sqliteOptions(env)),
  } as DataSourceOptions;
}

/** A data source over `options`, not connected yet. */
export function createDataSource(options: DataSourceOptions): DataSource {
  if (options.type !== 'better-sqlite3') return new DataSource(options);
  mkdirSync(dirname(String(options.database)), { recursive: true });
  useSqliteColumnTypes();
  const dataSource = new DataSource(options);
  isolateSqlite(dataSource);
  return dataSource;
}

/** Connects, and brings the tables up to date; that may take its time, and only what comes after it is watched over. */
export async function connect(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await createDataSource(options).initialize();
  useNumericIds(dataSource);
  try {
    await migrate(dataSource);
    if (options.type !== 'better-sqlite3') {
      const { poolSize, statementTimeoutMs } = options as unknown as ServerOptions;
      watchServer(dataSource, poolSize, statementTimeoutMs);
    }
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

function mysqlOptions(env: Connection): ServerOptions & Record<string, unknown> {
  return {
    type: env.DATABASE_URL!.startsWith('mariadb:') ? ('mariadb' as const) : ('mysql' as const),
    url: env.DATABASE_URL!,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
    connectTimeout: 2_000,
    // Errors are told by their codes; a stack for every statement would only be for those that fail.
    trace: false,
    poolSize: env.DATABASE_POOL_SIZE,
    statementTimeoutMs: env.DATABASE_STATEMENT_TIMEOUT_MS,
    // Idle connections that a restarted server has closed leave the pool by themselves; the rest is for half-dead ones.
    extra: {
      enableKeepAlive: true,
      keepAliveInitialDelay: 10_000,
      maxIdle: env.DATABASE_POOL_SIZE,
      idleTimeout: 60_000,
    },
  };
}

function sqliteOptions(env: Connection) {
  const database = env.DATABASE_URL ? sqliteFile(env.DATABASE_URL) : join(env.DATA_DIR, 'parley.sqlite');
  return {
    type: 'better-sqlite3' as const,
    driver: Database,
    database,
    enableWAL: true,
    timeout: 5_000,
    // FULL: a commit that was acknowledged is on the disk, also when the machine loses its power.
    prepareDatabase: (connection: { pragma(text: string): void }) => connection.pragma('synchronous = FULL'),
  };
}
