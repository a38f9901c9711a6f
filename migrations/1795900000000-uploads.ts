import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** Lists of what a user has uploaded, and the files of previews. */
export class Uploads1795900000000 implements MigrationInterface {
  name = 'Uploads1795900000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const index of INDICES) await runner.createIndex('stored_files', index);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const index of INDICES) await runner.dropIndex('stored_files', index);
  }
}

const INDICES = [
  new TableIndex({ name: 'ix_stored_files_kind', columnNames: ['owner_id', 'kind', 'id'] }),
  new TableIndex({ name: 'uq_stored_files_preview', columnNames: ['preview_key'], isUnique: true }),
];
