import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** Prompts by their titles: whether a library has one already. */
export class PromptTitles1797100000000 implements MigrationInterface {
  name = 'PromptTitles1797100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createIndex('prompts', TITLES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndex('prompts', TITLES);
  }
}

const TITLES = new TableIndex({ name: 'ix_prompts_title', columnNames: ['scope_id', 'title'] });
