import { describe, expect, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import type { ApiClient } from '../support/client.ts';
import { begin, beginWith, eventually, textOf } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const ANSWER = PIECES.join('');
const FAST = { LLM_MAX_RETRIES: '1', LLM_FIRST_TOKEN_TIMEOUT_MS: '700', LLM_IDLE_TIMEOUT_MS: '500' };

/** Sends one message as a stream and gives its text and last event. */
async function say(client: ApiClient, id: number, content = 'Hello') {
  const events = await (await client.stream(`conversations/${id}/messages`, { body: { content } })).collect();
  return { text: textOf(events), deltas: events.length - 2, last: events.at(-1)! };
}

describe('OpenAI', () => {
  const ctx = useApi({ env: FAST });

  it('arrives equal when its bytes are cut anywhere', async () => {
    const client = await ctx.register();
    ctx.upstream.reset();
    const whole = await beginWith(client, { model: 'test:obfuscation' });
    await say(client, whole);
    const length = ctx.upstream.log[0]!.bytesSent;
    expect(length).toBeGreaterThan(4_000);
    const bots = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        beginWith(client, { model: `test:bytes=${[1, 2, 3, 5, 7, 11, 13, 97][n]}` }),
      ),
    );
    for (const id of bots) expect((await say(client, id)).text).toBe(ANSWER);
  });

  it.each([
    ['usage-twice', 'completed'],
    ['no-usage', 'completed'],
    ['no-done', 'completed'],
    ['crlf', 'completed'],
    ['bom', 'completed'],
    ['garbage=line', 'completed'],
    ['thinking=4', 'completed'],
    ['hang-tail', 'completed'],
    ['status=500,fail-times=1', 'completed'],
    ['status=429,code=rate_limit_exceeded,retry-after-ms=20,fail-times=1', 'completed'],
    ['reset=0,fail-times=1', 'completed'],
    ['hang-head,fail-times=1', 'completed'],
  ])('a turn over %s ends %s and whole', async (switches, status) => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: `test:${switches}` });
    const { text, last } = await say(client, id);
    expect(last.data.message.status).toBe(status);
    expect(text).toBe(ANSWER);
    expect(last.data.message.content).toBe(ANSWER);
    expect(last.data.message.usage.estimated).toBe(switches === 'no-usage');
  });

  it.each([
    ['status=401,code=invalid_api_key', 'llm_auth', 1, 0],
    ['status=429,code=insufficient_quota', 'llm_quota', 1, 0],
    ['status=400,code=context_length_exceeded', 'llm_context_length', 1, 0],
    ['status=500', 'llm_unavailable', 2, 0],
    ['hang-head', 'llm_timeout', 2, 0],
    ['reset=0', 'llm_network', 2, 0],
    ['reset=5', 'llm_network', 1, 5],
    ['end=5', 'llm_protocol', 1, 5],
    ['hang=5', 'llm_timeout', 1, 5],
    ['error=5,code=data_inspection_failed', 'llm_content_filter', 1, 5],
    ['garbage=json', 'llm_protocol', 1, 2],
    ['huge-line=4', 'llm_protocol', 1, 2],
  ])('a turn over %s fails with %s after %i calls, %i pieces kept', async (switches, code, calls, pieces) => {
    const client = await ctx.register();
    const model = `test:${switches}`;
    const id = await beginWith(client, { model });
    ctx.upstream.reset();
    const { text, last } = await say(client, id);
    expect(last.event).toBe('message.failed');
    expect(last.data.code).toBe(code);
    expect(last.data.message).toMatchObject({ status: 'failed', error: { code }, content: text });
    expect(text).toBe(PIECES.slice(0, pieces).join(''));
    expect(ctx.upstream.log.filter(({ body }) => (body as any).model === model)).toHaveLength(calls);
    const answer = await client.post(`conversations/${id}/messages`, { content: 'Again' }, { expect: 201 });
    expect(answer.body.assistantMessage.status).toBe('failed');
    expect(JSON.stringify(answer.body)).not.toContain('upstream-message-that-must-not-leak');
  });

  it('ends an answer that does not end', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    ctx.upstream.reset();
    ctx.upstream.setDefaults({ pieces: ['many words '.repeat(200)], 'never-ending': true });
    const { body } = await client.post(`conversations/${id}/messages`, { content: 'Go' }, { expect: 201 });
    ctx.upstream.setDefaults({});
    expect(body.assistantMessage).toMatchObject({ status: 'failed', error: { code: 'llm_too_long' } });
    expect(body.assistantMessage.content.length).toBeLessThan(1_010_000);
    await eventually(async () => ctx.upstream.log[0]!.closedByClient);
  });

  it('says it in Chinese to who asks in Chinese', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { model: 'test:status=400,code=invalid_request_error' });
    const { body } = await client.post(
      `conversations/${id}/messages`,
      { content: '你好' },
      { headers: { 'Accept-Language': 'zh-CN' } },
    );
    expect(body.assistantMessage.error.message).toMatch(/[\u4e00-\u9fff]/);
  });

  it('leaves no keys and no texts in the logs', async () => {
    const client = await ctx.register('log_reader');
    const id = await beginWith(client, { model: 'test:garbage=json' });
    await say(client, id, 'a-text-that-nobody-may-read');
    await client.post('auth/login', { username: 'log_reader', password: 'a-wrong-password-4711' });
    for (const secret of [
      'a-text-that-nobody-may-read',
      'a-wrong-password-4711',
      'test-key',
      client.token!,
      PIECES[9]!.trim(),
    ]) {
      expect(ctx.logs()).not.toContain(secret);
    }
  });
});

