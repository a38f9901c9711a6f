import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiClient } from './client.ts';

let server: Server;

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ApiClient> {
  server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { token: 'secret' });
}

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const STREAM = { 'content-type': 'text/event-stream' };

describe('ApiClient', () => {
  it('sends JSON with its token, and parses what comes', async () => {
    const client = await serve(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { url, method, headers } = request;
      const seen = { url, method, auth: headers.authorization, body: Buffer.concat(parts).toString() };
      response.writeHead(201, { 'content-type': 'application/problem+json' }).end(JSON.stringify(seen));
    });
    const { status, body } = await client.post('things?x=1', { text: '你好' });
    const auth = 'Bearer secret';
    expect({ status, body }).toEqual({
      status: 201,
      body: { url: '/api/v1/things?x=1', method: 'POST', auth, body: '{"text":"你好"}' },
    });
    const other = await client.delete('/things', undefined, { token: null });
    expect(other.body).toEqual({ url: '/things', method: 'DELETE', body: '' });
    await expect(client.get('things', { expect: 200 })).rejects.toThrow('answered 201, not 200');
  });

  it('gives the events of a stream as they come, and its comments', async () => {
    const client = await serve((_request, response) => {
      response.writeHead(200, STREAM);
      response.write('id: 1\nevent: a\ndata: {"n":1}\n\n: awake\n\n');
      setTimeout(() => response.write('id: 2\nevent: b\nda'), 50);
      setTimeout(() => response.end('ta: {"n":2}\n\n'), 80);
    });
    const stream = await client.stream('events');
    expect(stream.response.status).toBe(200);
    expect(await stream.next()).toMatchObject({ id: 1, event: 'a', data: { n: 1 } });
    const [first, second] = await stream.collect();
    expect(second).toMatchObject({ id: 2, event: 'b', data: { n: 2 } });
    expect(second!.at - first!.at).toBeGreaterThan(30);
    expect(stream.comments).toMatchObject([{ text: 'awake' }]);
  });

  it('throws where the connection breaks within the stream', async () => {
    const client = await serve((_request, response) => {
      response.writeHead(200, STREAM).write('id: 1\nevent: a\ndata: {}\n\n');
      setTimeout(() => response.destroy(), 20);
    });
    const stream = await client.stream('events');
    await expect(stream.collect()).rejects.toThrow();
    expect(stream.received).toHaveLength(1);
  });

  it.each(['close', 'abort'])('leaves at once with %s, without an error', async (way) => {
    let closed = 0;
    const client = await serve((_request, response) => {
      response.writeHead(200, STREAM).write('id: 1\nevent: a\ndata: {}\n\n');
      response.once('close', () => (closed += 1));
    });
    const abort = new AbortController();
    const stream = await client.stream('events', { signal: abort.signal });
    await stream.next();
    if (way === 'close') stream.close();
    else abort.abort();
    expect(await stream.next()).toBeUndefined();
    await sleep(50);
    expect(closed).toBe(1);
  });

  it('rejects where the answer is no stream', async () => {
    const client = await serve((_request, response) => response.writeHead(409).end('busy'));
    await expect(client.stream('events', { body: {} })).rejects.toThrow('POST events answered 409');
  });
});
