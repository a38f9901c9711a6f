import { randomBytes } from 'node:crypto';
import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { EventStream } from './event-stream.ts';
import type { OpenApiSpec } from './openapi.ts';

export const PASSWORD = 'correct horse battery';

const PREFIX = '/api/v1/';
const METHODS_WITHOUT_DOCUMENT = ['HEAD', 'OPTIONS'];

export interface RequestOptions {
  /** Sent as JSON; FormData as multipart. */
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
  /** In place of the client's own; null sends none. */
  token?: string | null;
  /** The status that must come. */
  expect?: number;
  /** The answer is not held to the document. */
  unchecked?: boolean;
  signal?: AbortSignal;
}

export interface StreamOptions extends Omit<RequestOptions, 'expect'> {
  /** POST where there is a body, else GET. */
  method?: string;
}

export interface Answer<T = any> {
  status: number;
  headers: IncomingHttpHeaders;
  /** Parsed where it is JSON, else text; undefined where there is none. */
  body: T;
  bytes: Buffer;
}

export interface ClientOptions {
  spec?: OpenApiSpec;
  token?: string;
}

/** The account of a client that `register` made. */
export interface Account {
  id: number;
  username: string;
  password: string;
  refreshToken: string;
}

/**
 * A client of the API over real sockets. Every answer, and every event of a stream, is held to the API's document.
 * A path that begins with / is taken as it is, any other one is under /api/v1/.
 */
export class ApiClient {
  readonly baseUrl: string;
  readonly token: string | undefined;
  /** Of a registered client. */
  account!: Account;
  private readonly spec: OpenApiSpec | undefined;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(baseUrl: string, { spec, token }: ClientOptions = {}) {
    this.baseUrl = baseUrl;
    this.spec = spec;
    this.token = token;
  }

  async request<T = any>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    const { message } = await this.send(method, path, options, this.agent);
    const bytes = await readAll(message);
    const answer = {
      status: message.statusCode ?? 0,
      headers: message.headers,
      body: parse(message, bytes) as T,
      bytes,
    };
    if (options.expect !== undefined && answer.status !== options.expect) {
      throw new Error(
        `${method} ${path} answered ${answer.status}, not ${options.expect}: ${bytes.toString().slice(0, 1_000)}`,
      );
    }
    if (!options.unchecked && !METHODS_WITHOUT_DOCUMENT.includes(method.toUpperCase())) {
      const type = message.headers['content-type'];
      this.spec?.validateResponse(method, absolute(path), answer.status, type, answer.body);
    }
    return answer;
  }

  get<T = any>(path: string, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('GET', path, options);
  }

  post<T = any>(path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('POST', path, { body, ...options });
  }

  patch<T = any>(path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('PATCH', path, { body, ...options });
  }

  put<T = any>(path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('PUT', path, { body, ...options });
  }

  delete<T = any>(path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>> {
    return this.request<T>('DELETE', path, { body, ...options });
  }

  /** Opens a stream of events; rejects where the answer is none. Its socket is its own. */
  async stream(path: string, options: StreamOptions = {}): Promise<EventStream> {
    const method =
      options.method ?? (options.body === undefined && options.raw === undefined ? 'GET' : 'POST');
    const headers = { accept: 'text/event-stream', ...options.headers };
    const agent = new Agent({ keepAlive: false });
    // An abort after the answer's beginning ends the stream as `close` does.
    const { signal, ...rest } = options;
    const { request, message } = await this.send(
      method,
      path,
      { ...rest, headers, ...(signal && { signal }) },
      agent,
    );
    const type = message.headers['content-type'];
    if (message.statusCode !== 200 || !type?.startsWith('text/event-stream')) {
      const text = (await readAll(message)).toString().slice(0, 1_000);
      throw new Error(
        `${method} ${path} answered ${message.statusCode} ${type ?? ''}, not a stream: ${text}`,
      );
    }
    const spec = options.unchecked ? undefined : this.spec;
    spec?.validateResponse(method, absolute(path), 200, type, []);
    const stream = new EventStream(request, message, (event) =>
      spec?.validateEvent(method, absolute(path), 200, event),
    );
    signal?.addEventListener('abort', () => stream.close(), { once: true });
    return stream;
  }

  /** A new account; returns its client. Without a name it gets a random one. */
  async register(
    username = `user_${randomBytes(6).toString('hex')}`,
    password = PASSWORD,
  ): Promise<ApiClient> {
    const { body } = await this.post('auth/register', { username, password }, { expect: 201, token: null });
    const client = this.as(body.accessToken as string);
    client.account = {
      id: body.user.id,
      username: body.user.username,
      password,
      refreshToken: body.refreshToken,
    };
    return client;
  }

  /** The same API with another token, or with none. */
  as(token: string | undefined): ApiClient {
    return new ApiClient(this.baseUrl, {
      ...(this.spec && { spec: this.spec }),
      ...(token !== undefined && { token }),
    });
  }

  /** The same account at another process. */
  at(baseUrl: string): ApiClient {
    const client = new ApiClient(baseUrl, {
      ...(this.spec && { spec: this.spec }),
      ...(this.token && { token: this.token }),
    });
    client.account = this.account;
    return client;
  }

  private async send(method: string, path: string, options: RequestOptions, agent: Agent): Promise<Sent> {
    const { payload, type } = await encode(options);
    const token = options.token === undefined ? this.token : options.token;
    const headers: Record<string, string | number> = {
      ...(type && { 'content-type': type }),
      ...(payload && { 'content-length': payload.length }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...lowerCased(options.headers),
    };
    return new Promise((resolve, reject) => {
      // Not as a relative URL: of a path that begins with two slashes that would make a host.
      const url = new URL(this.baseUrl + absolute(path));
      const request = httpRequest(url, {
        method,
        headers,
        agent,
        ...(options.signal && { signal: options.signal }),
      });
      request.on('error', reject);
      request.once('response', (message) => resolve({ request, message }));
      request.end(payload);
    });
  }
}

interface Sent {
  request: ClientRequest;
  message: IncomingMessage;
}

function absolute(path: string): string {
  return path.startsWith('/') ? path : PREFIX + path;
}

async function encode({ body, raw }: RequestOptions): Promise<{ payload?: Buffer; type?: string }> {
  if (raw !== undefined) return { payload: Buffer.from(raw), type: 'application/json' };
  if (body === undefined) return {};
  if (!(body instanceof FormData))
    return { payload: Buffer.from(JSON.stringify(body)), type: 'application/json' };
  const form = new Response(body);
  return { payload: Buffer.from(await form.arrayBuffer()), type: form.headers.get('content-type')! };
}

function lowerCased(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function parse(message: IncomingMessage, bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const isJson = /^application\/(.+\+)?json\b/.test(message.headers['content-type'] ?? '');
  return isJson ? JSON.parse(bytes.toString()) : bytes.toString();
}