describe('Bailian, compatible mode', () => {
  const ctx = useApi({ upstream: true, env: { ...FAST, LLM_PROVIDER: 'bailian', API_KEY: 'test-key' } });

  it('answers, thinks apart, and counts', async () => {
    const api = await ctx.startAnother({ BAILIAN_BASE_URL: ctx.upstream.url, BAILIAN_MODEL: 'qwen-test' });
    const client = (await ctx.register()).at(api.url);
    ctx.upstream.reset();
    const { text, last } = await say(client, await begin(client));
    expect(text).toBe(ANSWER);
    expect(last.data.message).toMatchObject({ provider: 'bailian', model: 'qwen-test', status: 'completed' });
    expect(ctx.upstream.log[0]).toMatchObject({ protocol: 'dashscope' });
    const thinking = await say(client, await beginWith(client, { model: 'qwen:thinking=4' }));
    expect(thinking.text).toBe(ANSWER);
    const failed = await say(
      client,
      await beginWith(client, { model: 'qwen:error=3,code=data_inspection_failed' }),
    );
    expect(failed.last.data.message.error).toMatchObject({
      code: 'llm_content_filter',
      providerCode: 'data_inspection_failed',
    });
  });
});

describe('Bailian, an application', () => {
  const ctx = useApi({ env: { ...FAST, LLM_PROVIDER: 'bailian', DASHSCOPE_API_KEY: 'test-key' } });
  const app = async (appId: string) => {
    const api = await ctx.startAnother({ BAILIAN_BASE_URL: ctx.upstream.url, APP_ID: appId });
    return (await ctx.register()).at(api.url);
  };

  it('arrives as deltas, cumulative and incremental, with history and persona', async () => {
    const client = await app('app-1');
    for (const model of [
      null,
      'app:cumulative',
      'app:ignore-incremental',
      'app:bytes=1',
      'app:empty-final,crlf',
    ]) {
      const persona = 'You are an old sailor.';
      const id = await beginWith(client, { kind: 'persona', persona, ...(model && { model }) });
      ctx.upstream.reset();
      const first = await say(client, id, 'One');
      expect([model, first.text, first.last.data.message.content]).toEqual([model, ANSWER, ANSWER]);
      expect(first.deltas).toBeGreaterThan(20);
      expect(first.last.data.message).toMatchObject({
        status: 'completed',
        provider: 'bailian',
        usage: { estimated: false },
      });
      await say(client, id, 'Two');
      const { input } = ctx.upstream.log[1]!.body as any;
      expect(input.messages.slice(1).map(({ content }: { content: string }) => content)).toEqual([
        'One',
        ANSWER,
        'Two',
      ]);
      expect(input.messages[0].content).toContain(persona);
    }
  });

  it('fails with the code of an error inside a 200', async () => {
    const client = await app('app-2');
    for (const style of ['event', 'status-line', 'bare']) {
      const model = `app:error=4,code=DataInspectionFailed,error-status=400,error-style=${style}`;
      const { text, last } = await say(client, await beginWith(client, { model }));
      expect(last.event).toBe('message.failed');
      expect(last.data.message.error).toMatchObject({
        code: 'llm_content_filter',
        providerCode: 'DataInspectionFailed',
      });
      expect(text).toBe(PIECES.slice(0, 4).join(''));
      expect(last.data.message.content).toBe(text);
    }
    const rewritten = await say(client, await beginWith(client, { model: 'app:cumulative,rewrite=6' }));
    expect(rewritten.last.data.code).toBe('llm_protocol');
  });
});

describe('without a provider', () => {
  const ctx = useApi({ upstream: false });

  it('echo says what it is and which variables to set', async () => {
    const client = await ctx.register();
    const { text, last } = await say(client, await begin(client), 'Hello there');
    expect(text).toContain('OPENAI_API_KEY');
    expect(text).toContain('Hello there');
    expect(last.data.message).toMatchObject({ provider: 'echo', status: 'completed' });
  });
});

describe('with a second provider', () => {
  const ctx = useApi({ env: { ...FAST, DASHSCOPE_API_KEY: 'test-key', LLM_FALLBACK: 'bailian' } });

  it('falls back before the first piece, never after it', async () => {
    const api = await ctx.startAnother({
      BAILIAN_BASE_URL: ctx.upstream.url,
      OPENAI_MODEL: 'gpt:status=500',
    });
    const client = (await ctx.register()).at(api.url);
    const { text, last } = await say(client, await begin(client));
    expect(text).toBe(ANSWER);
    expect(last.data.message.provider).toBe('bailian');
    const failed = await say(client, await beginWith(client, { model: 'gpt:reset=3' }));
    expect(failed.last.data.message).toMatchObject({ status: 'failed', provider: 'openai' });
  });
});
