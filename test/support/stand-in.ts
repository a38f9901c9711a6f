import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One request, as the stand-in got it. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  /** Of the form: each field's values, and the file. */
  fields: Record<string, string[]>;
  file: { name: string; bytes: Buffer } | null;
  /** Whether the caller went away before it had its answer. */
  left: boolean;
}

export type Play = (response: ServerResponse, asked: Asked) => void | Promise<void>;

/** A local server that answers a POST with what the test says, and anything else with 200. */
export class StandIn {
  readonly asked: Asked[] = [];
  play: Play = (response) => void response.writeHead(404).end();
  /** What a GET is answered with. */
  health = 200;
  private readonly server: Server;

  /** @param options.stubborn it does not see that a caller has ended its side of the connection */
  constructor(options: { stubborn?: boolean } = {}) {
    this.server = createServer((request, response) => void this.serve(request, response));
    Object.assign(this.server, { httpAllowHalfOpen: options.stubborn ?? false });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    if (request.method !== 'POST') {
      response.writeHead(this.health).end();
      return;
    }
    const asked: Asked = { ...(await read(request)), left: false };
    response.once('close', () => {
      asked.left = !response.writableFinished;
    });
    this.asked.push(asked);
    await this.play(response, asked);
  }
}

async function read(request: IncomingMessage): Promise<Omit<Asked, 'left'>> {
  const body = await buffer(request);
  const boundary = request.headers['content-type']?.split('boundary=')[1] ?? '';
  const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers };
  const fields: Asked['fields'] = {};
  let file: Asked['file'] = null;
  for (const { name, fileName, bytes } of partsOf(body, boundary)) {
    if (fileName === undefined) fields[name] = [...(fields[name] ?? []), bytes.toString()];
    else file = { name: fileName, bytes };
  }
  return { ...asked, fields, file };
}

/** The parts of a form. */
function* partsOf(body: Buffer, boundary: string) {
  const mark = Buffer.from(`--${boundary}`);
  for (let at = body.indexOf(mark); at >= 0;) {
    const next = body.indexOf(mark, at + mark.length);
    if (next < 0) return;
    const part = body.subarray(at + mark.length + 2, next - 2);
    const blank = part.indexOf('\r\n\r\n');
    const head = part.toString('utf8', 0, blank);
    const name = /[; ]name="([^"]*)"/.exec(head)?.[1] ?? '';
    yield { name, fileName: /filename="([^"]*)"/.exec(head)?.[1], bytes: part.subarray(blank + 4) };
    at = next;
  }
}
