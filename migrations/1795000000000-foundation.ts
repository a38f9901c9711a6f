import {
  type MigrationInterface,
  type QueryRunner,
  Table,
  type TableColumnOptions,
  TableForeignKey,
  TableIndex,
} from 'typeorm';

/** Accounts, logins, bots, topics, prompts, conversations and their messages. */
export class Foundation1795000000000 implements MigrationInterface {
  name = 'Foundation1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    const make = tableMaker(runner);
    await make(users());
    await make(sessions());
    await make(chatbots());
    await make(topics());
    await make(promptScopes());
    await make(prompts());
    await make(conversations());
    await make(messages());
  }

  async down(runner: QueryRunner): Promise<void> {
    const names = [
      'messages',
      'conversations',
      'prompts',
      'prompt_scopes',
      'topics',
      'chatbots',
      'sessions',
      'users',
    ];
    for (const name of names) await runner.dropTable(name);
  }
}

interface TableShape {
  name: string;
  columns: TableColumnOptions[];
  uniques?: [name: string, ...columns: string[]][];
  indices?: [name: string, ...columns: string[]][];
  /** Column → table and what happens to this row when that one goes. */
  references?: [column: string, table: string, onDelete: 'CASCADE' | 'SET NULL'][];
}

function tableMaker(runner: QueryRunner): (shape: TableShape) => Promise<void> {
  const mysql = runner.dataSource.options.type !== 'better-sqlite3';
  const fit = (column: TableColumnOptions): TableColumnOptions => {
    if (column.type === 'id') return { ...column, ...primary, type: mysql ? 'bigint' : 'integer' };
    if (column.type === 'longtext' && !mysql) return { ...column, type: 'text' };
    if (column.type === 'datetime') return { ...column, precision: mysql ? 3 : null } as TableColumnOptions;
    return column;
  };
  return async ({ name, columns, uniques = [], indices = [], references = [] }) => {
    const table = new Table({
      name,
      columns: columns.map(fit),
      indices: [
        ...uniques.map(
          ([index, ...columnNames]) => new TableIndex({ name: index, columnNames, isUnique: true }),
        ),
        ...indices.map(([index, ...columnNames]) => new TableIndex({ name: index, columnNames })),
      ],
      foreignKeys: references.map(
        ([column, referencedTableName, onDelete]) =>
          new TableForeignKey({
            columnNames: [column],
            referencedTableName,
            referencedColumnNames: ['id'],
            onDelete,
            onUpdate: 'NO ACTION',
          }),
      ),
    });
    await runner.createTable(table);
    // Whatever the server's default is: all of Unicode, and compared byte by byte as SQLite does.
    if (mysql)
      await runner.query(`ALTER TABLE \`${name}\` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  };
}

const primary = { isPrimary: true, isGenerated: true, generationStrategy: 'increment' } as const;
const id = (): TableColumnOptions => ({ name: 'id', type: 'id' });
const text = (name: string, length: number): TableColumnOptions => ({
  name,
  type: 'varchar',
  length: String(length),
});
const longText = (name: string): TableColumnOptions => ({ name, type: 'longtext' });
const big = (name: string): TableColumnOptions => ({ name, type: 'bigint' });
const int = (name: string): TableColumnOptions => ({ name, type: 'int' });
const time = (name: string): TableColumnOptions => ({ name, type: 'datetime' });
const orNull = (column: TableColumnOptions): TableColumnOptions => ({ ...column, isNullable: true });
const created = () => time('created_at');
const updated = () => time('updated_at');

const users = (): TableShape => ({
  name: 'users',
  columns: [
    id(),
    text('username', 50),
    text('username_key', 200),
    orNull(text('email', 254)),
    orNull(text('email_key', 254)),
    text('password_hash', 255),
    text('role', 10),
    orNull(time('deactivated_at')),
    created(),
    updated(),
  ],
  uniques: [
    ['uq_users_username', 'username_key'],
    ['uq_users_email', 'email_key'],
  ],
});

const sessions = (): TableShape => ({
  name: 'sessions',
  columns: [
    id(),
    big('user_id'),
    text('family', 36),
    text('refresh_hash', 64),
    time('expires_at'),
    orNull(time('rotated_at')),
    orNull(time('revoked_at')),
    text('user_agent', 255),
    created(),
  ],
  uniques: [['uq_sessions_refresh', 'refresh_hash']],
  indices: [
    ['ix_sessions_user', 'user_id'],
    ['ix_sessions_family', 'family'],
    ['ix_sessions_expires', 'expires_at'],
  ],
  references: [['user_id', 'users', 'CASCADE']],
});

const chatbots = (): TableShape => ({
  name: 'chatbots',
  columns: [
    id(),
    big('owner_id'),
    text('name', 100),
    text('kind', 10),
    orNull(longText('persona')),
    orNull(longText('instructions')),
    orNull(text('model', 100)),
    orNull(text('provider', 20)),
    orNull({ name: 'temperature', type: 'double' }),
    orNull(longText('greeting')),
    orNull(text('reply_language', 20)),
    orNull(time('deleted_at')),
    created(),
    updated(),
  ],
  indices: [['ix_chatbots_owner', 'owner_id', 'id']],
  references: [['owner_id', 'users', 'CASCADE']],
});

const topics = (): TableShape => ({
  name: 'topics',
  columns: [
    id(),
    big('owner_id'),
    text('theme', 200),
    orNull(longText('instructions')),
    orNull(longText('context')),
    orNull(text('preset', 64)),
    created(),
    updated(),
  ],
  indices: [['ix_topics_owner', 'owner_id', 'id']],
  references: [['owner_id', 'users', 'CASCADE']],
});

const promptScopes = (): TableShape => ({
  name: 'prompt_scopes',
  columns: [{ name: 'scope_id', type: 'bigint', isPrimary: true }, orNull(big('owner_id')), int('size')],
  uniques: [['uq_prompt_scopes_owner', 'owner_id']],
  references: [['owner_id', 'users', 'CASCADE']],
});

const prompts = (): TableShape => ({
  name: 'prompts',
  columns: [
    id(),
    orNull(big('owner_id')),
    big('scope_id'),
    int('position'),
    text('title', 200),
    longText('text'),
    longText('tags'),
    created(),
    updated(),
  ],
  uniques: [['uq_prompts_position', 'scope_id', 'position']],
  indices: [['ix_prompts_owner', 'owner_id', 'id']],
  references: [['owner_id', 'users', 'CASCADE']],
});

const conversations = (): TableShape => ({
  name: 'conversations',
  columns: [
    id(),
    big('owner_id'),
    orNull(big('chatbot_id')),
    orNull(big('topic_id')),
    text('title', 500),
    text('title_source', 10),
    orNull(text('external_id', 100)),
    orNull(longText('summary')),
    int('summary_until'),
    int('last_seq'),
    time('last_message_at'),
    created(),
    updated(),
  ],
  uniques: [['uq_conversations_external', 'owner_id', 'external_id']],
  indices: [
    ['ix_conversations_recent', 'owner_id', 'last_message_at', 'id'],
    ['ix_conversations_chatbot', 'chatbot_id'],
    ['ix_conversations_topic', 'topic_id'],
  ],
  references: [
    ['owner_id', 'users', 'CASCADE'],
    ['chatbot_id', 'chatbots', 'SET NULL'],
    ['topic_id', 'topics', 'SET NULL'],
  ],
});

const messages = (): TableShape => ({
  name: 'messages',
  columns: [
    id(),
    big('conversation_id'),
    big('owner_id'),
    int('seq'),
    text('role', 10),
    longText('content'),
    text('status', 12),
    orNull(big('reply_to')),
    orNull(text('idempotency_key', 255)),
    orNull(text('request_hash', 64)),
    orNull(text('error_code', 64)),
    orNull(text('provider_code', 100)),
    orNull(text('provider', 20)),
    orNull(text('model', 100)),
    orNull(int('content_tokens')),
    orNull(int('input_tokens')),
    orNull(int('output_tokens')),
    { name: 'usage_estimated', type: 'boolean' },
    orNull(text('feedback', 4)),
    orNull(big('running_in')),
    orNull(text('lease_owner', 36)),
    orNull(time('lease_expires_at')),
    orNull(time('stop_requested_at')),
    created(),
    orNull(time('finished_at')),
  ],
  uniques: [
    ['uq_messages_seq', 'conversation_id', 'seq'],
    ['uq_messages_idempotency', 'owner_id', 'idempotency_key'],
    ['uq_messages_running', 'running_in'],
  ],
  indices: [
    ['ix_messages_reply_to', 'reply_to'],
    ['ix_messages_lease', 'lease_expires_at'],
    ['ix_messages_lease_owner', 'lease_owner'],
  ],
  references: [
    ['conversation_id', 'conversations', 'CASCADE'],
    ['owner_id', 'users', 'CASCADE'],
  ],
});
