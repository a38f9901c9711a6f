import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { ApiClient } from '../support/client.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { query } from '../support/query.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { startUpstream, type Upstream } from '../support/upstream/upstream.ts';

type Variables = Record<string, string | undefined>;

export interface ClusterOptions {
  /** API processes; 2, if not given. */
  processes?: number;
  /** One SQLite file and no Redis, in place of MariaDB and Redis. */
  sqlite?: boolean;
  /** A server for a database of this cluster; an own one, if none is given. Its caller stops it. */
  mariaDb?: MariaDb | undefined;
  /** Variables of every process. */
  env?: Variables;
}

/** Built API processes over one database, one Redis and a test upstream in this process: all of it started here. */
export class Cluster {
  readonly upstream: Upstream;
  readonly redis: Redis | undefined;
  readonly mariaDb: MariaDb | undefined;
  readonly databaseUrl: string;
  /** By place: a process that was started again stands where it stood. */
  readonly apis: ApiProcess[] = [];
  private readonly ownsMariaDb: boolean;
  readonly dataDir: string;
  /** Of every process. */
  readonly variables: Variables;

  private constructor(
    { upstream, redis, mariaDb }: { upstream: Upstream; redis?: Redis; mariaDb?: MariaDb },
    databaseUrl: string,
    dataDir: string,
    { mariaDb: lent, env }: ClusterOptions,
  ) {
    this.upstream = upstream;
    this.redis = redis;
    this.mariaDb = mariaDb;
    this.databaseUrl = databaseUrl;
    this.dataDir = dataDir;
    this.ownsMariaDb = lent === undefined;
    this.variables = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis?.url,
      JWT_SECRET: randomBytes(32).toString('hex'),
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      OPENAI_API_KEY: 'test-key',
      ...env,
    };
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { processes = 2, sqlite = false } = options;
    const dataDir = temporaryFolder('data');
    const upstream = await startUpstream();
    const name = `bench_${randomBytes(6).toString('hex')}`;
    let cluster: Cluster;
    if (sqlite) {
      cluster = new Cluster({ upstream }, `sqlite:${join(dataDir, `${name}.sqlite`)}`, dataDir, options);
    } else {
      const [mariaDb, redis] = await Promise.all([options.mariaDb ?? startMariaDb(), startRedis()]);
      const databaseUrl = await mariaDb.createDatabase(name);
      cluster = new Cluster({ upstream, redis, mariaDb }, databaseUrl, dataDir, options);
    }
    for (let place = 0; place < processes; place += 1) await cluster.startAt(place);
    return cluster;
  }

  /** Starts the process of this place: again at its address, where there was one (which has ended). */
  async startAt(place: number, env: Variables = {}): Promise<ApiProcess> {
    const before = this.apis[place];
    const port = before && { PORT: new URL(before.url).port };
    const api = await startApi({ dir: this.dataDir, env: { ...this.variables, ...port, ...env } });
    this.apis[place] = api;
    return api;
  }

  /** Addresses of the processes, from the first one on again where `index` is beyond the last. */
  url(index: number): string {
    return this.apis[index % this.apis.length]!.url;
  }

  /** A new account; its client talks to the process of this place. */
  register(place = 0): Promise<ApiClient> {
    return new ApiClient(this.url(place)).register();
  }

  query<T = any>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return query<T>(this.databaseUrl, sql, parameters);
  }

  /** Whose answers are not in a final state, or hold their conversation. */
  async runningRows(): Promise<number> {
    const rows = await this.query(
      "SELECT id FROM messages WHERE running_in IS NOT NULL OR status IN ('pending', 'streaming')",
    );
    return rows.length;
  }

  async stop(): Promise<void> {
    await Promise.all(this.apis.map((api) => api.stop()));
    await Promise.all([
      this.upstream.close(),
      this.redis?.stop(),
      this.ownsMariaDb ? this.mariaDb?.stop() : undefined,
    ]);
  }
}
