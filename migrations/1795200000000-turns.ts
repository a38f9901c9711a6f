import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

/** Column → what stands behind its name. Added with plain statements: TypeORM would build SQLite's tables anew. */
const COLUMNS: Record<string, Record<string, string>> = {
  messages: {
    on_disconnect: "varchar(8) NOT NULL DEFAULT 'continue'",
    attempt: 'int NOT NULL DEFAULT 0',
    reserved_tokens: 'int NOT NULL DEFAULT 0',
    finish_reason: 'varchar(16) NULL',
  },
  conversations: {
    active_seq: 'int NOT NULL DEFAULT 0',
  },
};

const RUNNING = new TableIndex({
  name: 'ix_messages_owner_running',
  columnNames: ['owner_id', 'running_in'],
});

/** Nobody asks by it, and MariaDB took its locks first for updates by id and owner: turns that ended met in deadlocks. */
const LEASE_OWNER = new TableIndex({ name: 'ix_messages_lease_owner', columnNames: ['lease_owner'] });

const BATCH = 500;

/** What turns need that go on in any process: branches, reservations, and how often a turn was begun. */
export class Turns1795200000000 implements MigrationInterface {
  name = 'Turns1795200000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, columns] of Object.entries(COLUMNS)) {
      for (const [column, definition] of Object.entries(columns))
        await runner.query(`ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`);
    }
    await runner.createIndex('messages', RUNNING);
    await runner.dropIndex('messages', LEASE_OWNER.name!);
    await runner.query('UPDATE conversations SET active_seq = last_seq');
    await tieMessages(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    // On MySQL the index on the owner's keys stands in for the foreign key again.
    await runner.createIndex('messages', LEASE_OWNER);
    await runner.dropIndex('messages', RUNNING.name!);
    await runner.query("UPDATE messages SET reply_to = NULL WHERE role = 'user'");
    for (const [table, columns] of Object.entries(COLUMNS)) {
      for (const column of Object.keys(columns))
        await runner.query(`ALTER TABLE ${table} DROP COLUMN ${column}`);
    }
  }
}

/** What a user said follows the answer before it: the last one of that turn, as the history was read until now. */
async function tieMessages(runner: QueryRunner): Promise<void> {
  for (let after = 0; ;) {
    const prompts: { id: number; previous: number | null }[] = await runner.query(
      `SELECT m.id, (SELECT a.id FROM messages a WHERE a.conversation_id = m.conversation_id AND a.seq < m.seq
                     AND a.role = 'assistant' ORDER BY a.seq DESC LIMIT 1) AS previous
       FROM messages m WHERE m.role = 'user' AND m.id > ? ORDER BY m.id LIMIT ${BATCH}`,
      [after],
    );
    for (const { id, previous } of prompts) {
      if (previous !== null)
        await runner.query('UPDATE messages SET reply_to = ? WHERE id = ?', [previous, id]);
    }
    if (prompts.length < BATCH) return;
    after = prompts.at(-1)!.id;
  }
}
