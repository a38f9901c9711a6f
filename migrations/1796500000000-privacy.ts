import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** What people may ask for of their data: exports of it; and what is looked for when its time is over. */
export class Privacy1796500000000 implements MigrationInterface {
  name = 'Privacy1796500000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.createTable(dataExports(mysql));
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      await runner.query('ALTER TABLE `data_exports` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
    // Plain statements: TypeORM would build SQLite's tables anew.
    await runner.query('CREATE INDEX ix_conversations_last_message ON conversations (last_message_at, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.query(`DROP INDEX ix_conversations_last_message${mysql ? ' ON conversations' : ''}`);
    await runner.dropTable('data_exports');
  }
}

const column = (name: string, type: string, isNullable = false): TableColumnOptions => ({
  ...{ name, type, isNullable },
});

const time = (name: string, mysql: boolean, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'datetime', isNullable },
  ...(mysql && { precision: 3 }),
});

const reference = (name: string, table: string) =>
  new TableForeignKey({
    columnNames: [name],
    referencedTableName: table,
    referencedColumnNames: ['id'],
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
  });

const dataExports = (mysql: boolean) =>
  new Table({
    name: 'data_exports',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      ...[column('owner_id', 'bigint'), column('active_for', 'bigint', true)],
      { ...column('status', 'varchar'), length: '10' },
      ...[column('runs', 'int'), column('progress', 'double'), column('file_id', 'bigint', true)],
      { ...column('error_code', 'varchar', true), length: '64' },
      ...[time('due_at', mysql), time('created_at', mysql)],
      ...[time('finished_at', mysql, true), time('expires_at', mysql, true)],
    ],
    indices: [
      new TableIndex({ name: 'ix_data_exports_owner', columnNames: ['owner_id', 'id'] }),
      new TableIndex({ name: 'uq_data_exports_active', columnNames: ['active_for'], isUnique: true }),
      new TableIndex({ name: 'ix_data_exports_file', columnNames: ['file_id'] }),
      new TableIndex({ name: 'ix_data_exports_due', columnNames: ['due_at'] }),
    ],
    foreignKeys: [reference('owner_id', 'users'), reference('file_id', 'stored_files')],
  });
