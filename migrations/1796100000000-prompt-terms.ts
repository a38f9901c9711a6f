import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** What prompts are found by. Those that are there already are entered by the application: it knows their words. */
export class PromptTerms1796100000000 implements MigrationInterface {
  name = 'PromptTerms1796100000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    await runner.createTable(promptTerms());
    await runner.createTable(promptTags());
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      for (const table of ['prompt_terms', 'prompt_tags'])
        await runner.query(`ALTER TABLE ${table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
    // A plain statement: TypeORM would build SQLite's table anew.
    await runner.query(
      `ALTER TABLE prompts ADD COLUMN indexed ${mysql ? 'tinyint' : 'boolean'} NOT NULL DEFAULT 0`,
    );
    await runner.createIndex('prompts', INDEXED);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndex('prompts', INDEXED);
    await runner.query('ALTER TABLE prompts DROP COLUMN indexed');
    await runner.dropTable('prompt_tags');
    await runner.dropTable('prompt_terms');
  }
}

const INDEXED = new TableIndex({ name: 'ix_prompts_indexed', columnNames: ['indexed', 'id'] });

const key = (name: string, type: string, length?: number): TableColumnOptions => ({
  ...{ name, type, isPrimary: true },
  ...(length !== undefined && { length: String(length) }),
});

const scope = () =>
  new TableForeignKey({
    columnNames: ['scope_id'],
    referencedTableName: 'prompt_scopes',
    referencedColumnNames: ['scope_id'],
    onDelete: 'CASCADE',
    onUpdate: 'NO ACTION',
  });

const promptTerms = () =>
  new Table({
    name: 'prompt_terms',
    withoutRowid: true,
    columns: [key('scope_id', 'bigint'), key('term', 'varchar', 120), key('prompt_id', 'bigint')],
    foreignKeys: [scope()],
  });

const promptTags = () =>
  new Table({
    name: 'prompt_tags',
    withoutRowid: true,
    columns: [
      key('scope_id', 'bigint'),
      key('tag_key', 'varchar', 110),
      { name: 'tag', type: 'varchar', length: '50' },
      { name: 'uses', type: 'int' },
    ],
    foreignKeys: [scope()],
  });
