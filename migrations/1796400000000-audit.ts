import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** What happened to accounts: logins, changes, keys. */
export class Audit1796400000000 implements MigrationInterface {
  name = 'Audit1796400000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.createTable(auditEvents(mysql));
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      await runner.query('ALTER TABLE `audit_events` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('audit_events');
  }
}

const text = (name: string, length: number, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'varchar', length: String(length), isNullable },
});

const number = (name: string, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'bigint', isNullable },
});

const index = (name: string, ...columnNames: string[]) => new TableIndex({ name, columnNames });

const user = (column: string, onDelete: string) =>
  new TableForeignKey({
    columnNames: [column],
    referencedTableName: 'users',
    referencedColumnNames: ['id'],
    onDelete,
    onUpdate: 'NO ACTION',
  });

const auditEvents = (mysql: boolean) =>
  new Table({
    name: 'audit_events',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      ...[number('user_id'), number('actor_id', true), text('type', 40)],
      ...[text('address', 45, true), text('user_agent', 255, true)],
      ...[number('session_id', true), number('api_key_id', true)],
      { name: 'details', type: mysql ? 'longtext' : 'text', isNullable: true },
      { name: 'created_at', type: 'datetime', ...(mysql && { precision: 3 }) },
    ],
    indices: [
      index('ix_audit_events_user', 'user_id', 'id'),
      index('ix_audit_events_type', 'user_id', 'type', 'id'),
      index('ix_audit_events_actor', 'actor_id'),
      index('ix_audit_events_created', 'created_at'),
    ],
    foreignKeys: [user('user_id', 'CASCADE'), user('actor_id', 'SET NULL')],
  });
