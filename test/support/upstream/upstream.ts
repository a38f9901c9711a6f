import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askedOfApp, appWire } from './app-wire.ts';
import { Call, type CallRecord, type ChunkListener, type Protocol } from './call.ts';
import { askedOfChat, dashScopeWire, openAiWire } from './openai-wire.ts';
import { isAuthorized, json, readJson, refuse } from './exchange.ts';
import { cutUp, PIECES, take, THOUGHTS } from './pieces.ts';
import { play } from './play.ts';
import type { Asked, Wire } from './protocol.ts';
import {
  answerWithLink,
  askedOfSpeech,
  LINK_PATH,
  playLink,
  playSpeech,
  QWEN_SPEECH_PATH,
  SPEECH_PATH,
} from './speech-wire.ts';
import {
  failsByRate,
  HELP,
  parseSwitches,
  type Switches,
  switchesOfName,
  withoutFaults,
} from './switches.ts';

export interface UpstreamOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  host?: string;
  /** Switches of calls that name none themselves. */
  defaults?: Switches;
}

/** Records kept; older ones are forgotten, so that a long benchmark does not fill the memory. */
const LOG_LENGTH = 20_000;

const APP_PATH = /^\/api\/v1\/apps\/([^/]+)\/completion$/;

/**
 * A local stand-in for OpenAI and Bailian: it speaks their wire protocols, misbehaves when asked to, and keeps a log
 * of what it was sent and of when its sockets were closed.
 */
export class Upstream {
  /** Every call since the last reset, oldest first; records change while their calls run. */
  readonly log: CallRecord[] = [];
  /** Switches by what is asked, beside those of the name; in place of the defaults where it gives some. */
  choose: ((body: any) => Switches | undefined) | undefined;
  /** Told of each piece when it was written. */
  onChunk: ChunkListener | undefined;
  private defaults: Switches;
  private readonly initialDefaults: Switches;
  private readonly failures = new Map<string, number>();
  /** What the links of Qwen's speech lead to, by number from 1. */
  private readonly linked: { text: string; switches: Switches }[] = [];
  private readonly server: Server;
  private nextId = 1;

