import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity });

/** A request that makes a turn, and how its answer is read. */
export interface TurnRequest {
  url: URL;
  headers: Record<string, string>;
  body: string;
  status: number;
  /** Stands in the stream where the first piece of the answer begins, and where the answer is whole. */
  first: string;
  last: string;
}

/** Milliseconds since the request was sent. */
export interface Timing {
  first: number;
  whole: number;
}

/** An answer that is being written, and is left alone. */
export interface OpenTurn {
  /** The beginning of what came. */
  head: string;
  leave(): void;
}

/**
 * Sends the request and reads the answer to its end. The client must not be what is measured: it looks for two marks
 * in the bytes and understands nothing of them.
 */
export function talk(turn: TurnRequest): Promise<Timing> {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    const request = send(turn, (response) => {
      const scan = new Scan(turn);
      let first = NaN;
      response.on('data', (bytes: Buffer) => {
        if (scan.sees(bytes) && Number.isNaN(first)) first = performance.now() - from;
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode } = response;
        if (statusCode === turn.status && scan.whole) resolve({ first, whole: performance.now() - from });
        else reject(new Error(`${turn.url.href} answered ${statusCode}, not whole: ${scan.beginning}`));
      });
    });
    request.on('error', reject);
  });
}

/** Sends the request and, once the first piece is there, leaves the stream open. */
export function open(turn: TurnRequest): Promise<OpenTurn> {
  return new Promise((resolve, reject) => {
    const request = send(turn, (response) => {
      const scan = new Scan(turn);
      response.on('data', (bytes: Buffer) => {
        if (scan.sees(bytes)) resolve({ head: scan.beginning, leave: () => request.destroy() });
      });
      response.on('error', () => undefined);
      response.on('end', () =>
        reject(new Error(`${turn.url.href} answered ${response.statusCode}: ${scan.beginning}`)),
      );
    });
    request.on('error', reject);
  });
}

/** A request outside of what is measured. */
export async function ask<T>(
  method: string,
  url: string,
  { body, token }: { body?: unknown; token?: string } = {},
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function send(turn: TurnRequest, onResponse: (response: IncomingMessage) => void): ClientRequest {
  const { url, headers, body } = turn;
  const { hostname: host, port, pathname: path } = url;
  const request = httpRequest({ agent, host, port, path, method: 'POST', headers }, onResponse);
  request.end(body);
  return request;
}

const BEGINNING = 4_096;

/** Looks for the marks, also where a mark is cut in two. */
class Scan {
  beginning = '';
  whole = false;
  private begun = false;
  private rest = '';
  private readonly turn: TurnRequest;

  constructor(turn: TurnRequest) {
    this.turn = turn;
  }

  /** Whether the answer has begun. */
  sees(bytes: Buffer): boolean {
    const text = bytes.toString('latin1');
    if (this.beginning.length < BEGINNING) this.beginning += text.slice(0, BEGINNING);
    const seen = this.rest + text;
    const { first, last } = this.turn;
    this.begun ||= seen.includes(first);
    this.whole ||= seen.includes(last);
    this.rest = seen.slice(-Math.max(first.length, last.length));
    return this.begun;
  }
}
