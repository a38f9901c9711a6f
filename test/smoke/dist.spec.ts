import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { ApiClient } from '../support/client.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { OpenApiSpec } from '../support/openapi.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/src/main.js');

/** As a person starts it who has read nothing: no variable that is not needed. */
const BARE = { NODE_ENV: undefined, RATE_LIMIT_SCALE: undefined, HOST: undefined };

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the built entry until it ends by itself. */
function run(env: Record<string, string>): Promise<Ended> {
  return new Promise((done) => {
    const standard = { PATH: process.env['PATH']!, DATA_DIR: temporaryFolder('data'), PORT: '0' };
    const options = { cwd: temporaryFolder('cwd'), env: { ...standard, ...env }, timeout: 20_000 };
    execFile(process.execPath, [MAIN], options, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
  });
}

describe('the built application, with the environment alone', () => {
  const running: ApiProcess[] = [];

  async function start(env: Record<string, string | undefined> = {}, dir?: string): Promise<ApiProcess> {
    const api = await startApi({ env: { ...BARE, ...env }, ...(dir && { dir }) });
    running.push(api);
    return api;
  }

  afterEach(() => Promise.all(running.splice(0).map((api) => api.kill())));

  it('comes up, answers, describes itself, and keeps what was said over a restart', async () => {
    const api = await start();
    expect(new URL(api.url).hostname).toBe('127.0.0.1');
    const nobody = new ApiClient(api.url, { spec: await OpenApiSpec.load(api.url) });
    expect((await nobody.get('/health/live', { expect: 200 })).body).toEqual({ status: 'live' });
    const client = await nobody.register('reader');
    const { body: bot } = await client.post('chatbots', { name: '回声 🪞' }, { expect: 201 });
    const { body: conversation } = await client.post('conversations', { chatbotId: bot.id }, { expect: 201 });
    const path = `conversations/${conversation.id}/messages`;
    const stream = await client.stream(path, { body: { content: '你好, world! 👋🏽' } });
    const events = await stream.collect();
    expect(events[0]?.event).toBe('message.created');
    expect(events.at(-1)?.event).toBe('message.completed');
    const answer = events.at(-1)!.data.message;
    expect(answer).toMatchObject({ status: 'completed', provider: 'echo' });
    expect(answer.content).toContain('你好, world! 👋🏽');
    const { body: before } = await client.get(path);
    expect(before.items.at(-1)).toEqual(answer);
    const stopped = await api.stop();
    expect(stopped).toMatchObject({ code: 0 });
    expect(stopped.ms).toBeLessThan(10_000);
    const again = await start({}, api.dataDir);
    const back = client.at(again.url);
    expect((await back.get(path, { expect: 200 })).body).toEqual(before);
    await back.post(path, { content: 'Again' }, { expect: 201 });
    expect(readdirSync(api.dataDir)).toEqual(expect.arrayContaining(['jwt-secret', 'parley.sqlite']));
  });

  it('shows its documentation', async () => {
    const { url } = await start();
    const page = await fetch(`${url}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    const html = await page.text();
    expect(html).toContain('Parley');
    for (const [, asset] of html.matchAll(/(?:src|href)="(\.?\/[^"]+)"/g)) {
      const answer = await fetch(new URL(asset!, `${url}/docs`));
      expect([asset, answer.status]).toEqual([asset, 200]);
    }
    const { openapi, paths } = (await (await fetch(`${url}/docs/openapi.json`)).json()) as any;
    expect(openapi).toMatch(/^3\./);
    expect(Object.keys(paths).length).toBeGreaterThan(15);
    expect((await fetch(`${url}/docs/openapi.yaml`)).status).toBe(200);
  });

  it('reads and writes nothing in the folder that it is started in, but DATA_DIR', async () => {
    const cwd = temporaryFolder('cwd');
    const env = { PATH: process.env['PATH']!, PORT: '0', NODE_ENV: 'production' };
    // Refused with one line, before anything is made.
    await new Promise((done) => execFile(process.execPath, [MAIN], { cwd, env }, done));
    expect(readdirSync(cwd)).toEqual([]);
    const api = await start({ DATA_DIR: './here/and/there' });
    await new ApiClient(api.url).get('/health/ready', { expect: 200 });
    expect(existsSync(join(api.dataDir, 'parley.sqlite'))).toBe(false);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with code 0 at %s, also while somebody is connected',
    async (signal) => {
      const api = await start();
      const client = await new ApiClient(api.url).register();
      const { body } = await client.post('conversations', {}, { expect: 201 });
      const said = { content: 'A long story. '.repeat(400) };
      const stream = await client.stream(`conversations/${body.id}/messages`, { body: said });
      await stream.nextOf('message.created');
      const from = performance.now();
      api.signal(signal);
      expect(await api.exited).toEqual({ code: 0, signal: null });
      expect(performance.now() - from).toBeLessThan(12_000);
      await stream.collect().catch(() => undefined);
    },
  );

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['NODE_ENV', 'prod'],
    ['DATABASE_URL', 'postgres://localhost/parley'],
    ['REDIS_URL', 'localhost:6379'],
    ['JWT_SECRET', 'too short'],
    ['ADMIN_PASSWORD', 'alone and long enough'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['TRUST_PROXY', 'perhaps'],
    ['RATE_LIMIT_SCALE', '-1'],
    ['LLM_PROVIDER', 'parrot'],
    ['LLM_FALLBACK', 'echo,parrot'],
    ['TEMPERATURE', 'hot'],
    ['OPENAI_BASE_URL', 'not a url'],
  ])('says in one line that %s=%s is wrong, and ends with code 1', async (variable, value) => {
    const { code, stdout, stderr } = await run({ [variable]: value });
    expect(code).toBe(1);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^Parley cannot start: /);
    // Of two that go together, the one that is missing is named.
    expect(lines[0]).toContain(variable === 'ADMIN_PASSWORD' ? 'ADMIN_USERNAME' : variable);
    if (/SECRET|PASSWORD/.test(variable)) expect(lines[0]).not.toContain(value);
    expect(stdout).not.toContain('listens');
  });

  it.each([
    ['DATABASE_URL', {}],
    ['LLM_PROVIDER', { DATABASE_URL: 'mysql://127.0.0.1/parley' }],
    ['JWT_SECRET', { DATABASE_URL: 'mysql://127.0.0.1/parley', OPENAI_API_KEY: 'key' }],
    [
      'RATE_LIMIT_SCALE',
      {
        DATABASE_URL: 'mysql://127.0.0.1/parley',
        OPENAI_API_KEY: 'key',
        JWT_SECRET: 'x'.repeat(32),
        RATE_LIMIT_SCALE: '0',
      },
    ],
  ])('asks for %s in production', async (variable, env) => {
    const { code, stderr } = await run({ NODE_ENV: 'production', ...env });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^Parley cannot start: ${variable} .+\n$`));
  });

  describe('where the port is taken', () => {
    let other: Server;

    afterAll(() => other?.close());

    it('says so in one line, and ends with code 1', async () => {
      other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as { port: number };
      const { code, stderr } = await run({ PORT: String(port) });
      expect(code).toBe(1);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).toMatch(/^Parley cannot start: .*EADDRINUSE/);
      expect(stderr).toContain(String(port));
    });
  });

  it('says in one line that its database cannot be made, and ends with code 1', async () => {
    const file = join(temporaryFolder('file'), 'in-the-way');
    writeFileSync(file, 'not a folder');
    const { code, stderr } = await run({ DATABASE_URL: `sqlite:${file}/parley.sqlite` });
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^Parley cannot start: /);
  });

  it('says in one line that the database server refuses it, and ends with code 1', async () => {
    const server = await startMariaDb();
    try {
      const url = await server.createDatabase('parley');
      const DATABASE_URL = url.replace(server.password, 'a-wrong-password');
      const { code, stderr } = await run({ DATABASE_URL, JWT_SECRET: 'x'.repeat(32) });
      expect(code).toBe(1);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).toMatch(/^Parley cannot start: Access denied/);
      expect(stderr).not.toContain('a-wrong-password');
    } finally {
      await server.stop();
    }
  });
});
