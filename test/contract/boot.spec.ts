import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Database from 'libsql';
import { createConnection } from 'mysql2/promise';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { ApiClient } from '../support/client.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';

const PROCESSES = 5;
const ENV = {
  JWT_SECRET: 'every process signs alike, with this',
  ADMIN_USERNAME: 'keeper',
  ADMIN_PASSWORD: 'keep the gate shut',
};

interface Migration {
  name: string;
}

/** Starts several processes at once on an empty database, and looks what they made of it. */
async function startTogether(databaseUrl: string): Promise<ApiProcess[]> {
  const dir = temporaryFolder('data');
  const env = { ...ENV, DATABASE_URL: databaseUrl };
  return Promise.all(Array.from({ length: PROCESSES }, () => startApi({ dir, env })));
}

/** What one process makes, every other one finds; the first admin is there once. */
async function expectOneDatabase(apis: ApiProcess[]): Promise<void> {
  const [first, ...others] = apis;
  const client = await new ApiClient(first!.url).register();
  const { body } = await client.post('chatbots', { name: '机器人 🤖' }, { expect: 201 });
  for (const { url } of others) {
    expect((await client.at(url).get(`chatbots/${body.id}`, { expect: 200 })).body).toEqual(body);
  }
  for (const { url } of apis) {
    const login = { username: ENV.ADMIN_USERNAME, password: ENV.ADMIN_PASSWORD };
    const { body: admin } = await new ApiClient(url).post('auth/login', login, { expect: 200 });
    expect(admin.user.id).toBe(1);
  }
}

function expectOnce(migrations: Migration[]): void {
  const names = migrations.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(0);
  expect(new Set(names).size).toBe(names.length);
}

describe(`${PROCESSES} processes that start at once on an empty database`, () => {
  let server: MariaDb;
  let apis: ApiProcess[] = [];

  beforeAll(async () => {
    server = await startMariaDb();
    return () => server.stop();
  });

  afterAll(() => Promise.all(apis.map((api) => api.kill())));

  it('all come up on MariaDB, and the migrations ran once', async () => {
    const url = await server.createDatabase('together');
    apis = await startTogether(url);
    await expectOneDatabase(apis);
    const connection = await createConnection({ uri: url });
    const [rows] = await connection.query('SELECT name FROM migrations');
    await connection.end();
    expectOnce(rows as unknown as Migration[]);
    const exits = await Promise.all(apis.map((api) => api.stop()));
    expect(exits.map(({ code }) => code)).toEqual(Array(PROCESSES).fill(0));
  }, 120_000);

  it('all come up on SQLite, and the migrations ran once', async () => {
    const file = join(temporaryFolder('sqlite'), 'together.sqlite');
    apis = await startTogether(`sqlite:${file}`);
    await expectOneDatabase(apis);
    const database = new Database(file);
    expectOnce(database.prepare('SELECT name FROM migrations').all() as Migration[]);
    database.close();
    const exits = await Promise.all(apis.map((api) => api.stop()));
    expect(exits.map(({ code }) => code)).toEqual(Array(PROCESSES).fill(0));
  }, 120_000);

  it('all come up on a folder without anything, and sign alike', async () => {
    const dir = temporaryFolder('data');
    apis = await Promise.all(Array.from({ length: PROCESSES }, () => startApi({ dir })));
    const client = await new ApiClient(apis[0]!.url).register();
    for (const { url } of apis) await client.at(url).get('users/me', { expect: 200 });
    await Promise.all(apis.map((api) => api.stop()));
  }, 120_000);
});
