import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** What helps learners: answers whose text is hidden until it is asked for, and reviews of what was said. */
export class Learning1795700000000 implements MigrationInterface {
  name = 'Learning1795700000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.createTable(reviews(mysql));
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      await runner.query('ALTER TABLE `reviews` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
    // A plain statement: TypeORM would build SQLite's table anew.
    await runner.query(`ALTER TABLE messages ADD COLUMN revealed_at datetime${mysql ? '(3)' : ''} NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE messages DROP COLUMN revealed_at');
    await runner.dropTable('reviews');
  }
}

const text = (name: string, length: number, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'varchar', length: String(length), isNullable },
});

const number = (name: string, type: 'bigint' | 'int', isNullable = false): TableColumnOptions => ({
  ...{ name, type, isNullable },
});

const long = (name: string, mysql: boolean): TableColumnOptions => ({
  ...{ name, type: mysql ? 'longtext' : 'text', isNullable: true },
});

const time = (name: string, mysql: boolean, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'datetime', isNullable },
  ...(mysql && { precision: 3 }),
});

const index = (name: string, ...columnNames: string[]) =>
  new TableIndex({ name, columnNames, isUnique: name.startsWith('uq_') });

const reference = (column: string, table: string) =>
  new TableForeignKey({
    columnNames: [column],
    referencedTableName: table,
    referencedColumnNames: ['id'],
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
  });

const reviews = (mysql: boolean) =>
  new Table({
    name: 'reviews',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      ...[number('owner_id', 'bigint'), number('message_id', 'bigint', true)],
      number('transcription_id', 'bigint', true),
      ...[text('kind', 16), text('language', 20), text('status', 10), long('target', mysql)],
      ...[number('attempt', 'int'), number('runs', 'int'), time('due_at', mysql, true)],
      ...[number('reserved_tokens', 'int'), text('reserved_on', 10, true)],
      ...[long('content', mysql), text('error_code', 64, true)],
      ...[text('provider', 20, true), text('model', 100, true)],
      ...[time('created_at', mysql), time('finished_at', mysql, true)],
    ],
    indices: [
      index('uq_reviews_message', 'message_id', 'kind', 'language'),
      index('uq_reviews_transcription', 'transcription_id', 'kind', 'language'),
      index('ix_reviews_owner', 'owner_id'),
      index('ix_reviews_due', 'due_at'),
    ],
    foreignKeys: [
      reference('owner_id', 'users'),
      reference('message_id', 'messages'),
      reference('transcription_id', 'transcriptions'),
    ],
  });
