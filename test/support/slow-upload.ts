import { connect, type Socket } from 'node:net';
import type { ApiClient } from './client.ts';
import type { ApiContext } from './suite.ts';

const END = '\r\n--b--\r\n';
const MEBIBYTE = 1024 * 1024;

const headOf = (part: string) =>
  `--b\r\nContent-Disposition: form-data; name="${part}"; filename="a.txt"\r\n\r\n`;

/** Sends a form by hand: as much of it as a test says, and no more. */
export class SlowUpload {
  private readonly socket: Socket;
  private answered = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      this.answered += data.toString();
    });
  }

  /** Sends so many bytes of a file, and waits for a reader that is slower. */
  async write(size: number, byte = 'x'): Promise<void> {
    for (let left = size; left > 0; left -= MEBIBYTE)
      await this.send(Buffer.alloc(Math.min(left, MEBIBYTE), byte));
  }

  /** Ends this file and begins another. */
  async next(part = 'files'): Promise<void> {
    await this.send(`\r\n${headOf(part)}`);
  }

  async end(): Promise<string> {
    await this.send(END);
    while (this.answered === '') await new Promise((resolve) => this.socket.once('data', resolve));
    this.socket.destroy();
    return this.answered;
  }

  leave(): void {
    this.socket.resetAndDestroy();
  }

  async send(data: Buffer | string): Promise<void> {
    if (!this.socket.write(data)) await new Promise((resolve) => this.socket.once('drain', resolve));
  }
}

/** Begins a form whose body has at most so many bytes; what is missing of them is a form that does not end. */
export async function beginUpload(
  { api }: Pick<ApiContext, 'api'>,
  { token }: ApiClient,
  path: string,
  size: number,
  part = 'files',
): Promise<SlowUpload> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  const head = headOf(part);
  const headers = [
    ...['Host: x', `Authorization: Bearer ${token}`, 'Content-Type: multipart/form-data; boundary=b'],
    `Content-Length: ${head.length + size + END.length}`,
  ];
  socket.write(`POST /api/v1/${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${head}`);
  return new SlowUpload(socket);
}
