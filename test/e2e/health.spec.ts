import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { ApiClient } from '../support/client.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { OpenApiSpec } from '../support/openapi.ts';
import { sendRaw } from '../support/raw-http.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually } from '../support/talk.ts';

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const from = performance.now();
  const result = await work();
  return { ms: performance.now() - from, result };
}

describe('health', () => {
  const ctx = useApi({ upstream: false });

  it('says that the process lives and can work, without a login', async () => {
    const live = await ctx.client.get('/health/live', { expect: 200 });
    expect(live.body).toEqual({ status: 'live' });
    const ready = await ctx.client.get('/health/ready', { expect: 200 });
    expect(ready.body).toEqual({
      status: 'ready',
      database: 'up',
      redis: ctx.dialect === 'mariadb' ? 'up' : 'none',
      // With Redis it is the workers' to know.
      speech: ctx.dialect === 'mariadb' ? 'starting' : 'not_set_up',
      shuttingDown: false,
    });
    expect((await ctx.client.get('health/live', { unchecked: true })).status).toBe(404);
  });
});

describe('what is no route', () => {
  const ctx = useApi({ upstream: false });

  it.each([
    ['GET', '/'],
    ['GET', '/api'],
    ['GET', '/api/v1'],
    ['GET', '/api/v1/no-such-thing'],
    ['POST', '/api/v1/no-such-thing'],
    ['GET', '/api/v2/conversations'],
    ['GET', '/conversations'],
    ['DELETE', '/api/v1/conversations'],
    ['PUT', '/api/v1/auth/login'],
    ['GET', '/api/v1/auth/login'],
    ['PATCH', '/health/live'],
    ['GET', '/api/v1/conversations/1/2/3'],
    ['GET', '/.env'],
    ['GET', '/docs/../package.json'],
    ['TRACE', '/api/v1/conversations'],
    ['PROPFIND', '/api/v1/conversations'],
  ])('%s %s is a problem', async (method, path) => {
    const { status, headers, body } = await ctx.client.request(method, path, { unchecked: true });
    expect([status, body.code]).toEqual([404, 'route_not_found']);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({
      type: 'urn:parley:problem:route_not_found',
      status: 404,
      requestId: headers['x-request-id'],
    });
    expect(new URL(path, 'http://x').pathname).toBe(body.instance);
  });

  it('keeps what it was asked out of what it answers, but for the path', async () => {
    const { body } = await ctx.client.get('/api/v1/no-such-thing?token=secret', { unchecked: true });
    expect(JSON.stringify(body)).not.toContain('secret');
    await ctx.client.get('/api/v1/conversations?cursor=secret-cursor', { unchecked: true });
    await ctx.client.get('/api/v1/secret-path', { unchecked: true });
    expect(ctx.logs()).not.toContain('secret');
  });

  it.each(['/%', '/api/v1/%zz', '/api/v1/conversations/%ff', '/api/v1/conversations/%c0%80', '/%u0041'])(
    'the malformed URL %s is a problem',
    async (path) => {
      const { status, headers, body } = await sendRaw(ctx.api.url, `GET ${path}`);
      expect(status).toBe(400);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(headers['x-request-id']).toMatch(UUID);
      expect(body).toMatchObject({ code: 'malformed_request', requestId: headers['x-request-id'] });
    },
  );

  it('HEAD answers as GET does, without a body, and OPTIONS says what there is', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    for (const path of ['/health/live', 'users/me', `conversations/${id}`, 'conversations/987654321']) {
      const [head, get] = [await client.request('HEAD', path), await client.get(path)];
      expect([path, head.status]).toEqual([path, get.status]);
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
      expect(head.bytes).toHaveLength(0);
    }
    expect((await client.request('HEAD', 'no-such-thing')).status).toBe(404);
    const options = await client.request('OPTIONS', 'conversations');
    expect([200, 204, 404]).toContain(options.status);
  });

  it('is closed to the tricks of browsers, on every answer', async () => {
    for (const path of ['/health/live', '/api/v1/users/me', '/no-such-thing', '/docs']) {
      const { headers } = await ctx.client.get(path, { unchecked: true });
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
      expect(headers['content-security-policy']).toContain("default-src 'self'");
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });
});

describe('X-Request-Id', () => {
  const ctx = useApi({ upstream: false });

  const idOf = async (given?: string, path = '/health/live') => {
    const headers: string[] = given === undefined ? [] : [`X-Request-Id: ${given}`];
    return (await sendRaw(ctx.api.url, `GET ${path}`, headers)).headers['x-request-id'];
  };

  it('is taken over where it is sane', async () => {
    for (const given of ['a', 'trace-1.2:3_4', 'x'.repeat(100), '3f9c7a52-1111-4222-8333-444455556666']) {
      expect(await idOf(given)).toBe(given);
      expect(await idOf(given, '/api/v1/users/me')).toBe(given);
    }
  });

  it('is replaced where it is not, or where there is none', async () => {
    const bad = ['', 'x'.repeat(101), 'a b', '<script>', '"quoted"', 'a,b', 'h\u00e9', '{}', "'; --", 'a\tb'];
    for (const given of bad) expect(await idOf(given), `in place of ${given}`).toMatch(UUID);
    const [first, second] = [await idOf(), await idOf()];
    expect(first).toMatch(UUID);
    expect(second).not.toBe(first);
  });

  it('is on the lines of the log', async () => {
    await idOf('find-me-again', '/api/v1/users/me');
    const lines = await eventually(async () => {
      const found = ctx
        .logs()
        .split('\n')
        .filter((line) => line.includes('find-me-again'));
      return found.length > 0 && found;
    });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'log', requestId: 'find-me-again' });
  });
});

