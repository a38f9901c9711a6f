import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
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

describe('log', () => {
  it('records the call without its key', async () => {
    await (await chat('m:count=2')).text();
    expect(upstream.log[0]).toMatchObject({
      protocol: 'openai',
      path: CHAT,
      headers: { authorization: 'Bearer …' },
      body: { model: 'm:count=2' },
      chunksSent: 2,
      closedByClient: false,
      closedAfterChunks: 2,
      finished: true,
    });
    expect(upstream.callsTo('m')).toHaveLength(1);
    expect(upstream.callsTo('other')).toHaveLength(0);
  });

  it.each([
    'gap=10,count=1000',
    'hang=3',
    'hang-head',
    'never-ending',
    'huge-line=500',
    'delay=60000',
    'gap=60000',
    'bytes=1,count=9999',
  ])('sees the client go at once during %s', async (switches) => {
    const controller = new AbortController();
    const reading = chat(`m:${switches}`, {}, {}, controller.signal).then((response) => response.text());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(upstream.log[0]?.closedAt).toBeNull();
    const abortedAt = Date.now();
    controller.abort();
    await expect(reading).rejects.toThrow();
    await vi.waitFor(() => expect(upstream.log[0]?.closedByClient).toBe(true), {
      timeout: 5_000,
      interval: 2,
    });
    expect(upstream.log[0]?.closedAt as number).toBeGreaterThanOrEqual(abortedAt);
    expect(upstream.log[0]?.finished).toBe(false);
  });

  it('sees a client that closes its half of the connection', async () => {
    const body = JSON.stringify({ model: 'm:hang=1', stream: true });
    const socket = connect(upstream.port, '127.0.0.1');
    socket.write(
      `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, 'data');
    socket.end();
    await vi.waitFor(() => expect(upstream.log[0]?.closedByClient).toBe(true), {
      timeout: 5_000,
      interval: 2,
    });
  });

  it('takes no call for closed that came after it on the same connection', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    for (let i = 0; i < 60; i += 1) await (await chat('m:count=1')).text();
    process.off('warning', warned);
    // Node warns of eleven forgotten listeners on one socket.
    expect(warned).not.toHaveBeenCalled();
    expect(new Set(upstream.log.map(({ clientPort }) => clientPort)).size).toBeLessThan(5);
    expect(upstream.log.every(({ closedByClient, finished }) => finished && !closedByClient)).toBe(true);
  });
});

describe('main', () => {
  it('runs as a process of its own, controlled over HTTP', async () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [output] = (await once(child.stdout, 'data')) as [Buffer];
      const url = /http:\/\/[\d.]+:\d+/.exec(String(output))?.[0] as string;
      const control = (method: string, path: string, body?: object) =>
        fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) });
      expect(await (await control('GET', '/__health')).json()).toEqual({ status: 'ok' });
      expect((await control('PUT', '/__defaults', { status: 503 })).status).toBe(204);
      const call = () =>
        fetch(url + CHAT, { method: 'POST', headers: { authorization: 'Bearer x' }, body: '{"model":"m"}' });
      expect((await call()).status).toBe(503);
      await control('DELETE', '/__defaults');
      expect((await call()).status).toBe(200);
      expect(await (await control('GET', '/__log')).json()).toHaveLength(2);
      await control('DELETE', '/__log');
      expect(await (await control('GET', '/__log')).json()).toEqual([]);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });
});
