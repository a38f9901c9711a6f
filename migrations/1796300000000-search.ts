import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

const UNINDEXED = new TableIndex({
  name: 'ix_conversations_unindexed',
  columnNames: ['is_indexed', 'last_message_at'],
});

/**
 * By which terms the messages of a conversation are found. What was said before is not indexed here: no conversation is
 * marked as indexed, and processes that run do the rest.
 */
export class Search1796300000000 implements MigrationInterface {
  name = 'Search1796300000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    // Plain statements: TypeORM would build SQLite's table anew for each.
    for (const [name, type] of columns(mysql))
      await runner.query(`ALTER TABLE conversations ADD COLUMN ${name} ${type}`);
    await runner.createIndex('conversations', UNINDEXED);
    await runner.createTable(searchTerms(mysql));
    if (mysql)
      await runner.query('ALTER TABLE `search_terms` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  }

  async down(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.dropTable('search_terms');
    await runner.dropIndex('conversations', UNINDEXED.name!);
    for (const [name] of columns(mysql).toReversed())
      await runner.query(`ALTER TABLE conversations DROP COLUMN ${name}`);
  }
}

const columns = (mysql: boolean): [name: string, type: string][] => [
  ['indexed_seq', 'int NOT NULL DEFAULT 0'],
  ['is_indexed', `${mysql ? 'tinyint' : 'boolean'} NOT NULL DEFAULT 0`],
];

/** The key begins with the conversation: its terms lie together, and its reference needs no index of its own. */
const searchTerms = (mysql: boolean) =>
  new Table({
    name: 'search_terms',
    withoutRowid: !mysql,
    columns: [
      { name: 'conversation_id', type: 'bigint', isPrimary: true },
      { name: 'term', type: 'varchar', length: '40', isPrimary: true },
      { name: 'seq', type: 'int', isPrimary: true },
    ] satisfies TableColumnOptions[],
    foreignKeys: [
      new TableForeignKey({
        columnNames: ['conversation_id'],
        referencedTableName: 'conversations',
        referencedColumnNames: ['id'],
        onDelete: 'CASCADE',
        onUpdate: 'NO ACTION',
      }),
    ],
  });