describe.runIf(inject('dialect') === 'mariadb')('a database server that is not there', () => {
  let database: MariaDb;
  let api: ApiProcess;
  let client: ApiClient;
  let conversation: number;

  beforeAll(async () => {
    // In a folder of this file's own: a server that is stopped keeps its data.
    database = await startMariaDb({ dir: temporaryFolder('mariadb') });
    const DATABASE_URL = await database.createDatabase('parley');
    api = await startApi({ env: { DATABASE_URL, JWT_SECRET: 'x'.repeat(40) } });
    const spec = await OpenApiSpec.load(api.url);
    client = await new ApiClient(api.url, { spec }).register();
    conversation = await begin(client, { title: 'Acknowledged' });
  });

  afterAll(async () => {
    if (database) process.kill(database.pid, 'SIGCONT');
    await api?.stop();
    await database?.stop();
  });

  async function expectNotReady(): Promise<void> {
    const { ms, result } = await timed(() => client.get('/health/ready'));
    expect(result.status).toBe(503);
    expect(result.body).toEqual({
      status: 'not_ready',
      database: 'down',
      redis: 'none',
      speech: 'not_set_up',
      shuttingDown: false,
    });
    expect(ms).toBeLessThan(2_000);
    const live = await timed(() => client.get('/health/live', { expect: 200 }));
    expect(live.ms).toBeLessThan(1_000);
  }

  async function expectUnavailable(withinMs: number): Promise<void> {
    const { username, password } = client.account;
    const tries = await Promise.all(
      [
        () => client.get('conversations'),
        () => client.post('chatbots', { name: 'Lost' }),
        () => client.post(`conversations/${conversation}/messages`, { content: 'Hello?' }),
        () => client.post('auth/login', { username, password }),
        () => client.post('auth/register', { username: 'latecomer', password }),
      ].map(timed),
    );
    for (const { ms, result } of tries) {
      expect([result.status, result.body.code]).toEqual([503, 'database_unavailable']);
      expect(Number(result.headers['retry-after'])).toBeGreaterThan(0);
      expect(ms).toBeLessThan(withinMs);
    }
  }

  async function expectWorking(withinMs: number): Promise<void> {
    await eventually(async () => (await client.get('/health/ready')).status === 200, withinMs);
    expect((await client.get(`conversations/${conversation}`, { expect: 200 })).body.title).toBe(
      'Acknowledged',
    );
    const { body } = await client.post(
      `conversations/${conversation}/messages`,
      { content: 'There you are' },
      { expect: 201 },
    );
    expect(body.assistantMessage.status).toBe('completed');
    // Every connection of the pool, not only the one that was asked.
    const many = await Promise.all(Array.from({ length: 40 }, () => client.get('conversations')));
    expect(many.map(({ status }) => status)).toEqual(Array(40).fill(200));
  }

  it('is said at once, and no more once it is back', async () => {
    await Promise.all(Array.from({ length: 40 }, () => client.get('conversations', { expect: 200 })));
    await database.restart(0);
    await expectWorking(10_000);
    await database.stop();
    await expectNotReady();
    await expectUnavailable(5_000);
    await expectNotReady();
    await database.start();
    await expectWorking(10_000);
    expect((await client.get('chatbots')).body.items).toEqual([]);
  }, 120_000);

  it('is said at once where it was killed', async () => {
    await database.kill();
    await expectNotReady();
    await expectUnavailable(5_000);
    await database.start();
    await expectWorking(10_000);
  }, 120_000);

  it('is noticed where it hangs, and does not answer at all', async () => {
    process.kill(database.pid, 'SIGSTOP');
    await sleep(100);
    for (let n = 0; n < 3; n += 1) await expectNotReady();
    // Many who ask do not make it worse.
    const many = await timed(() =>
      Promise.all(Array.from({ length: 50 }, () => client.get('/health/ready'))),
    );
    expect(many.result.map(({ status }) => status)).toEqual(Array(50).fill(503));
    expect(many.ms).toBeLessThan(5_000);
    process.kill(database.pid, 'SIGCONT');
    await expectWorking(10_000);
  }, 120_000);

  it.each([1_000, 6_000])(
    'loses nothing of what was asked while it hung for %i ms',
    async (ms) => {
      process.kill(database.pid, 'SIGSTOP');
      const names = Array.from({ length: 60 }, (_, n) => `Asked ${n} in ${ms}`);
      const asked = Promise.all(names.map((name) => client.post('chatbots', { name })));
      await sleep(ms);
      process.kill(database.pid, 'SIGCONT');
      const late = await timed(() => asked);
      expect(late.ms).toBeLessThan(10_000);
      await expectWorking(10_000);
      const { body } = await client.get('chatbots?limit=100');
      const kept = body.items
        .map(({ name }: { name: string }) => name)
        .filter((name: string) => names.includes(name)) as string[];
      for (const answer of late.result) expect([201, 503]).toContain(answer.status);
      const made = late.result
        .filter(({ status }) => status === 201)
        .map((answer) => String(answer.body.name));
      // What was answered with 503 may have been done; what was acknowledged is there, and nothing twice.
      expect(kept).toEqual(expect.arrayContaining(made));
      expect(new Set(kept).size).toBe(kept.length);
    },
    120_000,
  );

  it('is waited for at the start', async () => {
    await database.kill();
    const starting = startApi({ env: { ...api.env, PORT: '0' } });
    await sleep(3_000);
    await database.start();
    const late = await starting;
    expect((await client.at(late.url).get('conversations', { expect: 200 })).body.items).not.toEqual([]);
    await late.stop();
  }, 120_000);
});
