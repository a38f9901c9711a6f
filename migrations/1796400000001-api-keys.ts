import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** Keys by which machines act for a user. */
export class ApiKeys1796400000001 implements MigrationInterface {
  name = 'ApiKeys1796400000001';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.createTable(apiKeys(mysql));
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      await runner.query('ALTER TABLE `api_keys` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('api_keys');
  }
}

const text = (name: string, length: number): TableColumnOptions => ({
  ...{ name, type: 'varchar', length: String(length) },
});

const time = (name: string, mysql: boolean, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'datetime', isNullable },
  ...(mysql && { precision: 3 }),
});

const apiKeys = (mysql: boolean) =>
  new Table({
    name: 'api_keys',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      { name: 'user_id', type: 'bigint' },
      ...[text('name', 100), text('scopes', 50), text('secret_hash', 64), text('hint', 20)],
      ...[time('expires_at', mysql, true), time('last_used_at', mysql, true), time('created_at', mysql)],
    ],
    indices: [
      new TableIndex({ name: 'ix_api_keys_user', columnNames: ['user_id', 'id'] }),
      new TableIndex({ name: 'uq_api_keys_secret', columnNames: ['secret_hash'], isUnique: true }),
    ],
    foreignKeys: [
      new TableForeignKey({
        columnNames: ['user_id'],
        referencedTableName: 'users',
        referencedColumnNames: ['id'],
        onDelete: 'CASCADE',
        onUpdate: 'NO ACTION',
      }),
    ],
  });
