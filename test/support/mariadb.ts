import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { Child, findProgram, freePort, removeFolder, temporaryFolder, untilReady } from './child.ts';

const PACKAGE = 'mariadb-server';
const START_MS = 60_000;

export interface MariaDbOptions {
  /** Where the data are kept; a temporary folder that goes with the server, if none is given. */
  dir?: string;
  /** A free one, if none is given. */
  port?: number;
}

/** A MariaDB server of its own. Its default character set is latin1: what must be utf8mb4 has to say so. */
export class MariaDb {
  readonly port: number;
  readonly dir: string;
  readonly password = randomBytes(12).toString('hex');
  private readonly isTemporary: boolean;
  private child: Child | undefined;

  constructor(port: number, dir: string, isTemporary: boolean) {
    this.port = port;
    this.dir = dir;
    this.isTemporary = isTemporary;
  }

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  /** What DATABASE_URL takes. Without a database, for `createDatabase`. */
  url(database = ''): string {
    return `mysql://parley:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database in the server's default character set; returns its URL. */
  createDatabase(name: string): Promise<string> {
    return createDatabase(this.url(), name);
  }

  async start(): Promise<void> {
    await this.install();
    this.child = new Child(findProgram('mariadbd', PACKAGE), this.arguments(), {
      cwd: this.dir,
      env: process.env,
    });
    await untilReady(this.child, START_MS, async () => {
      const connection = await createConnection({ uri: this.url(), connectTimeout: 2_000 });
      await connection.query('SELECT 1');
      await connection.end();
    });
  }

  async stop(): Promise<void> {
    await this.child?.stop();
    if (this.isTemporary) removeFolder(this.dir);
  }

  /** Ends the server in order, and starts it on the same port and data after `downMs`. */
  async restart(downMs = 0): Promise<void> {
    await this.child?.stop();
    await sleep(downMs);
    await this.start();
  }

  /** Ends the server at once, as a crash does; `start` brings it back. */
  async kill(): Promise<void> {
    await this.child?.kill();
  }

  private async install(): Promise<void> {
    const data = join(this.dir, 'data');
    if (!existsSync(join(data, 'mysql'))) {
      const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
      const options = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
      const install = findProgram('mariadb-install-db', PACKAGE);
      // A server that starts removes whatever temporary tables are in its folder: in /tmp, those of one that runs.
      const folders = [`--datadir=${data}`, `--tmpdir=${this.dir}`];
      await promisify(execFile)(install, ['--no-defaults', ...asRoot, ...folders, ...options]);
    }
    // Run before the server listens: nobody can come in over TCP but by this account.
    const sql = [
      `DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1'`,
      `CREATE OR REPLACE USER 'parley'@'%' IDENTIFIED BY '${this.password}'`,
      `GRANT ALL PRIVILEGES ON *.* TO 'parley'@'%' WITH GRANT OPTION`,
    ];
    writeFileSync(join(this.dir, 'init.sql'), sql.map((line) => `${line};\n`).join(''), { mode: 0o600 });
  }

  private arguments(): string[] {
    return [
      '--no-defaults',
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      `--datadir=${join(this.dir, 'data')}`,
      `--tmpdir=${this.dir}`,
      `--socket=${join(this.dir, 'socket')}`,
      `--pid-file=${join(this.dir, 'pid')}`,
      `--init-file=${join(this.dir, 'init.sql')}`,
      `--port=${this.port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--character-set-server=latin1',
      '--collation-server=latin1_swedish_ci',
      '--max-connections=1000',
      '--innodb-buffer-pool-size=64M',
      '--innodb-log-file-size=16M',
      // Written to the system at each commit, to the disk each second: a killed server loses nothing.
      '--innodb-flush-log-at-trx-commit=2',
      '--skip-log-bin',
      '--performance-schema=OFF',
    ];
  }
}

/** Starts a server; the caller stops it. It ends with this process in any case. */
export async function startMariaDb({ dir, port }: MariaDbOptions = {}): Promise<MariaDb> {
  const server = new MariaDb(
    port ?? (await freePort()),
    dir ?? temporaryFolder('mariadb'),
    dir === undefined,
  );
  await server.start();
  return server;
}

/** Makes an empty database on the server of `serverUrl`; returns its URL. */
export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const connection = await createConnection({ uri: serverUrl });
  await connection.query(`CREATE DATABASE \`${name}\``);
  await connection.end();
  return new URL(name, serverUrl).href;
}
