import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** What stands around a conversation: archived and pinned ones, comments on answers, suggested next questions. */
export class Talk1796200000000 implements MigrationInterface {
  name = 'Talk1796200000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    // Plain statements: TypeORM would build SQLite's tables anew.
    for (const column of FLAGS)
      await runner.query(
        `ALTER TABLE conversations ADD COLUMN ${column} ${mysql ? 'tinyint' : 'boolean'} NOT NULL DEFAULT 0`,
      );
    await runner.createIndex('conversations', listIndex());
    await runner.query(
      `ALTER TABLE messages ADD COLUMN feedback_comment ${
        mysql ? 'longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : 'text'
      } NULL`,
    );
    await runner.createTable(suggestions(mysql));
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      await runner.query('ALTER TABLE `suggestions` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('suggestions');
    await runner.query('ALTER TABLE messages DROP COLUMN feedback_comment');
    await runner.dropIndex('conversations', listIndex());
    for (const column of FLAGS.toReversed())
      await runner.query(`ALTER TABLE conversations DROP COLUMN ${column}`);
  }
}

const FLAGS = ['archived', 'pinned'];

const listIndex = () =>
  new TableIndex({
    name: 'ix_conversations_list',
    columnNames: ['owner_id', 'pinned', 'archived', 'last_message_at', 'id'],
  });

const time = (name: string, mysql: boolean, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'datetime', isNullable },
  ...(mysql && { precision: 3 }),
});

const reference = (column: string, table: string) =>
  new TableForeignKey({
    columnNames: [column],
    referencedTableName: table,
    referencedColumnNames: ['id'],
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
  });

const suggestions = (mysql: boolean) =>
  new Table({
    name: 'suggestions',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      ...['owner_id', 'message_id'].map((name) => ({ name, type: 'bigint' })),
      { name: 'status', type: 'varchar', length: '10' },
      { name: 'items', type: mysql ? 'longtext' : 'text', isNullable: true },
      { name: 'reason', type: 'varchar', length: '32', isNullable: true },
      { name: 'attempt', type: 'int' },
      ...[time('due_at', mysql, true), time('created_at', mysql)],
    ],
    indices: [
      new TableIndex({ name: 'uq_suggestions_message', columnNames: ['message_id'], isUnique: true }),
      new TableIndex({ name: 'ix_suggestions_owner', columnNames: ['owner_id'] }),
    ],
    foreignKeys: [reference('owner_id', 'users'), reference('message_id', 'messages')],
  });
