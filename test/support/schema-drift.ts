import type { DataSource } from 'typeorm';
import { expect } from 'vitest';

interface Variables {
  DIALECT: 'sqlite' | 'mysql';
  DATABASE_URL: string;
}

/**
 * Connects as the built application does, migrations included. Only one dialect in a process: the entities' column
 * types are fitted to the first.
 */
export async function connectBuilt(variables: Variables): Promise<DataSource> {
  const { connect, dataSourceOptions } = await import('../../dist/src/database/data-source.js' as string);
  const { ENTITIES, MIGRATIONS } = await import('../../dist/src/app.module.js' as string);
  const env = { ...variables, DATA_DIR: '.', DATABASE_POOL_SIZE: 5, DATABASE_STATEMENT_TIMEOUT_MS: 30_000 };
  return connect(dataSourceOptions(env, ENTITIES, MIGRATIONS));
}

/** The statements that would make the tables what the entities say: none, where the migrations did. */
export async function driftOf(dataSource: DataSource): Promise<string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}

/** Takes every migration back, and runs them all again. */
export async function expectDownAndUp(
  dataSource: DataSource,
  tableNames: () => Promise<string[]>,
): Promise<void> {
  const tables = await tableNames();
  expect(tables.length).toBeGreaterThan(5);
  const count = dataSource.migrations.length;
  for (let undone = 0; undone < count; undone += 1)
    await dataSource.undoLastMigration({ transaction: 'each' });
  expect(await tableNames()).toEqual(['migrations']);
  expect(await dataSource.runMigrations({ transaction: 'each' })).toHaveLength(count);
  expect(await tableNames()).toEqual(tables);
}
