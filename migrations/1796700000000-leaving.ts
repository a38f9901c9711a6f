import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

const LEAVING = new TableIndex({ name: 'ix_users_leaving', columnNames: ['leaving_due_at'] });

/** Accounts that are being deleted: what belongs to them goes in many steps, and the row last. */
export class Leaving1796700000000 implements MigrationInterface {
  name = 'Leaving1796700000000';

  async up(runner: QueryRunner): Promise<void> {
    const mysql = runner.dataSource.options.type !== 'better-sqlite3';
    // A plain statement: TypeORM would build SQLite's table anew.
    await runner.query(
      `ALTER TABLE users ADD COLUMN leaving_due_at ${mysql ? 'datetime(3)' : 'datetime'} NULL`,
    );
    await runner.createIndex('users', LEAVING);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndex('users', LEAVING.name!);
    await runner.query('ALTER TABLE users DROP COLUMN leaving_due_at');
  }
}
