import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PIECES } from './pieces.ts';
import { parseSwitches, piecesB64, switchesOfName } from './switches.ts';
import { startUpstream, type Upstream } from './upstream.ts';

let upstream: Upstream;
beforeAll(async () => void (upstream = await startUpstream()));
afterEach(() => upstream.reset());
afterAll(() => upstream.close());

const CHAT = '/v1/chat/completions';

function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(upstream.url + path, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', ...headers },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

const chat = (model: string, more: object = {}, headers = {}, signal?: AbortSignal) =>
  post(
    CHAT,
    { model, stream: true, messages: [{ role: 'user', content: '你好' }], ...more },
    headers,
    signal,
  );

const app = (id: string, parameters: object = { incremental_output: true }, sse = true) =>
  post(
    `/api/v1/apps/${encodeURIComponent(id)}/completion`,
    { input: { prompt: 'hi' }, parameters },
    sse ? { 'x-dashscope-sse': 'enable' } : {},
  );

const data = (text: string) =>
  [...text.matchAll(/^data: ?(\{.*\})$/gm)].map(
    ([, json]) => JSON.parse(json as string) as Record<string, any>,
  );
const contents = (text: string) =>
  data(text)
    .map((chunk) => chunk.choices?.[0]?.delta?.content ?? '')
    .join('');

describe('switches', () => {
  it('reads keys, values and flags', () => {
    expect(parseSwitches('gap=20, count=50,no-done,code=x')).toEqual({
      gap: 20,
      count: 50,
      'no-done': true,
      code: 'x',
    });
    expect(switchesOfName('gpt-4o')).toBeUndefined();
    expect(switchesOfName(`m:pieces-b64=${piecesB64(['a,b', '好'])}`)).toEqual({ pieces: ['a,b', '好'] });
    expect(() => parseSwitches('gpa=20')).toThrow('unknown switch gpa');
    expect(() => parseSwitches('gap=x')).toThrow();
  });
});

describe('protocols', () => {
  it('streams like OpenAI', async () => {
    const text = await (await chat('m', { stream_options: { include_usage: true } })).text();
    expect(contents(text)).toBe(PIECES.join(''));
    expect(text).toMatch(/^data: \{"id":/);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(data(text).at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 2, completion_tokens: 30, total_tokens: 32 },
    });
    expect(data(await (await chat('m')).text()).some((chunk) => chunk.usage)).toBe(false);
  });

  it('streams like the compatible mode', async () => {
    const text = await (
      await post('/compatible-mode/v1/chat/completions', {
        model: 'm:thinking=1,count=1',
        stream: true,
        messages: [],
      })
    ).text();
    expect(text).toMatch(/^data: \{"choices":/);
    expect(data(text)[1]?.choices[0].delta).toEqual({ content: null, reasoning_content: 'Let me think. ' });
  });

  it('streams like an application', async () => {
    const text = await (await app('a:count=2')).text();
    const rest = '"request_id":"4b1a0000-2d5b-4b8e-9f4e-000000000000"}\n\n';
    const head = (id: number) =>
      `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:{"output":{"session_id":"6105c965c31b40958a43dc93c28c7a59",`;
    expect(text).toBe(
      `${head(1)}"finish_reason":"null","text":"Hello"},"usage":{},${rest}` +
        `${head(2)}"finish_reason":"stop","text":", "},"usage":{"models":[{"input_tokens":1,"output_tokens":0,"model_id":"text-embedding-v3"},` +
        `{"input_tokens":1,"output_tokens":2,"model_id":"qwen-plus"}]},${rest}`,
    );
    const texts = async (id: string, parameters: object) =>
      data(await (await app(id, parameters)).text()).map(({ output }) => output.text);
    expect(await texts('a:count=3', {})).toEqual(['Hello', 'Hello, ', 'Hello, 你好']);
    expect(await texts('a:count=2,cumulative', { incremental_output: true })).toEqual(['Hello', 'Hello, ']);
    expect(await texts('a', { model_id: 'm:count=1' })).toEqual(['Hello']);
  });

  it('answers in one piece', async () => {
    const body = (await (await chat('m:count=2', { stream: false })).json()) as any;
    expect(body.choices[0].message.content).toBe('Hello, ');
    const output = (await (await app('a:count=2', {}, false)).json()) as any;
    expect(output.output).toMatchObject({ text: 'Hello, ', finish_reason: 'stop', reject_status: false });
  });

  it('echoes, lists models, and refuses bad keys', async () => {
    expect(contents(await (await chat('m:echo')).text())).toBe('你好');
    expect(((await (await fetch(`${upstream.url}/v1/models`)).json()) as any).object).toBe('list');
    for (const authorization of ['', 'Bearer ', 'Bearer sk-bad']) {
      const response = await chat('m', {}, { authorization });
      expect([response.status, ((await response.json()) as any).error.code]).toEqual([
        401,
        'invalid_api_key',
      ]);
    }
  });
});

describe('faults', () => {
  it('refuses with status, code and retry-after, as often as told', async () => {
    const model = 'm:status=429,code=insufficient_quota,retry-after=3,fail-times=2';
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await chat(model)).status);
    expect(statuses).toEqual([429, 429, 200]);
    const response = await chat('m:status=429,retry-after=3');
    expect(response.headers.get('retry-after')).toBe('3');
    const refusal = await app('a:status=500');
    expect([refusal.status, ((await refusal.json()) as any).code]).toEqual([500, 'InternalError']);
  });

  it('fails as many calls as told, and the same ones each time', async () => {
    const run = async () => {
      upstream.reset();
      const statuses: number[] = [];
      for (let i = 0; i < 300; i += 1) statuses.push((await chat('m:status=500,fail-rate=10')).status);
      return statuses.map((status) => status === 500);
    };
    const failed = await run();
    const count = failed.filter(Boolean).length;
    expect(count).toBeGreaterThan(15);
    expect(count).toBeLessThan(45);
    expect(failed.some((fails, i) => fails && failed[i + 1] === true)).toBe(true);
    expect(await run()).toEqual(failed);
  });

  it('takes switches from the header and from the defaults', async () => {
    expect(contents(await (await chat('m', {}, { 'x-upstream': 'count=1' })).text())).toBe('Hello');
    upstream.setDefaults({ pieces: ['x'] });
    expect(contents(await (await chat('m')).text())).toBe('x');
    expect(contents(await (await chat('m:count=2')).text())).toBe('Hello, ');
  });

  it('resets, ends, and errs after n chunks', async () => {
    await expect((await chat('m:reset=2')).text()).rejects.toThrow();
    const ended = await (await chat('m:end=2')).text();
    expect([contents(ended), ended.includes('DONE')]).toEqual(['Hello, ', false]);
    expect(data(await (await chat('m:error=2,code=x')).text()).at(-1)?.error.code).toBe('x');
    expect(
      upstream.log.map(({ chunksSent, finished, closedByClient }) => [chunksSent, finished, closedByClient]),
    ).toEqual(Array.from({ length: 3 }, () => [2, false, false]));
  });

  it('writes what is told in pieces as small as told, with other line ends, and with garbage', async () => {
    // By header, so that the model's name in the chunks stays the same.
    const text = async (switches: string) => (await chat('m', {}, { 'x-upstream': switches })).text();
    const plain = await text('');
    expect(await text('bytes=1')).toBe(plain);
    expect(await text('split=77')).toBe(plain);
    expect((await text('crlf')).replaceAll('\r\n', '\n')).toBe(plain);
    const bom = await (await chat('m:bom')).arrayBuffer();
    expect([...new Uint8Array(bom)].slice(0, 3)).toEqual([0xef, 0xbb, 0xbf]);
    expect(await text('garbage')).toContain('data: {"broken": tru\n');
    expect((await text('huge-line=3')).length).toBeGreaterThan(3 * 1024 * 1024);
    expect(await text('no-done')).not.toContain('data: [DONE]\n');
  });

  it('drops the connection at a byte', async () => {
    const response = await chat('m:drop=100');
    let received = 0;
    const read = async () => {
      for await (const part of response.body!) received += part.length;
    };
    await expect(read()).rejects.toThrow();
    expect(received).toBe(100);
    expect(upstream.log[0]).toMatchObject({ finished: false, closedByClient: false });
  });

  it('keeps time', async () => {
    const start = performance.now();
    await (await chat('m:delay=50,first=50,gap=10,count=11')).text();
    expect(performance.now() - start).toBeGreaterThan(190);
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it('cuts a stream into exactly two packets', async () => {
    const body = JSON.stringify({ model: 'm:count=2,split=100', stream: true });
    const socket = connect(upstream.port, '127.0.0.1');
    socket.write(
      `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    let raw = '';
    for await (const part of socket) raw += String(part);
    const sizes = [...raw.matchAll(/^([0-9a-f]+)\r$/gm)].map(([, hex]) => Number.parseInt(hex as string, 16));
    expect([sizes.length, sizes[0], sizes[2]]).toEqual([3, 100, 0]);
  });
});
