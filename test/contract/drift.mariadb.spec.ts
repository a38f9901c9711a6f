import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { connectBuilt, driftOf, expectDownAndUp } from '../support/schema-drift.ts';

describe('the migrations on MariaDB', () => {
  let server: MariaDb;
  let dataSource: DataSource;

  beforeAll(async () => {
    server = await startMariaDb();
    const url = await server.createDatabase('drift');
    dataSource = await connectBuilt({ DIALECT: 'mysql', DATABASE_URL: url.replace('mysql:', 'mariadb:') });
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await server?.stop();
  });

  it('make what the entities say', async () => {
    expect(await driftOf(dataSource)).toEqual([]);
  });

  it('make tables for all of Unicode, compared byte by byte, whatever the server’s default is', async () => {
    const [{ charset }] = await dataSource.query('SELECT @@character_set_database AS charset');
    expect(charset).toBe('latin1');
    const columns = await dataSource.query(
      `SELECT CONCAT(table_name, '.', column_name) AS name, character_set_name AS charset, collation_name AS collation
       FROM information_schema.columns
       WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL AND table_name <> 'migrations'`,
    );
    expect(columns.length).toBeGreaterThan(20);
    const others = columns.filter(
      ({ charset: own, collation }: { charset: string; collation: string }) =>
        own !== 'utf8mb4' || !collation.endsWith('_bin'),
    );
    expect(others).toEqual([]);
  });

  it('make tables of InnoDB, with their references and times to the millisecond', async () => {
    const engines = await dataSource.query(
      `SELECT DISTINCT engine AS engine FROM information_schema.tables WHERE table_schema = DATABASE()`,
    );
    expect(engines.map(({ engine }: { engine: string }) => engine)).toEqual(['InnoDB']);
    const times = await dataSource.query(
      `SELECT CONCAT(table_name, '.', column_name) AS name FROM information_schema.columns
       WHERE table_schema = DATABASE() AND data_type = 'datetime' AND datetime_precision <> 3`,
    );
    expect(times).toEqual([]);
    const owners = await dataSource.query(
      `SELECT table_name AS name FROM information_schema.columns
       WHERE table_schema = DATABASE() AND column_name IN ('owner_id', 'user_id') AND table_name NOT IN (
         SELECT table_name FROM information_schema.referential_constraints
         WHERE constraint_schema = DATABASE() AND referenced_table_name = 'users' AND delete_rule = 'CASCADE')`,
    );
    expect(owners).toEqual([]);
  });

  it('can be taken back, and run again', async () => {
    await expectDownAndUp(dataSource, async () => {
      const rows = await dataSource.query(
        'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1',
      );
      return rows.map(({ name }: { name: string }) => name);
    });
    expect(await driftOf(dataSource)).toEqual([]);
  });
});
