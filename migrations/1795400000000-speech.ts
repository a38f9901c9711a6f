import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

const TABLES = ['transcriptions', 'transcription_pieces'];

/** What was said in recordings, and what is known of it while it is being found out. */
export class Speech1795400000000 implements MigrationInterface {
  name = 'Speech1795400000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    for (const table of [transcriptions(mysql), pieces(mysql)]) {
      await runner.createTable(table);
      // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
      if (mysql)
        await runner.query(
          `ALTER TABLE \`${table.name}\` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
        );
    }
    // A plain statement: TypeORM would build SQLite's table anew.
    await runner.query('ALTER TABLE usage_days ADD COLUMN audio_ms bigint NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE usage_days DROP COLUMN audio_ms');
    for (const name of TABLES.toReversed()) await runner.dropTable(name);
  }
}

const time = (name: string, mysql: boolean): TableColumnOptions => ({
  name,
  type: 'datetime',
  ...(mysql && { precision: 3 }),
});

const reference = (column: string, table: string, onDelete = 'CASCADE') =>
  new TableForeignKey({
    columnNames: [column],
    referencedTableName: table,
    referencedColumnNames: ['id'],
    onDelete,
    onUpdate: 'NO ACTION',
  });

const longtext = (mysql: boolean) => ({ type: mysql ? 'longtext' : 'text', isNullable: true });

const transcriptions = (mysql: boolean) =>
  new Table({
    name: 'transcriptions',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      { name: 'owner_id', type: 'bigint' },
      { name: 'conversation_id', type: 'bigint', isNullable: true },
      { name: 'file_id', type: 'bigint', isNullable: true },
      { name: 'status', type: 'varchar', length: '10' },
      { name: 'attempt', type: 'int' },
      { name: 'losses', type: 'int' },
      { name: 'lease_owner', type: 'varchar', length: '36', isNullable: true },
      { ...time('due_at', mysql), isNullable: true },
      { name: 'task', type: 'varchar', length: '12' },
      { name: 'language', type: 'varchar', length: '8', isNullable: true },
      { name: 'prompt', ...longtext(mysql) },
      { name: 'wants_words', type: mysql ? 'tinyint' : 'boolean' },
      { name: 'text', ...longtext(mysql) },
      { name: 'detected_language', type: 'varchar', length: '8', isNullable: true },
      { name: 'segments', ...longtext(mysql) },
      { name: 'duration_ms', type: 'bigint', isNullable: true },
      { name: 'progress', type: 'double' },
      { name: 'engine', type: 'varchar', length: '100', isNullable: true },
      { name: 'error_code', type: 'varchar', length: '64', isNullable: true },
      { name: 'idempotency_key', type: 'varchar', length: '255', isNullable: true },
      { name: 'request_hash', type: 'varchar', length: '64', isNullable: true },
      time('created_at', mysql),
      { ...time('finished_at', mysql), isNullable: true },
    ],
    indices: [
      new TableIndex({
        name: 'uq_transcriptions_idempotency',
        columnNames: ['owner_id', 'idempotency_key'],
        isUnique: true,
      }),
      new TableIndex({ name: 'ix_transcriptions_owner_status', columnNames: ['owner_id', 'status'] }),
      new TableIndex({ name: 'ix_transcriptions_status', columnNames: ['status', 'id'] }),
      new TableIndex({ name: 'ix_transcriptions_due', columnNames: ['due_at'] }),
      new TableIndex({ name: 'ix_transcriptions_conversation', columnNames: ['conversation_id'] }),
      new TableIndex({ name: 'ix_transcriptions_file', columnNames: ['file_id'] }),
    ],
    foreignKeys: [
      reference('owner_id', 'users'),
      reference('conversation_id', 'conversations'),
      reference('file_id', 'stored_files', 'SET NULL'),
    ],
  });

const pieces = (mysql: boolean) =>
  new Table({
    name: 'transcription_pieces',
    columns: [
      { name: 'transcription_id', type: 'bigint', isPrimary: true },
      { name: 'idx', type: 'int', isPrimary: true },
      { name: 'start_ms', type: 'bigint' },
      { name: 'end_ms', type: 'bigint' },
      { name: 'result', ...longtext(mysql) },
    ],
    foreignKeys: [reference('transcription_id', 'transcriptions')],
  });
