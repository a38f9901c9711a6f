import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** Turns that begin with a recording, and a topic's own language to answer in. */
export class VoiceTurns1795600000000 implements MigrationInterface {
  name = 'VoiceTurns1795600000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.createTable(voiceTurns(mysql));
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      await runner.query('ALTER TABLE `voice_turns` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
    // A plain statement: TypeORM would build SQLite's table anew.
    await runner.query('ALTER TABLE topics ADD COLUMN reply_language varchar(20) NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE topics DROP COLUMN reply_language');
    await runner.dropTable('voice_turns');
  }
}

const text = (name: string, length: number, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'varchar', length: String(length), isNullable },
});

const time = (name: string, mysql: boolean, isNullable = false): TableColumnOptions => ({
  ...{ name, type: 'datetime', isNullable },
  ...(mysql && { precision: 3 }),
});

const number = (name: string, type: 'bigint' | 'int', isNullable = false): TableColumnOptions => ({
  ...{ name, type, isNullable },
});

const index = (name: string, ...columnNames: string[]) =>
  new TableIndex({ name, columnNames, isUnique: name.startsWith('uq_') });

const reference = (column: string, table: string, onDelete = 'CASCADE') =>
  new TableForeignKey({
    columnNames: [column],
    referencedTableName: table,
    referencedColumnNames: ['id'],
    onDelete,
    onUpdate: 'NO ACTION',
  });

const voiceTurns = (mysql: boolean) =>
  new Table({
    name: 'voice_turns',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      ...[number('owner_id', 'bigint'), number('conversation_id', 'bigint')],
      ...[number('transcription_id', 'bigint', true), number('user_message_id', 'bigint', true)],
      ...[number('assistant_message_id', 'bigint', true), text('status', 12)],
      ...[number('active_in', 'bigint', true), { name: 'speak', type: mysql ? 'tinyint' : 'boolean' }],
      ...[text('voice', 60, true), text('format', 8), number('reply_to', 'bigint', true)],
      ...[text('on_disconnect', 8), number('sentences', 'int')],
      ...[text('error_code', 64, true), text('speech_error_code', 64, true)],
      ...[text('idempotency_key', 255, true), text('request_hash', 64, true)],
      ...[number('attempt', 'int'), text('lease_owner', 36, true)],
      ...[time('due_at', mysql, true), time('stop_requested_at', mysql, true)],
      ...[time('created_at', mysql), time('finished_at', mysql, true)],
    ],
    indices: [
      index('uq_voice_turns_idempotency', 'owner_id', 'idempotency_key'),
      index('ix_voice_turns_conversation', 'conversation_id'),
      index('uq_voice_turns_transcription', 'transcription_id'),
      index('ix_voice_turns_answer', 'assistant_message_id'),
      index('uq_voice_turns_active', 'active_in'),
      index('ix_voice_turns_due', 'due_at'),
    ],
    foreignKeys: [
      reference('owner_id', 'users'),
      reference('conversation_id', 'conversations'),
      reference('transcription_id', 'transcriptions', 'SET NULL'),
    ],
  });
