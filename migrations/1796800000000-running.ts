import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** The running conversation of a user with a bot, and on a topic; and conversations by what clients call them. */
export class Running1796800000000 implements MigrationInterface {
  name = 'Running1796800000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    // Plain statements: TypeORM would build SQLite's table anew for each.
    for (const mark of MARKS)
      await runner.query(
        `ALTER TABLE conversations ADD COLUMN ${mark} ${mysql ? 'tinyint' : 'boolean'} NULL`,
      );
    for (const index of indices()) await runner.createIndex('conversations', index);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of indices().toReversed()) await runner.dropIndex('conversations', name!);
    for (const mark of MARKS.toReversed())
      await runner.query(`ALTER TABLE conversations DROP COLUMN ${mark}`);
  }
}

const MARKS = ['running_chatbot', 'running_topic'];

const indices = () => [
  new TableIndex({
    name: 'uq_conversations_running_chatbot',
    columnNames: ['chatbot_id', 'running_chatbot'],
    isUnique: true,
  }),
  new TableIndex({
    name: 'uq_conversations_running_topic',
    columnNames: ['topic_id', 'running_topic'],
    isUnique: true,
  }),
  new TableIndex({ name: 'ix_conversations_title', columnNames: ['title', 'owner_id'] }),
  new TableIndex({ name: 'ix_conversations_external_id', columnNames: ['external_id'] }),
];
