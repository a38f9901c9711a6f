import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import type { Answer, ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin, beginWith } from '../support/talk.ts';

const DAY_MS = 86_400_000;
const MIDNIGHT = /^\d{4}-\d\d-\d\dT00:00:00\.000Z$/;

/** The day in UTC, so many days ago. */
const dayAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

/** What the answer says of its limits: [limit, remaining]; empty where it says nothing. */
function limitOf({ headers }: Pick<Answer, 'headers'>): number[] {
  const { 'ratelimit-limit': limit, 'ratelimit-remaining': remaining, 'ratelimit-reset': reset } = headers;
  if (limit === undefined) return [];
  expect(Number(reset)).toBeGreaterThan(0);
  expect(Number(reset)).toBeLessThanOrEqual(60);
  return [Number(limit), Number(remaining)];
}

function expectRefused(answer: Answer, limit: number): void {
  expect([answer.status, answer.body.code]).toEqual([429, 'rate_limited']);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
  expect(limitOf(answer)).toEqual([limit, 0]);
}

describe('what one has used', () => {
  const ctx = useApi({ upstream: false });

  async function used(client: ApiClient, day: string, counts: number[]): Promise<void> {
    await ctx.query(
      `INSERT INTO usage_days
       (user_id, day, requests, input_tokens, output_tokens, estimated_tokens, reserved_tokens)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      [client.account.id, day, ...counts],
    );
  }

  it('is nothing at first, and without limits where none are set', async () => {
    const client = await ctx.register();
    const { body } = await client.get('users/me/usage', { expect: 200 });
    expect(body).toEqual({
      today: {
        day: dayAgo(0),
        resetsAt: expect.stringMatching(MIDNIGHT),
        requests: { used: 0, limit: null, remaining: null },
        tokens: {
          ...{ input: 0, output: 0, total: 0, estimated: 0, reserved: 0 },
          ...{ limit: null, remaining: null },
        },
        turnsAtOnce: null,
        turnsPerMinute: null,
        audio: { used: 0, limit: null, remaining: null },
        transcriptionsAtOnce: null,
      },
      days: [],
    });
    expect(Date.parse(body.today.resetsAt) - Date.parse(body.today.day)).toBe(DAY_MS);
  });

  it('is one’s own, newest first, of as many days as one asks for', async () => {
    const [client, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    await used(client, dayAgo(29), [3, 300, 30, 0, 0]);
    await used(client, dayAgo(30), [4, 400, 40, 0, 0]);
    await used(client, dayAgo(1), [0, 0, 0, 0, 0]);
    await used(client, dayAgo(0), [2, 9_007_199_254_000, 20, 15, 700]);
    await used(stranger, dayAgo(2), [9, 900, 90, 0, 0]);
    const today = {
      ...{ day: dayAgo(0), requests: 2, inputTokens: 9_007_199_254_000, outputTokens: 20 },
      ...{ estimatedTokens: 15, audioSeconds: 0 },
    };
    const none = { estimatedTokens: 0, audioSeconds: 0 };
    const month = { day: dayAgo(29), requests: 3, inputTokens: 300, outputTokens: 30, ...none };
    const before = { day: dayAgo(30), requests: 4, inputTokens: 400, outputTokens: 40, ...none };
    const daysOf = async (query: string) => (await client.get(`users/me/usage${query}`)).body.days;
    expect(await daysOf('')).toEqual([today, month]);
    expect(await daysOf('?days=1')).toEqual([today]);
    expect(await daysOf('?days=29')).toEqual([today]);
    expect(await daysOf('?days=31')).toEqual([today, month, before]);
    expect(await daysOf('?days=366')).toEqual([today, month, before]);
    const { body } = await client.get('users/me/usage');
    expect(body.today.tokens).toMatchObject({ total: 9_007_199_254_020, estimated: 15, reserved: 700 });
  });

  it.each(['0', '367', '-1', '1.5', 'abc', ''])('is not told of %j days', async (days) => {
    const client = await ctx.register();
    const { status, body } = await client.get(`users/me/usage?days=${days}`);
    expect([status, body.code, body.errors?.[0]?.field]).toEqual([400, 'invalid_input', 'days']);
  });

  it('is set against the limits where there are some', async () => {
    const limited = await ctx.startAnother({
      ...{ RATE_LIMIT_SCALE: '2', QUOTA_TOKENS_PER_DAY: '1000', QUOTA_REQUESTS_PER_DAY: '5' },
      ...{ TURNS_AT_ONCE: '3', TURNS_PER_MINUTE: '4' },
    });
    const client = (await ctx.register()).at(limited.url);
    await used(client, dayAgo(0), [4, 300, 100, 0, 500]);
    const { today } = (await client.get('users/me/usage', { expect: 200 })).body;
    expect(today.requests).toEqual({ used: 4, limit: 10, remaining: 6 });
    expect(today.tokens).toMatchObject({ total: 400, reserved: 500, limit: 1_000, remaining: 100 });
    expect([today.turnsAtOnce, today.turnsPerMinute]).toEqual([3, 8]);
    await ctx.query('UPDATE usage_days SET requests = 11, output_tokens = 900 WHERE user_id = ?', [
      client.account.id,
    ]);
    const over = (await client.get('users/me/usage', { expect: 200 })).body.today;
    expect([over.requests.remaining, over.tokens.remaining]).toEqual([0, 0]);
  });

  it('goes with the account', async () => {
    const client = await ctx.register();
    await used(client, dayAgo(0), [1, 1, 1, 0, 0]);
    await client.delete('users/me', { password: client.account.password }, { expect: 204 });
    const rows = await ctx.query('SELECT * FROM usage_days WHERE user_id = ?', [client.account.id]);
    expect(rows).toEqual([]);
  });
});

describe('requests of any kind', () => {
  const ctx = useApi();
  const PER_USER = 5;
  const PER_ADDRESS = 12;
  let limited: ApiProcess;
  let addresses = 0;

  beforeAll(async () => {
    limited = await ctx.startAnother({
      ...{ RATE_LIMIT_SCALE: '1', TRUST_PROXY: 'true' },
      ...{ REQUESTS_PER_MINUTE: String(PER_USER), ADDRESS_REQUESTS_PER_MINUTE: String(PER_ADDRESS) },
    });
  });

  /** Somebody at an address of his own. */
  const elsewhere = () => ({ 'X-Forwarded-For': `10.3.0.${(addresses += 1)}` });

  it('are limited for each user, and say what is left', async () => {
    const [client, neighbour] = (await Promise.all([ctx.register(), ctx.register()])).map((one) =>
      one.at(limited.url),
    );
    const headers = elsewhere();
    const asks: (() => Promise<Answer>)[] = [
      () => client!.get('users/me', { headers }),
      () => client!.post('chatbots', { name: 'Bot' }, { headers }),
      () => client!.get('chatbots/987654321', { headers }),
      () => client!.post('chatbots', { name: 1 }, { headers }),
      () => client!.get('conversations', { headers }),
    ];
    const answers: Answer[] = [];
    for (const ask of asks) answers.push(await ask());
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 404, 400, 200]);
    expect(answers.map(limitOf)).toEqual([4, 3, 2, 1, 0].map((left) => [PER_USER, left]));
    expectRefused(await client!.get('users/me', { headers }), PER_USER);
    expectRefused(await client!.post('chatbots', { name: 'Bot' }, { headers: elsewhere() }), PER_USER);
    // Somebody else at the same address is not concerned, as long as that has something left.
    expect(limitOf(await neighbour!.get('users/me', { headers, expect: 200 }))).toEqual([PER_USER, 4]);
    expect((await client!.at(ctx.api.url).get('chatbots')).body.items).toHaveLength(1);
  });

  it('are limited for each address, whoever asks, with a login or without', async () => {
    const headers = elsewhere();
    const stranger = ctx.client.at(limited.url);
    const statuses: number[] = [];
    for (let n = 0; n < PER_ADDRESS - 1; n += 1)
      statuses.push((await stranger.get('users/me', { headers, token: n % 2 ? 'nonsense' : null })).status);
    expect(statuses).toEqual(Array(PER_ADDRESS - 1).fill(401));
    const client = (await ctx.register()).at(limited.url);
    expect(limitOf(await client.get('users/me', { headers, expect: 200 }))).toEqual([PER_ADDRESS, 0]);
    expectRefused(await client.get('users/me', { headers }), PER_ADDRESS);
    expectRefused(await stranger.get('users/me', { headers }), PER_ADDRESS);
    const login = { username: client.account.username, password: client.account.password };
    expectRefused(await stranger.post('auth/login', login, { headers, token: null }), PER_ADDRESS);
    await client.get('users/me', { headers: elsewhere(), expect: 200 });
  });

  it('are let in as many at once as one after the other', async () => {
    const client = (await ctx.register()).at(limited.url);
    const all = await Promise.all(
      Array.from({ length: 30 }, () => client.get('users/me', { headers: elsewhere() })),
    );
    expect(all.filter(({ status }) => status === 200)).toHaveLength(PER_USER);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(30 - PER_USER);
  });

  it('are not counted where somebody looks after the process, or reads its document', async () => {
    const headers = elsewhere();
    const stranger = ctx.client.at(limited.url);
    for (let n = 0; n < PER_ADDRESS + 3; n += 1) {
      const live = await stranger.get('/health/live', { headers, expect: 200 });
      expect(limitOf(live)).toEqual([]);
    }
    expect(
      limitOf(await stranger.get('/docs/openapi.json', { headers, expect: 200, unchecked: true })),
    ).toEqual([]);
  });

  it('tell on streams and whole turns as well', async () => {
    const owner = await ctx.register();
    const conversation = await beginWith(owner);
    const client = owner.at(limited.url);
    const path = `conversations/${conversation}/messages`;
    const stream = await client.stream(path, { body: { content: 'Hello' }, headers: elsewhere() });
    expect(limitOf(stream.response)).toEqual([PER_USER, 4]);
    const events = await stream.collect();
    const { id } = events[0]!.data.assistantMessage;
    const again = await client.stream(`messages/${id}/events`, { headers: elsewhere() });
    expect(limitOf(again.response)).toEqual([PER_USER, 3]);
    await again.collect();
    const whole = await client.post(path, { content: 'Bye' }, { headers: elsewhere(), expect: 201 });
    expect(limitOf(whole)).toEqual([PER_USER, 2]);
  });

  it('say nothing of limits that are switched off', async () => {
    const client = await ctx.register();
    expect(limitOf(await client.get('users/me'))).toEqual([]);
    await begin(client);
  });
});

describe.runIf(inject('dialect') === 'mariadb')('requests to two processes', () => {
  const ctx = useApi({
    upstream: false,
    env: { RATE_LIMIT_SCALE: '1', REQUESTS_PER_MINUTE: '10' },
  });

  it('are counted together, in Redis, and alone while it is away', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    const ask = (n: number) => client.at(n % 2 ? other.url : ctx.api.url).get('users/me');
    const left: number[][] = [];
    for (let n = 0; n < 10; n += 1) left.push(limitOf(await ask(n)));
    expect(left).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((n) => [10, n]));
    for (const n of [0, 1]) expectRefused(await ask(n), 10);
    await ctx.redis!.kill();
    for (const n of [0, 1]) expect(limitOf(await ask(n))).toEqual([10, 9]);
    await ctx.redis!.start();
  });
});
