import type { FastifyReply } from 'fastify';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeRateLimitHeaders } from './rate-limits.js';

/** How long the line is silent before a piece that must not arrive in one with those before it. */
const APART_MS = 50;

/** An answer of plain text, of which each piece goes to the network by itself. */
export class TextReply {
  private readonly raw: ServerResponse;
  /** Resolves when everything was handed to the network, or nobody is there any more. */
  private sent: Promise<unknown> = Promise.resolve();

  /** Headers go out at once, with the status 200. @param gone of this reply's client */
  constructor(
    reply: FastifyReply,
    private readonly gone: AbortSignal,
  ) {
    writeRateLimitHeaders(reply);
    reply.hijack();
    this.raw = reply.raw;
    this.raw.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    this.raw.flushHeaders();
  }

  /** Writes a piece, and waits where the client is slower than the pieces. */
  async write(piece: string): Promise<void> {
    if (piece === '' || this.gone.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.sent = promise;
    if (!this.raw.write(piece, () => resolve()))
      await once(this.raw, 'drain', { signal: this.gone }).catch(() => undefined);
  }

  /** Writes a piece that is to arrive by itself: when all before it is on its way, and a moment later. */
  async writeApart(piece: string): Promise<void> {
    await this.sent;
    await sleep(APART_MS, undefined, { signal: this.gone }).catch(() => undefined);
    await this.write(piece);
  }

  end(): void {
    this.raw.end();
  }
}
