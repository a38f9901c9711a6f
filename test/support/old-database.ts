import { createConnection, type RowDataPacket } from 'mysql2/promise';

/** A database as an older backend has left it. */
export class OldDatabase {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Runs statements, one after the other, as a server that lets zero dates in. */
  async run(...statements: string[]): Promise<void> {
    const connection = await createConnection({ uri: this.url, charset: 'utf8mb4' });
    try {
      await connection.query(`SET SESSION sql_mode = ''`);
      for (const sql of statements) await connection.query(sql);
    } finally {
      await connection.end();
    }
  }

  /** Has everybody else wait who reads this table, until what is returned is called. */
  async hold(table: string): Promise<() => Promise<void>> {
    const connection = await createConnection({ uri: this.url });
    await connection.query('LOCK TABLES ?? WRITE', [table]);
    return () => connection.end();
  }

  /** Cuts the connections of everybody else to this database. */
  async killOthers(): Promise<void> {
    const connection = await createConnection({ uri: this.url });
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()',
      );
      for (const { id } of rows) await connection.query(`KILL ${Number(id)}`);
    } finally {
      await connection.end();
    }
  }

  /** Inserts rows that name the same columns. */
  async insert(table: string, rows: Record<string, unknown>[]): Promise<void> {
    const connection = await createConnection({ uri: this.url, charset: 'utf8mb4' });
    try {
      await connection.query(`SET SESSION sql_mode = '', foreign_key_checks = 0`);
      const columns = Object.keys(rows[0]!);
      for (let from = 0; from < rows.length; from += 1_000) {
        const values = rows.slice(from, from + 1_000).map((row) => columns.map((column) => row[column]));
        await connection.query('INSERT INTO ?? (??) VALUES ?', [table, columns, values]);
      }
    } finally {
      await connection.end();
    }
  }
}

/** Django's own table of accounts. */
export const AUTH_USER = `CREATE TABLE auth_user (
  id int AUTO_INCREMENT PRIMARY KEY, password varchar(128) NOT NULL, last_login datetime(6),
  is_superuser tinyint(1) NOT NULL DEFAULT 0, username varchar(150) NOT NULL UNIQUE,
  first_name varchar(150) NOT NULL DEFAULT '', last_name varchar(150) NOT NULL DEFAULT '',
  email varchar(254) NOT NULL DEFAULT '', is_staff tinyint(1) NOT NULL DEFAULT 0,
  is_active tinyint(1) NOT NULL DEFAULT 1, date_joined datetime(6) NOT NULL)`;

export const COMPANION_TABLES = [
  AUTH_USER,
  `CREATE TABLE bots_chatbot (
    id int AUTO_INCREMENT PRIMARY KEY, user_id int, chatbot_name varchar(200), chatbot_type int,
    chatbot_persona longtext, create_at datetime, is_deleted tinyint(1) NOT NULL DEFAULT 0)`,
  `CREATE TABLE chat_chat (
    id int AUTO_INCREMENT PRIMARY KEY, user_id int, chatbot_id int, content longtext, by_user tinyint(1),
    timestamp datetime(6))`,
];

export const TUTOR_TABLES = [
  AUTH_USER,
  `CREATE TABLE topics (
    id bigint AUTO_INCREMENT PRIMARY KEY, user_id int, theme varchar(400), context longtext,
    custom_context longtext)`,
  `CREATE TABLE conversations (
    id bigint AUTO_INCREMENT PRIMARY KEY, topic_id bigint, created_time datetime(6), prompt longtext,
    response longtext, prompt_audio longblob, response_audio longblob, audio_assessment longtext,
    expression_assessment longtext)`,
];

export const NOTEBOOK_TABLES = [
  'CREATE TABLE myapp_account (username varchar(20) PRIMARY KEY, password varchar(20) NOT NULL)',
  `CREATE TABLE myapp_chat (
    chat_id varchar(20) PRIMARY KEY, username_id varchar(20) NOT NULL, chat_title varchar(100) NOT NULL,
    create_time datetime(6))`,
  `CREATE TABLE myapp_message (
    id bigint AUTO_INCREMENT PRIMARY KEY, chat_id varchar(20), chat_type smallint, create_time datetime(6),
    chat_content longtext)`,
  `CREATE TABLE myapp_prompt_fuction (
    id bigint AUTO_INCREMENT PRIMARY KEY, prompt_title varchar(50), prompt_text varchar(200))`,
];

export const ASSISTANT_TABLES = [
  `CREATE TABLE users (
    id int AUTO_INCREMENT PRIMARY KEY, username varchar(50) NOT NULL UNIQUE, password varchar(255) NOT NULL,
    created_at datetime)`,
  `CREATE TABLE conversations (
    id varchar(36) PRIMARY KEY, username varchar(50), name varchar(600), created_at datetime, updated_at datetime)`,
  `CREATE TABLE messages (
    id varchar(36) PRIMARY KEY, conversation_id varchar(36), query longtext, answer longtext, created_at datetime)`,
  `CREATE TABLE message_files (id varchar(36) PRIMARY KEY, message_id varchar(36), type varchar(20), url varchar(255))`,
];
