import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ApiProcess, startApi } from '../support/api-process.ts';
import { temporaryFolder } from '../support/child.ts';
import { type Answer, ApiClient } from '../support/client.ts';
import { Line } from '../support/line.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { OpenApiSpec } from '../support/openapi.ts';
import { begin, beginWith, eventually, textOf } from '../support/talk.ts';
import { startUpstream, type Upstream } from '../support/upstream/upstream.ts';

/** Four seconds, and what a busy machine adds. */
const BOUND_MS = 8_000;

describe.runIf(inject('dialect') === 'mariadb')('a database server that is silent', () => {
  let database: MariaDb;
  let upstream: Upstream;
  let env: Record<string, string>;
  let api: ApiProcess;
  let other: ApiProcess;
  let client: ApiClient;
  const others: ApiProcess[] = [];

  beforeAll(async () => {
    database = await startMariaDb({ dir: temporaryFolder('mariadb') });
    upstream = await startUpstream();
    env = {
      DATABASE_URL: await database.createDatabase('parley'),
      JWT_SECRET: 'x'.repeat(40),
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      OPENAI_API_KEY: 'test-key',
    };
    api = await startApi({ env });
    other = await another();
    client = await new ApiClient(api.url, { spec: await OpenApiSpec.load(api.url) }).register();
  });

  afterEach(async () => {
    goOn();
    await eventually(async () => (await client.get('/health/ready')).status === 200, 10_000);
  });

  afterAll(async () => {
    if (database) goOn();
    await Promise.all([api, ...others].map((each) => each?.stop()));
    await Promise.all([database?.stop(), upstream?.close()]);
  });

  /** On a busy machine its threads stop one after the other: one may answer a moment longer. */
  const hang = async () => {
    process.kill(database.pid, 'SIGSTOP');
    const tasks = `/proc/${database.pid}/task`;
    const isStopped = (task: string) => /^State:\s+T/m.test(readFileSync(`${tasks}/${task}/status`, 'utf8'));
    await eventually(async () => readdirSync(tasks).every(isStopped));
  };
  const goOn = () => process.kill(database.pid, 'SIGCONT');

  async function another(more: Record<string, string> = {}): Promise<ApiProcess> {
    const process = await startApi({ env: { ...env, ...more } });
    others.push(process);
    return process;
  }

  async function within(ms: number, work: () => Promise<Answer>): Promise<Answer> {
    const from = performance.now();
    const answer = await work();
    expect(performance.now() - from, `what was answered with ${answer.status}`).toBeLessThan(ms);
    return answer;
  }

  async function expectUnavailable(ms: number, works: (() => Promise<Answer>)[]): Promise<void> {
    for (const { status, body, headers } of await Promise.all(works.map((work) => within(ms, work)))) {
      expect([status, body.code]).toEqual([503, 'database_unavailable']);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
  }

  async function expectWorking(asked: ApiClient): Promise<void> {
    await eventually(async () => (await asked.get('/health/ready')).status === 200, 10_000);
    const many = await Promise.all(Array.from({ length: 60 }, () => asked.get('conversations')));
    expect(many.map(({ status }) => status)).toEqual(Array(60).fill(200));
  }

  function everything(asked: ApiClient, conversation: number): (() => Promise<Answer>)[] {
    const { username, password } = client.account;
    return [
      () => asked.get('conversations'),
      () => asked.get(`conversations/${conversation}/messages`),
      () => asked.post('chatbots', { name: 'Lost' }),
      () => asked.patch(`conversations/${conversation}`, { title: 'Lost' }),
      () => asked.post(`conversations/${conversation}/messages`, { content: 'Hello?' }),
      () => asked.post('auth/login', { username, password }),
      () => asked.post('auth/register', { username: 'latecomer', password }),
    ];
  }

  it('is answered for soon at first, at once afterwards, and works again when it does', async () => {
    const conversation = await begin(client);
    await expectWorking(client);
    await hang();
    const first = expectUnavailable(BOUND_MS, everything(client, conversation));
    for (let n = 0; n < 10; n += 1) await within(1_000, () => client.get('/health/live', { expect: 200 }));
    await first;
    for (let n = 0; n < 5; n += 1) await expectUnavailable(1_000, everything(client, conversation));
    expect((await within(1_000, () => client.get('/health/ready'))).status).toBe(503);
    goOn();
    await expectWorking(client);
    const path = `conversations/${conversation}/messages`;
    await client.post(path, { content: 'There you are' }, { expect: 201 });
  }, 60_000);

  it('keeps nobody of a crowd waiting, and no connection', async () => {
    await hang();
    await expectUnavailable(
      BOUND_MS,
      Array.from({ length: 300 }, () => () => client.get('conversations')),
    );
    await expectUnavailable(
      BOUND_MS,
      Array.from({ length: 300 }, () => () => client.get('conversations')),
    );
    goOn();
    await expectWorking(client);
    const connection = await createConnection({ uri: env.DATABASE_URL! });
    const left = await eventually(async () => {
      const [rows] = await connection.query('SELECT id FROM information_schema.processlist');
      return (rows as unknown[]).length <= 45 && rows;
    });
    expect(left).not.toEqual([]);
    await connection.end();
  }, 60_000);

  it('does not hold up answers that are being given, and gets all of their text', async () => {
    const long = await beginWith(client, { model: 'test:gap=50,count=300' });
    const short = await beginWith(client, { model: 'test:gap=20,count=100' });
    const open = (id: number) => client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const streams = await Promise.all([long, short].map(open));
    await Promise.all(streams.map((stream) => stream.nextOf('message.delta')));
    await hang();
    const from = performance.now();
    // Longer than a lease: nobody renews it, and nobody may take it for lost.
    await sleep(9_000);
    const told = streams[0]!.received.filter(({ at }) => at > from);
    expect(told.length).toBeGreaterThan(100);
    goOn();
    for (const stream of streams) {
      const events = await stream.collect();
      expect(events.at(-1)!.event).toBe('message.completed');
      const { id } = events[0]!.data.assistantMessage;
      const { body } = await client.at(other.url).get(`messages/${id}`, { expect: 200 });
      expect(body).toMatchObject({ status: 'completed', content: textOf(events) });
    }
    expect(textOf(streams[0]!.received).length).toBeGreaterThan(500);
  }, 60_000);

  it('makes one turn of a request that is repeated until it is answered', async () => {
    const conversations = await Promise.all(
      Array.from({ length: 12 }, () => beginWith(client, { model: 'test:gap=1' })),
    );
    upstream.reset();
    const sends = conversations.map(async (id, n) => {
      const headers = { 'idempotency-key': `through-the-hang-${n}` };
      await sleep(n * 8);
      return eventually(async () => {
        const answer = await client.post(`conversations/${id}/messages`, { content: `No ${n}` }, { headers });
        expect([201, 503]).toContain(answer.status);
        if (answer.status === 201) return answer;
        await sleep(300);
        return false;
      }, 30_000);
    });
    await sleep(50);
    await hang();
    await sleep(6_000);
    goOn();
    for (const answer of await Promise.all(sends))
      expect(answer.body.assistantMessage.status).toBe('completed');
    for (const [n, id] of conversations.entries()) {
      const { body } = await client.get(`conversations/${id}/messages`);
      expect(body.items.map(({ content }: { content: string }) => content)).toEqual([
        `No ${n}`,
        expect.any(String),
      ]);
    }
    expect(upstream.log).toHaveLength(12);
  }, 60_000);

  it('is told from a slow one, and what took too long is not done later', async () => {
    const slow = client.at((await another({ DATABASE_STATEMENT_TIMEOUT_MS: '5000' })).url);
    const id = await begin(client, { title: 'As it was' });
    const holder = await createConnection({ uri: env.DATABASE_URL! });
    await holder.beginTransaction();
    await holder.query('SELECT id FROM conversations WHERE id = ? FOR UPDATE', [id]);
    const waiting = slow.patch(`conversations/${id}`, { title: 'Too late' });
    for (let n = 0; n < 30; n += 1) {
      await within(1_000, () => slow.get('conversations', { expect: 200 }));
      await sleep(100);
    }
    const { status, body } = await waiting;
    expect([status, body.code]).toEqual([503, 'database_unavailable']);
    await sleep(1_500);
    await holder.rollback();
    await holder.end();
    await sleep(500);
    expect((await slow.get(`conversations/${id}`)).body.title).toBe('As it was');
    await slow.patch(`conversations/${id}`, { title: 'Another' }, { expect: 200 });
  }, 60_000);

  it('behind a line that was cut is found again', async () => {
    const line = new Line();
    const { port } = new URL(await line.to(database.port));
    const DATABASE_URL = env.DATABASE_URL!.replace(`:${database.port}`, `:${port}`);
    const far = client.at((await another({ DATABASE_URL })).url);
    await expectWorking(far);
    line.cut();
    const conversation = await begin(client);
    await expectUnavailable(BOUND_MS, everything(far, conversation));
    await expectUnavailable(1_000, everything(far, conversation));
    line.mend();
    await expectWorking(far);
    expect((await far.get(`conversations/${conversation}`)).body.title).toBe('');
    await others.pop()!.stop();
    line.end();
  }, 60_000);

  it('does not keep a process from its end', async () => {
    const ending = await another();
    await client.at(ending.url).get('conversations', { expect: 200 });
    await hang();
    const asked = client
      .at(ending.url)
      .get('conversations')
      .catch(() => undefined);
    await sleep(200);
    const { code, ms } = await ending.stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(15_000);
    await asked;
  }, 60_000);
});
