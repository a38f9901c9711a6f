import { QueryFailedError } from 'typeorm';
import type { ProblemCode } from '../common/problem-catalog.js';

/** Codes of mysql2, MySQL, MariaDB and SQLite that say: the database is not there, not that the statement is wrong. */
const UNAVAILABLE = new Set([
  'DATABASE_SILENT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_CON_COUNT_ERROR',
  'ER_HOST_IS_BLOCKED',
  'ER_NORMAL_SHUTDOWN',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_LOCK_WAIT_TIMEOUT',
  'SQLITE_BUSY',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_CANTOPEN',
]);

/** The server was not waited for any longer. What it was asked to do may be done or not. */
export class DatabaseSilentError extends Error {
  readonly code = 'DATABASE_SILENT';

  constructor() {
    super('the database server does not answer');
    this.name = 'DatabaseSilentError';
  }
}

function codeOf(error: unknown): string | undefined {
  const own = (error as { code?: unknown }).code;
  const driver =
    error instanceof QueryFailedError ? (error.driverError as { code?: unknown }).code : undefined;
  const code = driver ?? own;
  return typeof code === 'string' ? code : undefined;
}

/** Whether a unique constraint refused the statement. Which one it was is found out by looking, not from the text. */
export function isUniqueViolation(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === 'ER_DUP_ENTRY' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
  );
}

/** Whether a row that is referred to is gone (deleted by somebody else a moment ago). */
export function isMissingReference(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === 'ER_NO_REFERENCED_ROW_2' ||
    code === 'ER_NO_REFERENCED_ROW' ||
    code === 'SQLITE_CONSTRAINT_FOREIGNKEY'
  );
}

/** Whether the database chose this transaction as the victim of a deadlock: running it again is right. */
export function isDeadlock(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ER_LOCK_DEADLOCK' || code === 'ER_CHECKREAD';
}

/** Whether the error says that the database cannot be reached. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && UNAVAILABLE.has(code);
}

/** What a caller is told of a database error that nobody else has dealt with; undefined where it is our own mistake. */
export function classifyDatabaseFailure(error: unknown): ProblemCode | undefined {
  if (isDatabaseUnavailable(error)) return 'database_unavailable';
  return isMissingReference(error) ? 'not_found' : undefined;
}
