import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import type { Answer, ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin, beginWith, eventually } from '../support/talk.ts';

/** Room for ten turns of a word each, and for most of an eleventh. */
const QUOTA = 1_200;
const ENDLESS = 'test:gap=20,never-ending';
const isMariaDb = inject('dialect') === 'mariadb';

const today = async (client: ApiClient) => (await client.get('users/me/usage', { expect: 200 })).body.today;
const tokens = async (client: ApiClient) => (await today(client)).tokens;
const say = (client: ApiClient, id: number, content = 'Go', headers: Record<string, string> = {}) =>
  client.post(`conversations/${id}/messages`, { content }, { headers });

function tally(answers: Answer[]): Record<string, number> {
  const outcomes = answers.map(({ status, body }) => (status === 201 ? 'in' : `${status} ${body.code}`));
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** A turn that goes on until something ends it. */
async function running(client: ApiClient, model = ENDLESS) {
  const id = await beginWith(client, { model });
  const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
  const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id as number;
  await stream.nextOf('message.delta');
  return { id, answerId, stream };
}

describe('a quota of tokens', () => {
  const ctx = useApi({
    env: { QUOTA_TOKENS_PER_DAY: String(QUOTA), LLM_MAX_OUTPUT_TOKENS: '100', LLM_MAX_RETRIES: '0' },
  });

  const runningAnswers = async ({ account }: ApiClient) =>
    (
      await ctx.query('SELECT id FROM messages WHERE owner_id = ? AND running_in IS NOT NULL', [account.id])
    ).map(({ id }) => Number(id));

  const usageOf = async (client: ApiClient, id: number) =>
    (await client.get(`conversations/${id}/messages`)).body.items
      .map(({ usage }: any) => usage)
      .filter(Boolean);

  it('lets as many of fifty in that come at once as it has room for, and stores nothing of the others', async () => {
    const urls = [ctx.api.url, isMariaDb ? (await ctx.startAnother()).url : ctx.api.url];
    const client = await ctx.register();
    const ids: number[] = [];
    for (let n = 0; n < 50; n += 1) ids.push(await begin(client));
    const before = await Promise.all(ids.map(async (id) => (await client.get(`conversations/${id}`)).body));
    ctx.upstream.reset();
    ctx.upstream.setDefaults({ gap: 50, 'never-ending': true });
    const answers: Answer[] = [];
    const sends = ids.map(async (id, n) => {
      const answer = await say(client.at(urls[n % 2]!), id);
      answers.push(answer);
      return answer;
    });
    await eventually(async () => answers.length >= 40, 20_000);
    const inFlight = await runningAnswers(client);
    expect(inFlight).toHaveLength(10);
    const { requests, tokens: taken } = await today(client);
    const each = taken.reserved / 10;
    expect(Math.floor(QUOTA / each)).toBe(10);
    expect(requests.used).toBe(10);
    expect(taken).toEqual({
      ...{ input: 0, output: 0, total: 0, estimated: 0, reserved: each * 10 },
      ...{ limit: QUOTA, remaining: QUOTA - each * 10 },
    });
    await eventually(async () => {
      const running = await Promise.all(inFlight.map((id) => client.get(`messages/${id}`)));
      return running.every(({ body }) => body.content !== '');
    }, 20_000);
    await Promise.all(inFlight.map((id) => client.post(`messages/${id}/stop`, undefined, { expect: 200 })));
    const all = await Promise.all(sends);
    expect(tally(all)).toEqual({ in: 10, '429 quota_exceeded': 40 });
    for (const { body, headers } of all.filter(({ status }) => status === 429)) {
      const { resetsAt } = body;
      expect(body).toMatchObject({ quota: 'tokens', limit: QUOTA, used: each * 10 });
      const seconds = Number(headers['retry-after']);
      expect(Math.abs(Date.now() + seconds * 1_000 - Date.parse(resetsAt))).toBeLessThan(60_000);
      expect([headers['ratelimit-limit'], headers['ratelimit-remaining']]).toEqual([String(QUOTA), '0']);
      expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(0);
    }
    for (const [n, id] of ids.entries()) {
      if (all[n]!.status === 201) continue;
      expect((await client.get(`conversations/${id}/messages`)).body.items).toEqual([]);
      expect((await client.get(`conversations/${id}`)).body).toEqual(before[n]);
    }
    const used = all.filter(({ status }) => status === 201).map(({ body }) => body.assistantMessage.usage);
    expect(used.every(({ estimated, outputTokens }) => estimated && outputTokens > 0)).toBe(true);
    const sum = used.reduce((total, usage) => total + usage.inputTokens + usage.outputTokens, 0);
    expect(await tokens(client)).toMatchObject({ total: sum, estimated: sum, reserved: 0 });
    expect(ctx.upstream.log).toHaveLength(10);
    ctx.upstream.setDefaults({});
  }, 60_000);

  it('books what the provider has counted, of answers that are made again as well', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const { body } = await say(client, id, 'One');
    await client.post(`messages/${body.assistantMessage.id}/regenerate`, undefined, { expect: 201 });
    await say(client, id, 'Two');
    const usage = await usageOf(client, id);
    expect(usage).toHaveLength(3);
    const { requests, tokens: booked } = await today(client);
    expect(requests.used).toBe(3);
    expect(booked).toMatchObject({
      input: usage.reduce((sum: number, { inputTokens }: any) => sum + inputTokens, 0),
      output: usage.reduce((sum: number, { outputTokens }: any) => sum + outputTokens, 0),
      ...{ estimated: 0, reserved: 0 },
    });
  });

  it('is reserved for answers that are made again, and refuses them', async () => {
    const client = await ctx.register();
    const { body } = await say(client, await beginWith(client));
    await ctx.query('UPDATE usage_days SET input_tokens = ? WHERE user_id = ?', [
      QUOTA - 50,
      client.account.id,
    ]);
    const again = await client.post(`messages/${body.assistantMessage.id}/regenerate`);
    expect([again.status, again.body.code]).toEqual([429, 'quota_exceeded']);
    expect((await today(client)).requests.used).toBe(1);
    const { conversationId } = body.assistantMessage;
    expect((await client.get(`conversations/${conversationId}/messages`)).body.items).toHaveLength(2);
  });

  it('gets everything back of a turn that fails without an answer, and books a part that there is', async () => {
    const client = await ctx.register();
    const nothing = await say(client, await beginWith(client, { model: 'test:status=400' }));
    expect(nothing.body.assistantMessage.status).toBe('failed');
    expect(await tokens(client)).toMatchObject({ total: 0, estimated: 0, reserved: 0 });
    const part = await say(client, await beginWith(client, { model: 'test:gap=5,reset=4' }));
    const { status, usage } = part.body.assistantMessage;
    expect([status, usage.estimated, usage.outputTokens > 0]).toEqual(['failed', true, true]);
    const total = usage.inputTokens + usage.outputTokens;
    expect(await tokens(client)).toMatchObject({ total, estimated: total, reserved: 0 });
  });

  it('gets back what a killed process had reserved, and books the part that it had', async () => {
    const other = await ctx.startAnother();
    const client = await ctx.register();
    const { answerId, stream } = await running(client.at(other.url));
    for (let n = 0; n < 20; n += 1) await stream.nextOf('message.delta');
    expect((await tokens(client)).reserved).toBeGreaterThan(100);
    await other.kill();
    await stream.collect().catch(() => undefined);
    const { usage } = await eventually(async () => {
      const { body } = await client.get(`messages/${answerId}`);
      return body.status === 'interrupted' && body;
    }, 15_000);
    expect(usage).toMatchObject({ estimated: true });
    expect(usage.outputTokens).toBeGreaterThan(5);
    const total = usage.inputTokens + usage.outputTokens;
    expect(await tokens(client)).toMatchObject({ total, estimated: total, reserved: 0 });
  });

  it.each([
    ['the process that runs its turn', false],
    ['another process', true],
  ])(
    'gets its reservation back when a conversation is deleted at %s, and books the cost once',
    async (_, away) => {
      const other = away ? await ctx.startAnother() : undefined;
      const client = await ctx.register();
      ctx.upstream.reset();
      const { id, stream } = await running(client);
      const at = other ? client.at(other.url) : client;
      await at.delete(`conversations/${id}`, undefined, { expect: 204 });
      expect((await tokens(client)).reserved).toBe(0);
      await stream.collect();
      await eventually(async () => ctx.upstream.log[0]!.closedByClient, 10_000);
      const booked = await eventually(async () => {
        const now = await tokens(client);
        return now.total > 0 && now;
      });
      // The prompt is one token, and six are around it: not booked twice.
      expect(booked).toMatchObject({ input: 7, estimated: booked.total, reserved: 0 });
      await sleep(1_500);
      expect(await tokens(client)).toEqual(booked);
      expect((await today(client)).requests.used).toBe(1);
      await other?.stop();
    },
  );

  it('counts nothing of a request that is sent again, and finds its turn when the day is used up', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const once = { 'Idempotency-Key': 'once' };
    const first = await say(client, id, 'Once', once);
    const made = await client.post(`messages/${first.body.assistantMessage.id}/regenerate`, undefined, {
      headers: { 'Idempotency-Key': 'again' },
      expect: 201,
    });
    const before = await today(client);
    expect((await say(client, id, 'Once', once)).body).toEqual(first.body);
    expect(await today(client)).toEqual(before);
    await ctx.query('UPDATE usage_days SET output_tokens = ? WHERE user_id = ?', [QUOTA, client.account.id]);
    expect((await say(client, id, 'Twice')).body.code).toBe('quota_exceeded');
    const replay = await say(client, id, 'Once', once);
    expect([replay.status, replay.headers['idempotent-replayed']]).toEqual([201, 'true']);
    expect(replay.body).toEqual(first.body);
    const remade = await client.post(`messages/${first.body.assistantMessage.id}/regenerate`, undefined, {
      headers: { 'Idempotency-Key': 'again' },
    });
    expect(remade.body).toEqual(made.body);
    expect((await today(client)).requests).toEqual(before.requests);
  });

  it('finds the turn of a request that runs, at once with it, when that has taken all there was', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    await say(client, id);
    const { input, output } = await tokens(client);
    await ctx.query('UPDATE usage_days SET input_tokens = ? WHERE user_id = ?', [
      QUOTA - output - 250 - input,
      client.account.id,
    ]);
    const headers = { 'Idempotency-Key': 'one-of-many' };
    ctx.upstream.reset();
    const answers = await Promise.all(Array.from({ length: 20 }, () => say(client, id, 'Many', headers)));
    expect(tally(answers)).toEqual({ in: 20 });
    expect(new Set(answers.map(({ body }) => body.assistantMessage.id)).size).toBe(1);
    expect(ctx.upstream.log).toHaveLength(1);
    expect((await tokens(client)).reserved).toBe(0);
  });
});

