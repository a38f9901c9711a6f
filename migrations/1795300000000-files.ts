import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

const TABLES = ['stored_files', 'blob_removals', 'message_files'];

/** Files of users, the blobs that have to go, and which message carries which file. */
export class Files1795300000000 implements MigrationInterface {
  name = 'Files1795300000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    for (const table of [storedFiles(mysql), blobRemovals(mysql), messageFiles()]) {
      await runner.createTable(table);
      // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
      if (mysql)
        await runner.query(
          `ALTER TABLE \`${table.name}\` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
        );
    }
    // A plain statement: TypeORM would build SQLite's table anew.
    await runner.query(
      `ALTER TABLE messages ADD COLUMN has_files ${mysql ? 'tinyint' : 'boolean'} NOT NULL DEFAULT 0`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE messages DROP COLUMN has_files');
    for (const name of TABLES.toReversed()) await runner.dropTable(name);
  }
}

const time = (name: string, mysql: boolean): TableColumnOptions => ({
  name,
  type: 'datetime',
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

const storedFiles = (mysql: boolean) =>
  new Table({
    name: 'stored_files',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      { name: 'owner_id', type: 'bigint' },
      { name: 'conversation_id', type: 'bigint', isNullable: true },
      { name: 'kind', type: 'varchar', length: '12' },
      { name: 'name', type: 'varchar', length: '255' },
      { name: 'media_type', type: 'varchar', length: '100' },
      { name: 'size', type: 'bigint' },
      { name: 'sha256', type: 'varchar', length: '64' },
      { name: 'storage_key', type: 'varchar', length: '100' },
      time('created_at', mysql),
    ],
    indices: [
      new TableIndex({ name: 'ix_stored_files_owner', columnNames: ['owner_id', 'id'] }),
      new TableIndex({ name: 'ix_stored_files_conversation', columnNames: ['conversation_id'] }),
      new TableIndex({ name: 'uq_stored_files_key', columnNames: ['storage_key'], isUnique: true }),
    ],
    foreignKeys: [reference('owner_id', 'users')],
  });

const blobRemovals = (mysql: boolean) =>
  new Table({
    name: 'blob_removals',
    columns: [
      { name: 'storage_key', type: 'varchar', length: '100', isPrimary: true },
      time('due_at', mysql),
      { name: 'attempts', type: 'int' },
    ],
    indices: [new TableIndex({ name: 'ix_blob_removals_due', columnNames: ['due_at'] })],
  });

const messageFiles = () =>
  new Table({
    name: 'message_files',
    columns: [
      { name: 'message_id', type: 'bigint', isPrimary: true },
      { name: 'file_id', type: 'bigint', isPrimary: true },
      { name: 'position', type: 'int' },
    ],
    indices: [new TableIndex({ name: 'ix_message_files_file', columnNames: ['file_id'] })],
    foreignKeys: [reference('message_id', 'messages'), reference('file_id', 'stored_files')],
  });
