import { createRequire } from 'node:module';
import { Mutex, type MutexInterface } from 'async-mutex';
import type { DataSource, Driver, ObjectLiteral, QueryRunner } from 'typeorm';

// Not a part of typeorm's main entry; its query runner is what gives every adapter its behaviour.
const require = createRequire(import.meta.url);
const { BetterSqlite3QueryRunner } = require('typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js') as {
  BetterSqlite3QueryRunner: new (driver: unknown) => QueryRunner & { stmtCache: Map<string, unknown> };
};

/** What typeorm's query runner keeps, and its interface shows read-only or not at all. */
interface TransactionState {
  isTransactionActive: boolean;
  transactionDepth: number;
  driver: { databaseConnection: { inTransaction: boolean } };
}

/**
 * A query runner of its own for every caller, over the one SQLite connection. The mutex is held from BEGIN to
 * COMMIT or ROLLBACK, and around each statement outside a transaction: so nobody's statement falls into somebody
 * else's transaction, and nobody else's rollback takes back what was acknowledged. Code inside a transaction must
 * use that transaction's manager only: another runner would wait for the mutex for ever.
 */
class IsolatedQueryRunner extends BetterSqlite3QueryRunner {
  private unlock: MutexInterface.Releaser | undefined;

  constructor(
    driver: unknown,
    private readonly mutex: Mutex,
    statements: Map<string, unknown>,
  ) {
    super(driver);
    this.stmtCache = statements;
  }

  override async query<T>(sql: string, parameters?: unknown[], structured?: boolean): Promise<T> {
    // IMMEDIATE: takes the write lock at once, so that a second process waits instead of failing at its first write.
    const text = sql === 'BEGIN TRANSACTION' ? 'BEGIN IMMEDIATE TRANSACTION' : sql;
    const run = () => super.query(text, bindable(parameters) as never, structured as never) as Promise<T>;
    return this.unlock ? run() : this.mutex.runExclusive(run);
  }

  override async startTransaction(isolation?: Parameters<QueryRunner['startTransaction']>[0]): Promise<void> {
    this.unlock ??= await this.mutex.acquire();
    try {
      await super.startTransaction(isolation);
    } catch (error) {
      // A BEGIN that failed leaves typeorm thinking that it is inside a transaction.
      const state = this as unknown as TransactionState;
      if (state.transactionDepth === 0) state.isTransactionActive = false;
      this.unlockWhenIdle();
      throw error;
    }
  }

  override async commitTransaction(): Promise<void> {
    await super.commitTransaction();
    this.unlockWhenIdle();
  }

  override async rollbackTransaction(): Promise<void> {
    try {
      await super.rollbackTransaction();
    } catch (error) {
      this.forgetEndedTransaction();
      throw error;
    } finally {
      this.unlockWhenIdle();
    }
  }

  override async release(): Promise<void> {
    if (this.isTransactionActive) await this.rollbackTransaction();
    await super.release();
  }

  /** SQLite ends a transaction by itself when the disk is full or fails; typeorm still thinks that it is inside. */
  private forgetEndedTransaction(): void {
    const state = this as unknown as TransactionState;
    if (state.driver.databaseConnection.inTransaction) return;
    state.isTransactionActive = false;
    state.transactionDepth = 0;
  }

  private unlockWhenIdle(): void {
    if (this.isTransactionActive) return;
    this.unlock?.();
    this.unlock = undefined;
  }
}

/** libsql takes a single argument that is an object (null is one) for the list of parameters itself. */
function bindable(parameters: unknown[] | undefined): unknown[] | undefined {
  return parameters?.length === 1 && typeof parameters[0] === 'object' ? [parameters] : parameters;
}

/** Gives a SQLite data source its own isolation; to be called before `initialize`. */
export function isolateSqlite(dataSource: DataSource): void {
  const mutex = new Mutex();
  const statements = new Map<string, unknown>();
  const { driver } = dataSource;
  bindNumbers(driver);
  driver.createQueryRunner = () => new IsolatedQueryRunner(driver, mutex, statements);
}

/** A number on its way through typeorm. */
class Bound {
  constructor(readonly value: number) {}
}

/**
 * typeorm writes numbers into SQLite's statements: each id makes a statement of its own, to be prepared anew, and the
 * cache of prepared ones is of no use. Wrapped, they are bound like any other value.
 */
function bindNumbers(driver: Driver): void {
  const escape = driver.escapeQueryWithParameters.bind(driver);
  driver.escapeQueryWithParameters = (sql, parameters) => {
    const wrapped = Object.entries(parameters ?? {}).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'number' ? new Bound(value) : value,
    ]);
    const [text, values] = escape(sql, Object.fromEntries(wrapped) as ObjectLiteral);
    return [text, values.map((value: unknown) => (value instanceof Bound ? value.value : value))];
  };
}
