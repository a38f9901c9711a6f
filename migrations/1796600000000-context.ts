import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a conversation's messages carry documents: one without any is read without a look for them. */
export class Context1796600000000 implements MigrationInterface {
  name = 'Context1796600000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    const type = mysql ? 'tinyint' : 'boolean';
    // A plain statement: TypeORM would build SQLite's table anew.
    await runner.query(`ALTER TABLE conversations ADD COLUMN has_documents ${type} NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE conversations DROP COLUMN has_documents');
  }
}
