import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/child.ts';
import { connectBuilt, expectDownAndUp } from '../support/schema-drift.ts';

describe('the migrations on SQLite', () => {
  let dataSource: DataSource;

  beforeAll(async () => {
    const file = join(temporaryFolder('sqlite'), 'drift.sqlite');
    dataSource = await connectBuilt({ DIALECT: 'sqlite', DATABASE_URL: `sqlite:${file}` });
  });

  afterAll(() => dataSource?.destroy());

  // SQLite's types are names only: `int` and `integer` are no drift. What counts there is the same by name.
  it('make the columns, indices and references that the entities name', async () => {
    for (const entity of dataSource.entityMetadatas) {
      const pragma = <T>(what: string): Promise<T[]> => dataSource.query(`PRAGMA ${what}`);
      const columns = await pragma<{ name: string; notnull: number }>(`table_info(${entity.tableName})`);
      const nullable = columns.map(({ name, notnull }) => `${name} ${Number(notnull) === 0}`).toSorted();
      const declared = entity.columns.map(({ databaseName, isNullable }) => `${databaseName} ${isNullable}`);
      expect([entity.tableName, nullable]).toEqual([entity.tableName, declared.toSorted()]);

      const indices = await pragma<{ name: string; unique: number; origin: string }>(
        `index_list(${entity.tableName})`,
      );
      const made = await Promise.all(
        indices
          .filter(({ origin }) => origin !== 'pk')
          .map(async ({ name, unique }) => {
            const parts = await pragma<{ name: string }>(`index_info(${name})`);
            return `${name} ${Number(unique)} ${parts.map((part) => part.name).join()}`;
          }),
      );
      const indexed = entity.indices.map(
        ({ name, isUnique, columns: parts }) =>
          `${name} ${Number(isUnique)} ${parts.map(({ databaseName }) => databaseName).join()}`,
      );
      expect(made.toSorted()).toEqual(indexed.toSorted());

      const keys = await pragma<{ from: string; table: string; on_delete: string }>(
        `foreign_key_list(${entity.tableName})`,
      );
      const references = entity.foreignKeys.map(
        ({ columnNames, referencedEntityMetadata, onDelete }) =>
          `${columnNames.join()} ${referencedEntityMetadata.tableName} ${onDelete}`,
      );
      expect(keys.map(({ from, table, on_delete: gone }) => `${from} ${table} ${gone}`).toSorted()).toEqual(
        references.toSorted(),
      );
    }
  });

  it('make tables whose references hold', async () => {
    const [{ foreign_keys: holds }] = await dataSource.query('PRAGMA foreign_keys');
    expect(Number(holds)).toBe(1);
    expect(await dataSource.query('PRAGMA foreign_key_check')).toEqual([]);
  });

  it('can be taken back, and run again', async () => {
    await expectDownAndUp(dataSource, async () => {
      const rows = await dataSource.query(
        `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
      );
      return rows.map(({ name }: { name: string }) => name);
    });
  });
});
