import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';

const CONNECT_MS = 10_000;

/** A value as it stands in a row: numbers that are no safe integers as text, times as text, bytes as they are. */
export type ForeignValue = string | number | Buffer | null;
export type ForeignRow = Record<string, ForeignValue>;

/**
 * A MySQL or MariaDB database that is somebody else's. It is read and never written to: the session is told so. Times
 * come as the server writes them, since only its owner knows of which zone they are; zero dates with them.
 */
export class ForeignDatabase {
  private constructor(
    private readonly connection: Connection,
    /** Host, port and database: what it is known by. */
    readonly name: string,
  ) {}

  /**
   * @param url `mysql://user:password@host:port/database`, or `mariadb://`
   * @throws what the driver throws; its messages name user and host, never the password
   */
  static async open(url: string): Promise<ForeignDatabase> {
    const connection = await createConnection({
      uri: url.replace(/^mariadb:/, 'mysql:'),
      charset: 'utf8mb4',
      connectTimeout: CONNECT_MS,
      dateStrings: true,
      supportBigNumbers: true,
      decimalNumbers: true,
      enableKeepAlive: true,
    });
    // Between two statements nobody listens; the next one fails.
    connection.on('error', () => undefined);
    await connection.query('SET SESSION TRANSACTION READ ONLY');
    return new ForeignDatabase(connection, foreignName(url));
  }

  /** Runs a statement with `?` in the place of values, and `??` in the place of names. */
  async query<Row = ForeignRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const [rows] = await this.connection.query<RowDataPacket[]>(sql, values);
    return rows as Row[];
  }

  async close(): Promise<void> {
    await this.connection.end();
  }
}

/** What a database is known by: not by who logs in, and this machine by one of its names. */
export function foreignName(url: string): string {
  const { hostname, port, pathname } = new URL(url.replace(/^mariadb:/, 'mysql:'));
  const isHere = ['localhost', '[::1]', '127.0.0.1'].includes(hostname.toLowerCase());
  const host = isHere ? '127.0.0.1' : hostname.toLowerCase();
  return `${host}:${port || '3306'}/${decodeURIComponent(pathname.slice(1))}`;
}
