import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import type { WireEvent } from './openapi.ts';

export interface SseEvent<T = any> extends WireEvent {
  id: any;
  data: T;
  /** When it arrived here, in milliseconds of `performance.now()`. */
  at: number;
}

/**
 * A running stream of server-sent events over its own socket. Each event is given once, to whoever asks next; what
 * has arrived so far is in `received`.
 */
export class EventStream implements AsyncIterable<SseEvent> {
  readonly response: { status: number; headers: IncomingHttpHeaders };
  readonly received: SseEvent[] = [];
  /** Comment lines, which keep a quiet stream awake. */
  readonly comments: { text: string; at: number }[] = [];
  private readonly request: ClientRequest;
  private readonly message: IncomingMessage;
  private readonly check: (event: WireEvent) => void;
  private position = 0;
  private ended = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  /** @param check throws where an event is not as it must be */
  constructor(request: ClientRequest, message: IncomingMessage, check: (event: WireEvent) => void) {
    this.request = request;
    this.message = message;
    this.check = check;
    this.response = { status: message.statusCode ?? 0, headers: message.headers };
    const parser = createParser({
      onEvent: ({ id, event, data }) => this.take(id, event, data),
      onComment: (text) => this.comments.push({ text, at: performance.now() }),
    });
    message.setEncoding('utf8');
    message.on('data', (text: string) => {
      parser.feed(text);
      this.tell();
    });
    message.on('end', () => this.end());
    message.on('error', (error) => this.end(error));
    message.on('close', () => this.end(new Error('the connection was closed within the stream')));
  }

  /** The next event, or undefined after the last one. Throws where the connection broke or an event is wrong. */
  async next(): Promise<SseEvent | undefined> {
    for (;;) {
      const event = this.received[this.position];
      if (event) {
        this.position += 1;
        return event;
      }
      if (this.failure) throw this.failure;
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SseEvent> {
    for (let event = await this.next(); event; event = await this.next()) yield event;
  }

  /** The next event of that name; those before it are passed over. */
  async nextOf(name: string): Promise<SseEvent> {
    for await (const event of this) if (event.event === name) return event;
    throw new Error(
      `the stream ended without ${name}; it had ${this.received.map((event) => event.event).join(', ')}`,
    );
  }

  /** Every event up to the end of the stream, those that were taken before included. */
  async collect(): Promise<SseEvent[]> {
    for await (const event of this) void event;
    return this.received;
  }

  /** Stops reading, as a client does that hangs: its socket stays open. */
  pause(): void {
    this.message.pause();
  }

  /** Leaves as a client does that goes away: the socket is destroyed, and the stream ends without an error. */
  close(): void {
    this.end();
    this.request.destroy();
  }

  private take(id: string | undefined, event: string | undefined, data: string): void {
    const wire = {
      id: /^\d+$/.test(id ?? '') ? Number(id) : id!,
      event: event ?? 'message',
      data: JSON.parse(data) as unknown,
    };
    this.received.push({ ...wire, at: performance.now() });
    try {
      this.check(wire);
    } catch (error) {
      this.failure ??= error as Error;
    }
  }

  private end(failure?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.failure ??= failure;
    this.tell();
  }

  private tell(): void {
    this.wake?.();
    this.wake = undefined;
  }
}
