import { createRequire } from 'node:module';
import { TLSSocket } from 'node:tls';
import type { ConnectionOptions, PoolConnection } from 'mysql2';
import type { DataSource, QueryRunner } from 'typeorm';
import { serverAt, socketOf } from './ask-server.js';
import { DatabaseSilentError } from './failures.js';
import { ServerWatch } from './server-watch.js';

// Not a part of typeorm's main entry; its query runner is what gives every adapter its behaviour.
const require = createRequire(import.meta.url);
const { MysqlQueryRunner } = require('typeorm/driver/mysql/MysqlQueryRunner.js') as {
  MysqlQueryRunner: new (driver: unknown, mode: string) => QueryRunner;
};

/** What typeorm's driver has, and its interface does not show. */
interface MysqlDriver {
  options: unknown;
  createConnectionOptions(options: unknown, credentials: unknown): ConnectionOptions;
  obtainMasterConnection(): Promise<PoolConnection>;
  createQueryRunner(mode: string): QueryRunner;
  disconnect(): Promise<void>;
}

/**
 * The connections of a pool, each lent to one query runner at a time. Whoever waits for one stands in a line here: the
 * pool's own line has no end to the waiting, and opens a connection for each that has left it.
 */
export class WatchedConnections {
  private readonly line = new Set<() => void>();
  private readonly seen = new WeakMap<PoolConnection, number>();

  constructor(
    private readonly obtain: () => Promise<PoolConnection>,
    private free: number,
    private readonly watch: ServerWatch,
  ) {}

  /** @throws an error that says that the database is away, where none is to be had */
  async take(): Promise<PoolConnection> {
    this.watch.assertAnswering();
    await this.turn();
    try {
      return await this.watch.during(
        () => this.trusted(),
        () => undefined,
      );
    } catch (error) {
      this.next();
      throw error;
    }
  }

  /** Does `work` on the connection. One that is given up is closed, and not used again. */
  async use<T>(connection: PoolConnection, work: () => Promise<T>): Promise<T> {
    if (socketOf(connection).destroyed) throw new DatabaseSilentError();
    try {
      this.watch.assertAnswering();
    } catch (error) {
      this.giveUp(connection);
      throw error;
    }
    const result = await this.watch.during(work, () => this.giveUp(connection));
    this.watch.hear();
    return result;
  }

  /** @param isClean nothing on it is left open */
  giveBack(connection: PoolConnection, isClean: boolean): void {
    if (isClean) connection.release();
    else this.giveUp(connection);
    this.next();
  }

  private giveUp(connection: PoolConnection): void {
    const { destroyed, localPort: port } = socketOf(connection);
    if (destroyed) return;
    this.watch.haunt({ threadId: connection.threadId, port });
    close(connection);
  }

  private async turn(): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return;
    }
    let leave: () => void;
    let proceed: () => void;
    const mine = new Promise<void>((resolve, reject) => {
      proceed = resolve;
      leave = () => {
        this.line.delete(proceed);
        reject(new DatabaseSilentError());
      };
      this.line.add(proceed);
    });
    await this.watch.during(() => mine, leave!);
  }

  private next(): void {
    const [first] = this.line;
    if (!first) this.free += 1;
    else {
      this.line.delete(first);
      first();
    }
  }

  /** One of those from before an outage may be dead without knowing it. */
  private async trusted(): Promise<PoolConnection> {
    for (;;) {
      const connection = await this.obtain();
      const { outages } = this.watch;
      const since = this.seen.get(connection) ?? outages;
      this.seen.set(connection, since);
      if (since === outages) return connection;
      close(connection);
    }
  }
}

/** The pool forgets it at once, whoever waits on it is told, and what was not sent yet never is. */
function close(connection: PoolConnection): void {
  const socket = socketOf(connection);
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
  socket.emit('error', new DatabaseSilentError());
  connection.destroy();
}

/** typeorm's query runner, on connections that are watched over. */
class WatchedQueryRunner extends MysqlQueryRunner {
  private taken: Promise<PoolConnection> | undefined;
  private lent: PoolConnection | undefined;

  constructor(
    driver: unknown,
    mode: string,
    private readonly connections: WatchedConnections,
  ) {
    super(driver, mode);
  }

  override connect(): Promise<PoolConnection> {
    this.taken ??= this.connections.take().then((connection) => {
      this.lent = connection;
      if (this.isReleased) void this.release();
      return connection;
    });
    return this.taken;
  }

  override async query<T>(sql: string, parameters?: unknown[], structured?: boolean): Promise<T> {
    const run = () => super.query(sql, parameters as never, structured as never) as Promise<T>;
    return this.isReleased ? run() : this.connections.use(await this.connect(), run);
  }

  /** A transaction that could not be ended goes with its connection. */
  override async release(): Promise<void> {
    (this as { isReleased: boolean }).isReleased = true;
    const { lent } = this;
    this.lent = undefined;
    if (lent) this.connections.giveBack(lent, !this.isTransactionActive);
    return Promise.resolve();
  }
}

/**
 * Watches over the statements of an initialized data source on MySQL or MariaDB from now on: none waits for a server
 * that is silent, and none for longer than `limitMs`.
 */
export function watchServer(dataSource: DataSource, poolSize: number, limitMs: number): void {
  const driver = dataSource.driver as unknown as MysqlDriver;
  const { host, port, user, password, database, ssl } = driver.createConnectionOptions(
    driver.options,
    driver.options,
  );
  const access = { host, port, user, password, database, ...(ssl && { ssl }) };
  const watch = new ServerWatch(serverAt(access as ConnectionOptions), limitMs);
  const connections = new WatchedConnections(() => driver.obtainMasterConnection(), poolSize, watch);
  driver.createQueryRunner = (mode) => new WatchedQueryRunner(driver, mode, connections);
  const disconnect = driver.disconnect.bind(driver);
  driver.disconnect = async () => {
    watch.close();
    await disconnect();
  };
}
