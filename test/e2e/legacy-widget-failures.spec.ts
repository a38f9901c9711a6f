import { describe, expect, it, vi } from 'vitest';
import { type ApiContext, useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';
import type { Switches } from '../support/upstream/switches.ts';
import { answerOf, askWidget, eventsOf } from '../support/widget.ts';

const WHOLE = '/myapi/v1/chat-bot';
const ANSWER = PIECES.join('');
const FAST = { LLM_MAX_RETRIES: '1', LLM_FIRST_TOKEN_TIMEOUT_MS: '700', LLM_IDLE_TIMEOUT_MS: '500' };
const QUESTION = { last_prompt: 'Hi', session_id: 's' };

/** Before the first piece: the status, and what is said; both routes alike. */
async function expectRefusal(ctx: ApiContext, url: string, status: number, message: string): Promise<void> {
  const stream = await askWidget(url, QUESTION);
  const text = await stream.all();
  expect([stream.status, JSON.parse(text)]).toEqual([status, { success: false, message }]);
  expect(stream.headers['content-type']).toBe('application/json; charset=utf-8');
  const whole = await askWidget(url, QUESTION, { path: WHOLE });
  expect([whole.status, JSON.parse(await whole.all())]).toEqual([
    status,
    { success: false, message, result: '' },
  ]);
  expect(text + ctx.logs()).not.toMatch(/upstream-message-that-must-not-leak|test-key|sk-bad/);
}

/** In mid-answer: the pieces that came, and an event that ends the stream; no answer for who wants a whole one. */
async function expectBreak(url: string, pieces: number, message: string): Promise<void> {
  const stream = await askWidget(url, QUESTION);
  const text = await stream.all();
  const events = eventsOf(stream.chunks);
  expect(stream.status).toBe(200);
  expect(answerOf(events)).toBe(PIECES.slice(0, pieces).join(''));
  expect(text.endsWith(`data: {"success": false, "message": "${message}", "finished": true}\n\n`)).toBe(true);
  expect(events.filter(({ finished }) => finished)).toHaveLength(1);
  const whole = await askWidget(url, QUESTION, { path: WHOLE });
  expect(whole.status).toBeGreaterThanOrEqual(500);
  expect(JSON.parse(await whole.all())).toEqual({ success: false, message, result: '' });
}

async function expectAnswer(url: string): Promise<void> {
  const stream = await askWidget(url, QUESTION);
  await stream.all();
  const events = eventsOf(stream.chunks);
  expect([stream.status, answerOf(events)]).toEqual([200, ANSWER]);
  expect(events.at(-1)).toEqual({ success: true, finished: true, message: 'Stream completed' });
  const whole = await askWidget(url, QUESTION, { path: WHOLE });
  expect(JSON.parse(await whole.all())).toMatchObject({ success: true, result: ANSWER, response: ANSWER });
}

type Case = [switches: Switches, status: number, message: string];

/** Processes that a test starts itself take their time on a busy machine. */
vi.setConfig({ testTimeout: 90_000 });

describe('widget: failures of OpenAI', () => {
  const ctx = useApi({ env: FAST });

  it.each<Case>([
    [{ status: 401, code: 'invalid_api_key' }, 500, 'Authentication failed'],
    [{ status: 404, code: 'model_not_found' }, 500, 'App not found'],
    [{ status: 429, code: 'insufficient_quota' }, 500, 'Quota exceeded'],
    [{ status: 429, code: 'rate_limit_exceeded', 'retry-after': '20' }, 503, 'Service busy'],
    [{ status: 400, code: 'context_length_exceeded' }, 500, 'Conversation too long'],
    [{ status: 400, code: 'content_filter' }, 500, 'Content refused'],
    [{ status: 400 }, 500, 'Request refused'],
    [{ status: 503 }, 503, 'Service unavailable'],
    [{ 'hang-head': true }, 500, 'Connection timeout'],
    [{ hang: 0 }, 500, 'Connection timeout'],
    [{ reset: 0 }, 500, 'Connection failed'],
    [{ end: 0 }, 500, 'Invalid response'],
    [{ error: 0, code: 'data_inspection_failed' }, 500, 'Content refused'],
    [{ count: 0 }, 500, 'Empty response'],
    [{ finish: 'content_filter', count: 0 }, 500, 'Content refused'],
  ])('before the first piece, %j: %i %s', async (switches, status, message) => {
    ctx.upstream.setDefaults(switches);
    await expectRefusal(ctx, ctx.api.url, status, message);
    ctx.upstream.setDefaults({});
  });

  it.each<[Switches, number, string]>([
    [{ reset: 5 }, 5, 'Connection failed'],
    [{ end: 5 }, 5, 'Invalid response'],
    [{ hang: 5 }, 5, 'Connection timeout'],
    [{ error: 5, code: 'data_inspection_failed' }, 5, 'Content refused'],
    [{ error: 1, code: 'server_error' }, 1, 'Service unavailable'],
    [{ garbage: 'json' }, 2, 'Invalid response'],
    [{ 'huge-line': 4 }, 2, 'Invalid response'],
  ])('midway, %j: %i pieces and %s', async (switches, pieces, message) => {
    ctx.upstream.setDefaults(switches);
    await expectBreak(ctx.api.url, pieces, message);
    ctx.upstream.setDefaults({});
  });

  it.each<[Switches]>([
    [{ status: 500, 'fail-times': 1 }],
    [{ reset: 0, 'fail-times': 1 }],
    [{ 'no-done': true }],
    [{ 'hang-tail': true }],
    [{ 'no-usage': true, thinking: 3 }],
  ])('what passes or does not matter, %j, is no failure', async (switches) => {
    ctx.upstream.setDefaults(switches);
    await expectAnswer(ctx.api.url);
    ctx.upstream.setDefaults({});
  });

  it('says when to ask again, where the provider does', async () => {
    ctx.upstream.setDefaults({ status: 429, code: 'rate_limit_exceeded', 'retry-after': '20' });
    const { headers } = await askWidget(ctx.api.url, QUESTION);
    expect(headers['retry-after']).toBe('20');
    ctx.upstream.setDefaults({});
  });

  it('ends an answer that does not end, and its socket', async () => {
    ctx.upstream.reset();
    ctx.upstream.setDefaults({ pieces: ['many words '.repeat(500)], 'never-ending': true });
    const stream = await askWidget(ctx.api.url, QUESTION, { path: WHOLE });
    expect([stream.status, JSON.parse(await stream.all())]).toEqual([
      500,
      { success: false, message: 'Response too long', result: '' },
    ]);
    ctx.upstream.setDefaults({});
    await eventually(async () => ctx.upstream.log[0]!.closedByClient);
  });
});

describe('widget: a provider that is not there', () => {
  const ctx = useApi({ env: { ...FAST, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' } });

  it('is a failed connection, unless another one answers', async () => {
    const url = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
    const alone = await ctx.startAnother(url);
    await expectRefusal(ctx, alone.url, 500, 'Connection failed');
    const second = {
      DASHSCOPE_API_KEY: 'test-key',
      BAILIAN_BASE_URL: ctx.upstream.url,
      LLM_FALLBACK: 'bailian',
    };
    await expectAnswer((await ctx.startAnother({ ...url, ...second })).url);
  });
});

describe('widget: Bailian', () => {
  const ctx = useApi({ env: { ...FAST, LLM_PROVIDER: 'bailian', API_KEY: 'test-key', DEBUG: 'True' } });
  const bailian = (env: Record<string, string | undefined> = {}) =>
    ctx.startAnother({
      OPENAI_API_KEY: undefined,
      LLM_PROVIDER: undefined,
      BAILIAN_BASE_URL: ctx.upstream.url,
      ...env,
    });

  it('answers in compatible mode, and fails in its words', async () => {
    const api = await bailian({ TEMPERATURE: '0.7', SYSTEM_PROMPT: 'Be brief.' });
    ctx.upstream.reset();
    await expectAnswer(api.url);
    expect(ctx.upstream.log[0]).toMatchObject({
      protocol: 'dashscope',
      body: { model: 'qwen-plus', temperature: 0.7 },
    });
    ctx.upstream.setDefaults({ status: 401, code: 'invalid_api_key' });
    await expectRefusal(ctx, api.url, 500, 'Authentication failed');
    ctx.upstream.setDefaults({ error: 3, code: 'data_inspection_failed' });
    await expectBreak(api.url, 3, 'Content refused');
    ctx.upstream.setDefaults({});
  });

  it('answers as an application, with history, system text and temperature', async () => {
    const api = await bailian({ APP_ID: 'app-1', TEMPERATURE: '0.7', SYSTEM_PROMPT: 'Be brief.' });
    ctx.upstream.reset();
    for (const switches of [
      {},
      { cumulative: true },
      { 'ignore-incremental': true },
      { bytes: 1 },
      { 'empty-final': true },
    ]) {
      ctx.upstream.setDefaults(switches);
      await expectAnswer(api.url);
    }
    ctx.upstream.setDefaults({});
    const { protocol, path, body } = ctx.upstream.log[0]!;
    expect([protocol, path]).toEqual(['app', '/api/v1/apps/app-1/completion']);
    expect((body as any).parameters.temperature).toBe(0.7);
    expect((body as any).input.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]);
  });

  it('fails as an application does: before, and midway inside a 200', async () => {
    const api = await bailian({ APP_ID: 'app-2' });
    const refusals: Case[] = [
      [{ status: 401, code: 'InvalidApiKey' }, 500, 'Authentication failed'],
      [{ status: 400, code: 'InvalidAppId' }, 500, 'App not found'],
      [{ status: 404 }, 500, 'App not found'],
      [{ status: 400, code: 'Arrearage' }, 500, 'Quota exceeded'],
      [{ 'hang-head': true }, 500, 'Connection timeout'],
      [{ error: 0, code: 'InvalidApiKey', 'error-status': 401 }, 500, 'Authentication failed'],
      [{ reject: true }, 500, 'Content refused'],
    ];
    for (const [switches, status, message] of refusals) {
      ctx.upstream.setDefaults(switches);
      await expectRefusal(ctx, api.url, status, message);
    }
    for (const style of ['event', 'status-line', 'bare']) {
      ctx.upstream.setDefaults({
        error: 4,
        code: 'DataInspectionFailed',
        'error-status': 400,
        'error-style': style,
      });
      await expectBreak(api.url, 4, 'Content refused');
    }
    ctx.upstream.setDefaults({});
  });
});
