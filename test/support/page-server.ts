import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const PAGES = join(import.meta.dirname, '../fixtures/pages');

/** How answers go on: as they come, in one piece, or in pieces of so many bytes. */
export type Cut = 'as written' | 'whole' | number;

/**
 * A server of an older frontend: it has one page, and passes everything else on to the API, as nginx would in front of
 * both. What a network may do to a body on its way, it does.
 */
export class PageServer {
  cut: Cut = 'as written';
  /** What the API has written in one piece, and has this in it, stays in one piece. */
  spare: RegExp | undefined;
  private readonly server: Server;
  private readonly page: Buffer;
  private readonly api: URL;

  /** @param page a file of test/fixtures/pages */
  constructor(page: string, apiUrl: string) {
    this.page = readFileSync(join(PAGES, page));
    this.api = new URL(apiUrl);
    this.server = createServer((incoming, outgoing) => this.serve(incoming, outgoing));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The same server, and to a browser another site. */
  get foreignUrl(): string {
    return `http://localhost:${this.port}`;
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (incoming.url?.split('?')[0] === '/') {
      outgoing.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(this.page);
      return;
    }
    // With the browser's own Host: the API compares it with the Origin.
    const options = { method: incoming.method, path: incoming.url, headers: incoming.headers };
    const passed = request(
      { ...options, hostname: this.api.hostname, port: this.api.port },
      (answer) => void this.pass(answer, outgoing).catch(() => outgoing.destroy()),
    );
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  }

  private async pass(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    if (this.cut === 'whole') {
      outgoing.end(await buffer(answer));
      return;
    }
    for await (const piece of answer) await this.write(piece as Buffer, outgoing);
    outgoing.end();
  }

  private async write(piece: Buffer, outgoing: ServerResponse): Promise<void> {
    const isSpared = this.spare?.test(piece.toString()) ?? false;
    const size = typeof this.cut === 'number' && !isSpared ? this.cut : piece.length;
    for (let at = 0; at < piece.length; at += size) {
      outgoing.write(piece.subarray(at, at + size));
      // So that the page gets it by itself, as far as that is in anybody's hand.
      await sleep(isSpared ? 25 : 1);
    }
  }
}
