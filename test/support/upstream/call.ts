import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

export type Protocol = 'openai' | 'dashscope' | 'app' | 'speech' | 'qwen-speech' | 'link';

/** What the upstream knows of one call, in `GET /__log`. Times are milliseconds since the epoch. */
export interface CallRecord {
  id: number;
  protocol: Protocol;
  path: string;
  /** As received, but for the key. */
  headers: IncomingHttpHeaders;
  body: unknown;
  /** The client's port: calls with the same one shared a connection. */
  clientPort: number | undefined;
  startedAt: number;
  /** Pieces of answer or thinking. */
  chunksSent: number;
  bytesSent: number;
  /** The client closed the socket before the answer was whole. False where the upstream itself broke it off. */
  closedByClient: boolean;
  /** When the call was over, whoever ended it; null while it runs. */
  closedAt: number | null;
  /** Chunks sent until then; null while it runs. */
  closedAfterChunks: number | null;
  /** The answer (or the refusal) was given whole. */
  finished: boolean;
}

/** Told of each piece when it was written; `chunksSent` says which it is. */
export type ChunkListener = (record: CallRecord) => void;

/** One call: its record, and its socket. Everything waits through it, so that a closed socket ends every wait. */
export class Call {
  readonly record: CallRecord;
  private readonly response: ServerResponse;
  private readonly onChunk: ChunkListener | undefined;
  private due: number | undefined;
  private wake: (() => void) | undefined;
  private readonly onClose = () => this.over(true);

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    record: CallRecord,
    onChunk?: ChunkListener,
  ) {
    this.record = record;
    this.response = response;
    this.onChunk = onChunk;
    // The socket's own events, as the response's come later and also after a whole answer.
    request.socket.on('close', this.onClose);
    request.socket.on('end', this.onClose);
  }

  get open(): boolean {
    return this.record.closedAt === null;
  }

  /** One more piece of answer or thinking has been written. */
  sent(): void {
    this.record.chunksSent += 1;
    this.onChunk?.(this.record);
  }

  head(status: number, headers: Record<string, string>): void {
    this.response.writeHead(status, headers);
    this.response.flushHeaders();
  }

  /** Writes and, where the client is slow, waits for it. False when the call is over. */
  async write(bytes: Buffer): Promise<boolean> {
    if (!this.open) return false;
    this.record.bytesSent += bytes.length;
    if (!this.response.write(bytes)) {
      const drained = () => this.wake?.();
      this.response.once('drain', drained);
      await this.wait();
      this.response.off('drain', drained);
    }
    return this.open;
  }

  /** False when the call was over before the time. */
  async sleep(ms: number): Promise<boolean> {
    if (!this.open) return false;
    const timer = setTimeout(() => this.wake?.(), ms);
    await this.wait();
    clearTimeout(timer);
    return this.open;
  }

  /** Sleeps until `ms` after the time at which the last pause was due, so that a rate is kept in spite of late timers. */
  async pause(ms: number): Promise<boolean> {
    const now = performance.now();
    this.due = Math.max((this.due ?? now) + ms, now);
    return this.sleep(this.due - now);
  }

  /** Lets the event loop turn, so that what was written leaves as a packet of its own. */
  async turn(): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.open;
  }

  /** Until the client goes away. */
  async hang(): Promise<void> {
    while (this.open) await this.wait();
  }

  end(bytes: Buffer, finished: boolean): void {
    if (!this.open) return;
    this.record.bytesSent += bytes.length;
    this.record.finished = finished;
    this.over(false);
    this.response.end(bytes);
  }

  destroy(how: string | undefined): void {
    if (!this.open) return;
    const { socket } = this.response;
    this.over(false);
    if (how === 'fin') socket?.destroy();
    else socket?.resetAndDestroy();
  }

  private wait(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private over(byClient: boolean): void {
    if (!this.open) return;
    this.record.closedByClient = byClient;
    this.record.closedAt = Date.now();
    this.record.closedAfterChunks = this.record.chunksSent;
    this.response.socket?.off('close', this.onClose);
    this.response.socket?.off('end', this.onClose);
    this.wake?.();
  }
}
