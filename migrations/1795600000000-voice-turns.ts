import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A topic's own language to answer in. */
export class VoiceTurns1795600000000 implements MigrationInterface {
  name = 'VoiceTurns1795600000000';

  async up(runner: QueryRunner): Promise<void> {
    // A plain statement: TypeORM would build SQLite's table anew.
    await runner.query('ALTER TABLE topics ADD COLUMN reply_language varchar(20) NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE topics DROP COLUMN reply_language');
  }
}
