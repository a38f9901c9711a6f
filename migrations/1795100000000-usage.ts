import { type MigrationInterface, type QueryRunner, Table, TableForeignKey } from 'typeorm';

/** What each user has used, by day. */
export class Usage1795100000000 implements MigrationInterface {
  name = 'Usage1795100000000';

  async up(runner: QueryRunner): Promise<void> {
    const counts = ['input_tokens', 'output_tokens', 'estimated_tokens', 'reserved_tokens'];
    const table = new Table({
      name: 'usage_days',
      columns: [
        { name: 'user_id', type: 'bigint', isPrimary: true },
        { name: 'day', type: 'varchar', length: '10', isPrimary: true },
        { name: 'requests', type: 'int' },
        ...counts.map((name) => ({ name, type: 'bigint' })),
      ],
      foreignKeys: [
        new TableForeignKey({
          columnNames: ['user_id'],
          referencedTableName: 'users',
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
          onUpdate: 'NO ACTION',
        }),
      ],
    });
    await runner.createTable(table);
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (runner.dataSource.options.type !== 'better-sqlite3')
      await runner.query('ALTER TABLE `usage_days` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('usage_days');
  }
}
