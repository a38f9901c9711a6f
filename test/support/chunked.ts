import { connect, type Socket } from 'node:net';
import type { ApiClient } from './client.ts';

/** An answer as it stood on the wire. */
export interface ChunkedAnswer {
  status: number;
  headers: Record<string, string>;
  /** Each chunk of the transfer encoding by itself, whatever packets they came in; without the empty last one. */
  chunks: string[];
  /** The last, empty chunk came. */
  isWhole: boolean;
}

export interface ChunkedRequest {
  /** The answer, when the connection is closed. */
  answer: Promise<ChunkedAnswer>;
  /** What has come so far. */
  received(): string;
  /** Hangs up, as somebody who closes the page. */
  hangUp(): void;
}

/** Posts JSON over a connection of its own, and keeps apart what the server has written piece by piece. */
export function postChunked(client: ApiClient, path: string, body: unknown): ChunkedRequest {
  const { hostname, port, host } = new URL(client.baseUrl);
  const payload = Buffer.from(JSON.stringify(body));
  const head = [
    `POST ${path} HTTP/1.1`,
    ...[`Host: ${host}`, 'Connection: close', 'Content-Type: application/json'],
    ...[`Content-Length: ${payload.length}`, `Authorization: Bearer ${client.token}`, '', ''],
  ].join('\r\n');
  const parts: Buffer[] = [];
  const socket: Socket = connect(Number(port), hostname, () =>
    socket.write(Buffer.concat([Buffer.from(head), payload])),
  );
  const answer = new Promise<ChunkedAnswer>((resolve, reject) => {
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => resolve(parse(Buffer.concat(parts))));
  });
  answer.catch(() => undefined);
  return {
    answer,
    received: () => Buffer.concat(parts).toString(),
    hangUp: () => socket.destroy(),
  };
}

function parse(bytes: Buffer): ChunkedAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString().split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const chunks: string[] = [];
  let isWhole = false;
  for (let at = end + 4; at < bytes.length && !isWhole;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.subarray(at, lineEnd).toString(), 16);
    if (length === 0) isWhole = true;
    else chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length).toString());
    at = lineEnd + length + 4;
  }
  return { status: Number(statusLine.split(' ')[1]), headers, chunks, isWhole };
}
