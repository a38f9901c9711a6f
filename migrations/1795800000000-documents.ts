import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** What is known of pictures and documents, and the text of documents in passages. */
export class Documents1795800000000 implements MigrationInterface {
  name = 'Documents1795800000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    // Plain statements: TypeORM would build SQLite's table anew for each.
    for (const column of columns(mysql))
      await runner.query(`ALTER TABLE stored_files ADD COLUMN ${column.name} ${column.type}`);
    for (const index of INDICES) await runner.createIndex('stored_files', index);
    await runner.createTable(filePassages(mysql));
    if (mysql)
      await runner.query('ALTER TABLE `file_passages` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  }

  async down(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.dropTable('file_passages');
    for (const index of INDICES) await runner.dropIndex('stored_files', index);
    for (const { name } of columns(mysql).toReversed())
      await runner.query(`ALTER TABLE stored_files DROP COLUMN ${name}`);
  }
}

const columns = (mysql: boolean): { name: string; type: string }[] => {
  const text = (length: number) =>
    `varchar(${length}) ${mysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ' : ''}NULL`;
  return [
    { name: 'content_key', type: text(64) },
    { name: 'extraction', type: text(12) },
    { name: 'extraction_error', type: text(50) },
    { name: 'extraction_attempt', type: 'int NOT NULL DEFAULT 0' },
    { name: 'extraction_due_at', type: mysql ? 'datetime(3) NULL' : 'datetime NULL' },
    ...['pages', 'width', 'height'].map((name) => ({ name, type: 'int NULL' })),
    { name: 'preview_key', type: text(100) },
  ];
};

const INDICES = [
  new TableIndex({
    name: 'uq_stored_files_content',
    columnNames: ['owner_id', 'content_key'],
    isUnique: true,
  }),
  new TableIndex({ name: 'ix_stored_files_extraction', columnNames: ['extraction_due_at'] }),
];

const filePassages = (mysql: boolean) =>
  new Table({
    name: 'file_passages',
    columns: [
      {
        ...{ name: 'id', type: mysql ? 'bigint' : 'integer' },
        ...{ isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      },
      { name: 'file_id', type: 'bigint' },
      { name: 'seq', type: 'int' },
      { name: 'page', type: 'int', isNullable: true },
      { name: 'label', type: 'varchar', length: '200', isNullable: true },
      { name: 'text', type: mysql ? 'longtext' : 'text' },
      { name: 'tokens', type: 'int' },
    ] satisfies TableColumnOptions[],
    indices: [
      new TableIndex({ name: 'uq_file_passages_place', columnNames: ['file_id', 'seq'], isUnique: true }),
    ],
    foreignKeys: [
      new TableForeignKey({
        columnNames: ['file_id'],
        referencedTableName: 'stored_files',
        referencedColumnNames: ['id'],
        onDelete: 'CASCADE',
        onUpdate: 'NO ACTION',
      }),
    ],
  });