describe('limits on turns', () => {
  const ctx = useApi();
  let limited: ApiProcess;

  beforeAll(async () => {
    limited = await ctx.startAnother({
      ...{ RATE_LIMIT_SCALE: '1', REQUESTS_PER_MINUTE: '100000', ADDRESS_REQUESTS_PER_MINUTE: '100000' },
      ...{ QUOTA_REQUESTS_PER_DAY: '3', TURNS_PER_MINUTE: '5' },
    });
  });

  const leftOf = ({ headers }: Answer) => [headers['ratelimit-limit'], headers['ratelimit-remaining']];

  it('are, of requests a day, told in headers, and refuse what is too much', async () => {
    const client = (await ctx.register()).at(limited.url);
    const id = await begin(client);
    const once = { 'Idempotency-Key': 'once' };
    const first = await say(client, id, 'Once', once);
    expect(leftOf(first)).toEqual(['3', '2']);
    expect((await say(client, id, 'Once', once)).headers['idempotent-replayed']).toBe('true');
    const { assistantMessage } = first.body;
    const again = await client.post(`messages/${assistantMessage.id}/regenerate`, undefined, { expect: 201 });
    expect(leftOf(again)).toEqual(['3', '1']);
    expect(leftOf(await say(client, id))).toEqual(['3', '0']);
    const refused = await say(client, id);
    expect([refused.status, refused.body.code]).toEqual([429, 'quota_exceeded']);
    expect(refused.body).toMatchObject({ quota: 'requests', limit: 3, used: 3 });
    expect(Date.parse(refused.body.resetsAt)).toBeGreaterThan(Date.now());
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(leftOf(refused)).toEqual(['3', '0']);
    expect((await say(client, id, 'Once', once)).body).toEqual(first.body);
    expect((await today(client)).requests).toEqual({ used: 3, limit: 3, remaining: 0 });
    expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(5);
  });

  it('are, of turns a minute, counted whether they are let in or not, but not when they are sent again', async () => {
    const client = (await ctx.register()).at(limited.url);
    const id = await begin(client);
    const once = { 'Idempotency-Key': 'once' };
    const first = await say(client, id, 'Once', once);
    await say(client, id);
    for (let n = 0; n < 6; n += 1)
      expect((await say(client, id, 'Once', once)).headers['idempotent-replayed']).toBe('true');
    await say(client, id);
    for (let n = 0; n < 2; n += 1) expect((await say(client, id)).body.code).toBe('quota_exceeded');
    const refused = await say(client, id);
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(leftOf(refused)).toEqual(['5', '0']);
    const path = `messages/${first.body.assistantMessage.id}/regenerate`;
    expect((await client.post(path)).body.code).toBe('rate_limited');
    expect((await say(client, id, 'Once', once)).body).toEqual(first.body);
    expect((await today(client)).requests.used).toBe(3);
  });

  it('are, of turns at once, the same for all processes', async () => {
    const env = {
      ...{ RATE_LIMIT_SCALE: '1', REQUESTS_PER_MINUTE: '100000', ADDRESS_REQUESTS_PER_MINUTE: '100000' },
      ...{ TURNS_AT_ONCE: '5', TURNS_PER_MINUTE: '1000', OPENAI_MODEL: ENDLESS },
    };
    const processes = await Promise.all([ctx.startAnother(env), ctx.startAnother(env)]);
    const client = await ctx.register();
    const ids: number[] = [];
    for (let n = 0; n < 30; n += 1) ids.push(await begin(client));
    const answers: Answer[] = [];
    const sends = ids.map(async (id, n) => {
      const answer = await say(client.at(processes[n % 2]!.url), id);
      answers.push(answer);
      return answer;
    });
    await eventually(async () => answers.length >= 25, 20_000);
    const rows = await ctx.query(
      'SELECT id, conversation_id AS inside FROM messages WHERE owner_id = ? AND running_in IS NOT NULL',
      [client.account.id],
    );
    expect(rows).toHaveLength(5);
    for (const { body, headers } of answers) {
      expect(body.code).toBe('too_many_turns');
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    const inside = rows.map((row) => Number(row.inside));
    for (const id of ids.filter((one) => !inside.includes(one)))
      expect((await client.get(`conversations/${id}/messages`)).body.items).toEqual([]);
    const [first, ...others] = rows.map(({ id }) => Number(id));
    await client.at(processes[0]!.url).post(`messages/${first}/stop`, undefined, { expect: 200 });
    const free = ids.find((one) => !inside.includes(one))!;
    const next = await running(client.at(processes[1]!.url));
    expect((await say(client.at(processes[1]!.url), free)).body.code).toBe('too_many_turns');
    const rest = [...others, next.answerId];
    await Promise.all(rest.map((id) => client.at(processes[0]!.url).post(`messages/${id}/stop`)));
    expect(tally(await Promise.all(sends))).toEqual({ in: 5, '429 too_many_turns': 25 });
    expect((await today(client)).requests.used).toBe(6);
  }, 60_000);
});
