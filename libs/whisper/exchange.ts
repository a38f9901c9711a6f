import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { PieceForm } from './piece-form.js';
import { EngineError } from './whisper-engine.js';

/** Far more than thirty seconds of speech can say. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface Answer {
  status: number;
  body: string;
}

/** A form on its way to a server, and the answer. */
export interface Exchange {
  /** Rejects with the signal's reason as soon as that aborts, and with EngineError engine_unavailable where the connection breaks. */
  answer: Promise<Answer>;
  /** When the server has let go of the connection, which it does when it has stopped working. Never rejects. */
  over: Promise<void>;
  /** Lets go of the connection, whatever the server does. */
  leave(): void;
}

/**
 * Sends a form over a connection of its own. When the signal aborts, this side of the connection ends but the other
 * stays open: the server sees that nobody waits any more and stops, and its end tells when it has.
 */
export function exchange(url: URL, form: PieceForm, signal: AbortSignal): Exchange {
  signal.throwIfAborted();
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(url, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': form.contentType, 'content-length': form.body.length, connection: 'close' },
  });
  const over = new Promise<void>((resolve) => request.once('close', resolve));
  const answer = new Promise<Answer>((resolve, reject) => {
    const stop = () => {
      reject(signal.reason as Error);
      halfClose(request);
    };
    signal.addEventListener('abort', stop, { once: true });
    void over.then(() => signal.removeEventListener('abort', stop));
    request.on('error', (error) => reject(lost(error)));
    request.once('response', (response) => collect(response).then(resolve, reject));
    request.end(form.body);
  });
  return { answer, over, leave: () => request.destroy() };
}

/** The status that a server answers a question with; null where it does not answer in time, or there is none. */
export function statusOf(
  url: URL,
  options: { timeoutMs: number; headers?: Record<string, string> },
): Promise<number | null> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(options.timeoutMs);
  return new Promise((resolve) => {
    const headers = { ...options.headers, connection: 'close' };
    const request = send(url, { agent: false, headers, signal });
    request.on('error', () => resolve(null));
    request.once('response', (response) => {
      resolve(response.statusCode ?? null);
      request.destroy();
    });
    request.end();
  });
}

function halfClose(request: ClientRequest): void {
  if (request.socket && !request.socket.connecting) request.socket.end();
  else request.destroy();
}

async function collect(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES)
        throw new EngineError('engine_failed', 'The engine answered with more than it can have heard');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof EngineError ? error : lost(error);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
}

function lost(cause: unknown): EngineError {
  return new EngineError('engine_unavailable', 'The connection to the engine broke', { cause });
}
