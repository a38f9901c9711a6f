import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { type ApiOptions, type ApiProcess, startApi } from './api-process.ts';
import { temporaryFolder } from './child.ts';
import { ApiClient } from './client.ts';
import { createDatabase } from './mariadb.ts';
import { OpenApiSpec } from './openapi.ts';
import { query } from './query.ts';
import { type Redis, startRedis } from './redis.ts';
import { startUpstream, type Upstream } from './upstream/upstream.ts';
import { startWhisperStandIn, type WhisperStandIn } from './whisper-stand-in.ts';

const START_MS = 90_000;
const LOG_LINES = 30;

type Variables = Record<string, string | undefined>;

export interface SuiteOptions {
  /** Variables of every process of this file. */
  env?: Variables;
  /** The test upstream as OpenAI, which is the default; without it the process has the echo model. */
  upstream?: boolean;
  /** A stand-in for the Whisper machines; without it speech is not set up. */
  whisper?: boolean;
}

/** What a file of tests works with: a process of the API, on a database of its own. */
export class ApiContext {
  readonly dialect = inject('dialect');
  api!: ApiProcess;
  /** Nobody: `register` makes an account. */
  client!: ApiClient;
  upstream!: Upstream;
  /** Where the options ask for it. */
  whisper: WhisperStandIn | undefined;
  /** This file's own; on SQLite there is none, as in the embedded default. */
  redis: Redis | undefined;
  spec!: OpenApiSpec;
  databaseUrl!: string;
  readonly dataDir = temporaryFolder('data');
  private readonly options: SuiteOptions;
  private readonly others: ApiProcess[] = [];

  constructor(options: SuiteOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    if (this.options.upstream !== false) this.upstream = await startUpstream();
    if (this.options.whisper) this.whisper = await startWhisperStandIn();
    if (this.dialect === 'mariadb') this.redis = await startRedis();
    this.databaseUrl = await this.ownDatabase();
    this.api = await this.spawn({});
    this.spec = await OpenApiSpec.load(this.api.url);
    this.client = new ApiClient(this.api.url, { spec: this.spec });
  }

  async stop(): Promise<void> {
    await Promise.all([this.api, ...this.others].map((api) => api?.stop()));
    await Promise.all([this.upstream?.close(), this.redis?.stop()]);
    this.whisper?.stop();
  }

  /** Another process over the same database and secrets; it is stopped with the file. */
  async startAnother(env: Variables = {}): Promise<ApiProcess> {
    const api = await this.spawn(env);
    this.others.push(api);
    return api;
  }

  /** A worker over the same database and Redis: where there is a Redis, jobs run in workers only. */
  async startWorker(env: Variables = {}): Promise<ApiProcess> {
    const worker = await this.spawn(env, {
      entry: 'dist/src/main.worker.js',
      ready: /Parley worker is at work/,
    });
    this.others.push(worker);
    return worker;
  }

  /** Starts the process again at the same address, when the test has ended it (or ends it in order first). */
  async restart(env: Variables = {}): Promise<void> {
    await this.api.stop();
    this.api = await this.spawn({ PORT: new URL(this.api.url).port, ...env });
  }

  /** A new account. */
  register(username?: string): Promise<ApiClient> {
    return this.client.register(username);
  }

  /** Looks into the database itself, or changes it. Table and column names are those of the migrations. */
  async query<T = any>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return query<T>(this.databaseUrl, sql, parameters);
  }

  /** What every process wrote. */
  logs(): string {
    return [this.api, ...this.others].map((api) => api?.logs() ?? '').join('\n');
  }

  private spawn(env: Variables, options: ApiOptions = {}): Promise<ApiProcess> {
    const openAi = this.upstream && {
      OPENAI_BASE_URL: `${this.upstream.url}/v1`,
      OPENAI_API_KEY: 'test-key',
    };
    const standard = {
      DATABASE_URL: this.databaseUrl,
      REDIS_URL: this.redis?.url,
      JWT_SECRET,
      ...openAi,
      WHISPER_URL: this.whisper?.url,
    };
    return startApi({ ...options, dir: this.dataDir, env: { ...standard, ...this.options.env, ...env } });
  }

  private async ownDatabase(): Promise<string> {
    const name = `t_${randomBytes(6).toString('hex')}`;
    if (this.dialect === 'sqlite') return `sqlite:${join(this.dataDir, `${name}.sqlite`)}`;
    return createDatabase(inject('mariadb'), name);
  }
}

const JWT_SECRET = randomBytes(32).toString('hex');

/**
 * Gives a file of tests a database of its own (of the project's dialect; with MariaDB goes a Redis), the built API
 * over it, and a test upstream as its language model; stops all of it afterwards. The context's fields are there when the tests run.
 */
export function useApi(options: SuiteOptions = {}): ApiContext {
  const context = new ApiContext(options);
  beforeAll(() => context.start(), START_MS);
  afterAll(() => context.stop(), START_MS);
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return;
    // What the test had the upstream do is not for the next one.
    context.upstream?.setDefaults({});
    const lines = context.logs().trimEnd().split('\n').slice(-LOG_LINES);
    process.stderr.write(
      `The last lines of the API's log when "${task.name}" failed:\n${lines.join('\n')}\n`,
    );
  });
  return context;
}