  constructor(defaults: Switches = {}) {
    this.defaults = this.initialDefaults = defaults;
    this.server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
      this.serve(request, response).catch((error: unknown) => {
        if (!response.headersSent)
          json(response, 400, { error: { message: String(error), code: 'test_upstream' } });
        else response.destroy();
      });
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Host and port; `${url}/v1` is the base URL for OpenAI, `url` itself is the host for Bailian. */
  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, 4096, resolve);
    });
  }

  /** Switches of all following calls that name none by model or header. */
  setDefaults(switches: Switches): void {
    this.defaults = switches;
    this.failures.clear();
  }

  /** Calls whose model (or application id) begins with `name`. */
  callsTo(name: string): CallRecord[] {
    return this.log.filter(({ body, path }) => {
      const { model, parameters } = (body ?? {}) as { model?: string; parameters?: { model_id?: string } };
      const app = decodeURIComponent(APP_PATH.exec(path)?.[1] ?? '');
      return [model, parameters?.model_id, app].some((known) => known?.startsWith(name) === true);
    });
  }

  /** Forgets the log, the counters of `fail-times` and `fail-rate`, `choose`, and defaults set since the start. */
  reset(): void {
    this.log.length = 0;
    this.choose = undefined;
    this.setDefaults(this.initialDefaults);
  }

  /** Closes the server and every connection. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const body = await readJson(request);
    if (path.startsWith('/__')) return this.control(`${request.method} ${path}`, body, response);
    if (path.endsWith('/v1/models')) return json(response, 200, { object: 'list', data: MODELS });
    const app = APP_PATH.exec(path)?.[1];
    const link = this.linked[Number(LINK_PATH.exec(path)?.[1]) - 1];
    if (link)
      return playLink(
        new Call(request, response, this.record(request, 'link', path, body)),
        link.text,
        link.switches,
      );
    if (request.method !== 'POST') return json(response, 404, openAiWire.refusal(404, 'not_found'));
    if (path === '/v1/chat/completions')
      return this.answer(request, response, 'openai', path, body, askedOfChat(body));
    if (path === '/compatible-mode/v1/chat/completions') {
      return this.answer(request, response, 'dashscope', path, body, askedOfChat(body));
    }
    if (path === SPEECH_PATH)
      return this.answer(request, response, 'speech', path, body, askedOfSpeech(body));
    if (path === QWEN_SPEECH_PATH)
      return this.answer(request, response, 'qwen-speech', path, body, askedOfSpeech(body));
    if (app === undefined) return json(response, 404, openAiWire.refusal(404, 'not_found'));
    const sse = request.headers['x-dashscope-sse'] === 'enable';
    return this.answer(request, response, 'app', path, body, askedOfApp(body, decodeURIComponent(app), sse));
  }

  private control(what: string, body: unknown, response: ServerResponse): void {
    if (what === 'GET /__log') return json(response, 200, this.log);
    if (what === 'GET /__health') return json(response, 200, { status: 'ok' });
    if (what === 'DELETE /__log') this.log.length = 0;
    else if (what === 'PUT /__defaults') this.setDefaults((body ?? {}) as Switches);
    else if (what === 'DELETE /__defaults') this.setDefaults(this.initialDefaults);
    else return json(response, 404, { help: HELP });
    response.writeHead(204).end();
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    protocol: Protocol,
    path: string,
    body: unknown,
    asked: Asked,
  ): Promise<void> {
    const switches = this.switchesOf(request, asked, path, body);
    const call = new Call(request, response, this.record(request, protocol, path, body), this.onChunk);
    const wire = WIRES[protocol];
    if (!isAuthorized(request)) return refuse(call, wire, 401, { code: undefined });
    if (switches['hang-head'] === true) return call.hang();
    if (!(await call.sleep(switches.delay ?? 0))) return;
    if (switches.status !== undefined) return refuse(call, wire, switches.status, switches);
    if (protocol === 'speech') return playSpeech(call, asked, body, switches);
    if (protocol === 'qwen-speech') {
      const number = this.linked.push({ text: asked.lastUserMessage, switches });
      return answerWithLink(call, `${this.url}/results/${number}.wav`, switches);
    }
    const pieces = switches.echo === true ? cutUp(asked.lastUserMessage) : (switches.pieces ?? PIECES);
    const answer = {
      thoughts: take(THOUGHTS, switches.thinking ?? 0),
      pieces: take(pieces, switches.count ?? pieces.length),
      asked,
      switches,
    };
    if (asked.stream) return play(call, wire, answer);
    call.head(200, { 'content-type': 'application/json' });
    call.end(Buffer.from(JSON.stringify(wire.whole(answer))), true);
  }

  private record(request: IncomingMessage, protocol: Protocol, path: string, body: unknown): CallRecord {
    const headers = { ...request.headers };
    if (headers.authorization !== undefined) headers.authorization = 'Bearer …';
    const progress = {
      chunksSent: 0,
      bytesSent: 0,
      closedByClient: false,
      closedAt: null,
      closedAfterChunks: null,
    };
    const asked = {
      protocol,
      path,
      headers,
      body,
      clientPort: request.socket.remotePort,
      startedAt: Date.now(),
    };
    const record = { id: this.nextId++, ...asked, ...progress, finished: false };
    this.log.push(record);
    if (this.log.length > LOG_LENGTH) this.log.shift();
    return record;
  }

  private switchesOf(request: IncomingMessage, asked: Asked, path: string, body: unknown): Switches {
    const header = request.headers['x-upstream'];
    const app = decodeURIComponent(APP_PATH.exec(path)?.[1] ?? '');
    const named = [
      switchesOfName(app),
      switchesOfName(asked.model),
      header === undefined ? undefined : parseSwitches(String(header)),
      this.choose?.(body),
    ];
    const switches = named.some(Boolean) ? (Object.assign({}, ...named) as Switches) : this.defaults;
    const { 'fail-times': times, 'fail-rate': rate } = switches;
    if (times === undefined && rate === undefined) return switches;
    const key = `${path} ${asked.model} ${String(header)}`;
    const calls = this.failures.get(key) ?? 0;
    this.failures.set(key, calls + 1);
    const fails = times === undefined ? failsByRate(rate ?? 0, calls) : calls < times;
    return fails ? switches : withoutFaults(switches);
  }
}

/** Who answers; for speech, who refuses. */
const WIRES: Record<Protocol, Wire> = {
  ...{ openai: openAiWire, dashscope: dashScopeWire, app: appWire },
  ...{ speech: openAiWire, 'qwen-speech': appWire, link: appWire },
};

const MODELS = ['gpt-4o-mini', 'qwen-plus', 'test'].map((id) => ({
  id,
  object: 'model',
  created: 1694268190,
  owned_by: 'test',
}));

/** Starts an upstream in this process. */
export async function startUpstream({
  port = 0,
  host = '127.0.0.1',
  defaults,
}: UpstreamOptions = {}): Promise<Upstream> {
  const upstream = new Upstream(defaults);
  await upstream.listen(port, host);
  return upstream;
}
