import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStreams, type NewStreamEvent, type StreamEvent, StreamNotFoundError } from './event-streams.js';
import { handled } from './handled.js';
import type { RedisConnections } from './redis-connections.js';
import { SharedStreamReader } from './shared-stream-reader.js';
import { SharedStreams } from './shared-streams.js';
import { DEFAULTS, type StreamSettings } from './stream-copy.js';
import { StreamWriter } from './stream-writer.js';

const FLUSH_MS = 1_000;
const RETRY_MS = 500;

export interface RedisStreamOptions extends Partial<StreamSettings> {
  retentionMs: number;
  /** What every key and channel begins with. */
  prefix?: string;
  /** How long a reader waits for a stream of another process that is out of reach, before it gives up. */
  patienceMs?: number;
}

/**
 * Streams that all processes share through Redis. The process that writes a stream keeps a copy until Redis has its
 * end, serves its own readers from it, and sends from it again what Redis has lost.
 */
export class RedisEventStreams extends EventStreams implements OnApplicationShutdown {
  private readonly settings: StreamSettings;
  private readonly shared: SharedStreams;
  private readonly reader: SharedStreamReader;
  private readonly writers = new Map<string, StreamWriter>();
  private readonly stalled = new Set<StreamWriter>();
  private readonly logger = new Logger('EventStreams');
  private retry: NodeJS.Timeout | undefined;
  /** Redis answers, and takes nothing: it is full, or a replica. */
  private refused = false;

  constructor(
    private readonly connections: RedisConnections,
    { prefix = 'parley', patienceMs = 3_000, ...settings }: RedisStreamOptions,
  ) {
    super();
    this.settings = { ...DEFAULTS, ...settings };
    this.shared = new SharedStreams(connections, prefix, this.settings);
    this.reader = new SharedStreamReader(this.shared, patienceMs);
    this.shared.onChange({
      removed: (stream) => this.forget(stream),
      joined: (stream, writer) => this.writers.get(stream)?.heardOf(writer),
    });
    connections.onBack(() => {
      for (const writer of this.writers.values()) void writer.restore();
    });
  }

  append(name: string, events: NewStreamEvent[], options: { end?: boolean } = {}): Promise<number> {
    return handled(this.add(name, events, options.end === true));
  }

  async *read(name: string, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    let position = Math.max(0, after);
    const writer = await this.writerOf(name);
    if (writer) {
      const { copy } = writer;
      for await (const batch of copy.read(position, signal)) {
        yield batch;
        position = batch.at(-1)!.id;
      }
      if (!copy.superseded || (copy.ended && position >= copy.last)) return;
      // Whoever has seen what the shared stream never got cannot be brought back to it.
      if (position > writer.common) throw new StreamNotFoundError(name);
    }
    yield* this.reader.read(name, position, signal);
  }

  async snapshot(name: string): Promise<StreamEvent[]> {
    const writer = await this.writerOf(name);
    return writer ? writer.copy.after(0) : this.reader.snapshot(name);
  }

  async remove(name: string): Promise<void> {
    this.forget(name);
    if (this.connections.available()) await this.shared.remove(name).catch(() => undefined);
  }

  available(): boolean {
    return this.connections.available() && !this.refused;
  }

  /** Delivers what is left, for a second at most, and closes the connections. */
  async onApplicationShutdown(): Promise<void> {
    const until = performance.now() + FLUSH_MS;
    while (
      this.available() &&
      performance.now() < until &&
      [...this.writers.values()].some((each) => !each.idle)
    )
      await sleep(5);
    clearTimeout(this.retry);
    this.connections.close();
  }

  private async add(name: string, events: NewStreamEvent[], end: boolean): Promise<number> {
    if (events.length === 0) throw new RangeError('nothing to append');
    return (this.writers.get(name) ?? this.begin(name)).append(events, end);
  }

  /** The writer whose copy is what the stream is; none where another process has begun the stream. */
  private async writerOf(name: string): Promise<StreamWriter | undefined> {
    const writer = this.writers.get(name);
    await writer?.known;
    return writer?.copy.superseded ? undefined : writer;
  }

  private begin(name: string): StreamWriter {
    const writer: StreamWriter = new StreamWriter(name, this.shared, this.settings, {
      taken: () => (this.refused = false),
      done: () => this.drop(name, writer),
      stalled: (error) => this.stall(writer, error),
    });
    this.writers.set(name, writer);
    return writer;
  }

  private drop(name: string, writer: StreamWriter): void {
    this.stalled.delete(writer);
    if (this.writers.get(name) === writer) this.writers.delete(name);
  }

  private forget(name: string): void {
    const writer = this.writers.get(name);
    if (writer) {
      writer.close();
      writer.copy.close('removed');
      this.drop(name, writer);
    }
    this.reader.remove(name);
  }

  private stall(writer: StreamWriter, error: unknown): void {
    this.stalled.add(writer);
    if (this.connections.available() && !this.refused) {
      this.refused = true;
      // The code alone (OOM, READONLY): what follows it may repeat what was to be written.
      this.logger.warn(`Redis takes nothing: ${/^[A-Z]+/.exec((error as Error).message)?.[0] ?? 'error'}`);
    }
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      this.deliverStalled();
    }, RETRY_MS).unref();
  }

  private deliverStalled(): void {
    const writers = [...this.stalled];
    this.stalled.clear();
    for (const writer of writers) void writer.deliver();
  }
}
