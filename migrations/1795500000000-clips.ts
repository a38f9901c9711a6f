import { type MigrationInterface, type QueryRunner, Table, TableForeignKey, TableIndex } from 'typeorm';

/** What was spoken of messages. */
export class Clips1795500000000 implements MigrationInterface {
  name = 'Clips1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.createTable(speechClips(mysql));
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      await runner.query('ALTER TABLE `speech_clips` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('speech_clips');
  }
}

const reference = (column: string, table: string) =>
  new TableForeignKey({
    columnNames: [column],
    referencedTableName: table,
    referencedColumnNames: ['id'],
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
  });

const speechClips = (mysql: boolean) =>
  new Table({
    name: 'speech_clips',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      { name: 'owner_id', type: 'bigint' },
      { name: 'message_id', type: 'bigint' },
      { name: 'part', type: 'int' },
      { name: 'voice', type: 'varchar', length: '60' },
      { name: 'format', type: 'varchar', length: '8' },
      { name: 'file_id', type: 'bigint' },
      { name: 'duration_ms', type: 'int' },
      { name: 'created_at', type: 'datetime', ...(mysql && { precision: 3 }) },
    ],
    indices: [
      new TableIndex({
        name: 'uq_speech_clips_part',
        columnNames: ['message_id', 'part', 'voice', 'format'],
        isUnique: true,
      }),
      new TableIndex({ name: 'ix_speech_clips_owner', columnNames: ['owner_id'] }),
      new TableIndex({ name: 'ix_speech_clips_file', columnNames: ['file_id'] }),
    ],
    foreignKeys: [
      reference('owner_id', 'users'),
      reference('message_id', 'messages'),
      reference('file_id', 'stored_files'),
    ],
  });
