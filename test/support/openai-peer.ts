import { createServer, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Child } from './child.ts';
import { startWhisperServer } from './whisper-server.ts';

export interface OpenAiPeer {
  /** What comes before `/audio/transcriptions`. */
  baseUrl: string;
  child: Child;
  /** Starts the engine again, on the same port. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** A transcription server in OpenAI's words, over the fixture model; the caller stops it. */
export async function startOpenAiPeer(): Promise<OpenAiPeer> {
  const args = ['-t', '1', '-l', 'auto', '-nlp', '--inference-path', '/v1/audio/transcriptions'];
  let server = await startWhisperServer({ args });
  const front = createServer((request, response) => void pass(request, response, server.port));
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(front.address() as AddressInfo).port}/v1`,
    get child() {
      return server.child;
    },
    revive: async () => {
      server = await startWhisperServer({ args, port: server.port });
    },
    stop: async () => {
      front.closeAllConnections();
      front.close();
      await server.child.stop();
    },
  };
}

/** Hands a request on to whisper-server, which translates where a field says so and not at another path. */
async function pass(request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
  let body = await buffer(request);
  const { 'content-type': contentType = '' } = request.headers;
  if (request.url === '/v1/audio/translations') {
    const boundary = contentType.split('boundary=')[1]!;
    const field = `--${boundary}\r\nContent-Disposition: form-data; name="translate"\r\n\r\ntrue\r\n`;
    body = Buffer.concat([Buffer.from(field), body]);
  }
  const onward = send({
    host: '127.0.0.1',
    port,
    agent: false,
    method: request.method ?? 'GET',
    path: request.url?.replace('translations', 'transcriptions') ?? '/',
    headers: { 'content-type': contentType, 'content-length': body.length },
  });
  response.once('close', () => onward.destroy());
  onward.once('error', () => response.destroy());
  onward.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' });
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  });
  onward.end(body);
}
