import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Topics on which somebody practises speaking, and recordings that become a message and wait for their answer. */
export class Practice1797000000000 implements MigrationInterface {
  name = 'Practice1797000000000';

  async up(runner: QueryRunner): Promise<void> {
    const type = runner.dataSource.options.type !== 'better-sqlite3' ? 'tinyint' : 'boolean';
    // Plain statements: TypeORM would build SQLite's tables anew.
    await runner.query(`ALTER TABLE topics ADD COLUMN practice ${type} NOT NULL DEFAULT 0`);
    await runner.query(`ALTER TABLE topics ADD COLUMN theme_is_label ${type} NOT NULL DEFAULT 0`);
    await runner.query(`ALTER TABLE voice_turns ADD COLUMN answer ${type} NOT NULL DEFAULT 1`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE voice_turns DROP COLUMN answer');
    await runner.query('ALTER TABLE topics DROP COLUMN theme_is_label');
    await runner.query('ALTER TABLE topics DROP COLUMN practice');
  }
}
