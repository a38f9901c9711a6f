import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

const TABLES = ['import_sources', 'import_marks', 'imported_accounts'];

/** What was brought over from older backends, so that bringing it over again brings what is new. */
export class Imports1796900000000 implements MigrationInterface {
  name = 'Imports1796900000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    for (const table of [sources(mysql), marks(mysql), accounts(mysql)]) {
      await runner.createTable(table);
      // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
      if (mysql)
        await runner.query(
          `ALTER TABLE \`${table.name}\` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
        );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of TABLES.toReversed()) await runner.dropTable(name);
  }
}

const time = (name: string, mysql: boolean, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'datetime', isNullable },
  ...(mysql && { precision: 3 }),
});

const text = (name: string, length: number, more: Partial<TableColumnOptions> = {}): TableColumnOptions => ({
  ...{ name, type: 'varchar', length: String(length) },
  ...more,
});

const key = { isPrimary: true };

const reference = (column: string, table: string) =>
  new TableForeignKey({
    columnNames: [column],
    referencedTableName: table,
    referencedColumnNames: ['id'],
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
  });

const sources = (mysql: boolean) =>
  new Table({
    name: 'import_sources',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      ...[text('surface', 12), text('name', 350), text('lease_owner', 36, { isNullable: true })],
      ...[time('lease_expires_at', mysql, true), time('created_at', mysql)],
      time('completed_at', mysql, true),
    ],
    indices: [
      new TableIndex({ name: 'uq_import_sources_name', columnNames: ['surface', 'name'], isUnique: true }),
    ],
  });

/** Its key begins with the source: its reference needs no index of its own. */
const marks = (mysql: boolean) =>
  new Table({
    name: 'import_marks',
    withoutRowid: !mysql,
    columns: [
      { name: 'source_id', type: 'bigint', ...key },
      ...[text('kind', 12, key), text('old_key', 191, key)],
      ...[
        { name: 'new_id', type: 'bigint' },
        { name: 'owner_id', type: 'bigint', isNullable: true },
      ],
      text('reached', 255, { isNullable: true }),
    ],
    indices: [new TableIndex({ name: 'ix_import_marks_owner', columnNames: ['owner_id'] })],
    foreignKeys: [reference('source_id', 'import_sources'), reference('owner_id', 'users')],
  });

const accounts = (mysql: boolean) =>
  new Table({
    name: 'imported_accounts',
    withoutRowid: !mysql,
    columns: [{ name: 'source_id', type: 'bigint', ...key }, text('key_hash', 64, key)],
    foreignKeys: [reference('source_id', 'import_sources')],
  });
