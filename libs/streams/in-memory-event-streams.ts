import {
  EventStreams,
  type NewStreamEvent,
  type StreamEvent,
  StreamEndedError,
  StreamNotFoundError,
} from './event-streams.js';

interface Stream {
  events: StreamEvent[];
  ended: boolean;
  removed: boolean;
  /** Readers that have everything and wait for more. */
  waiting: Set<() => void>;
  expiry?: NodeJS.Timeout;
}

/** Streams in this process's memory: for one process, gone with it. */
export class InMemoryEventStreams extends EventStreams {
  private readonly streams = new Map<string, Stream>();

  /** @param retentionMs how long an ended stream can still be read */
  constructor(private readonly retentionMs: number) {
    super();
  }

  async append(name: string, events: NewStreamEvent[], options: { end?: boolean } = {}): Promise<number> {
    const stream = this.streams.get(name) ?? this.create(name);
    if (stream.ended) throw new StreamEndedError(name);
    for (const { type, data } of events) stream.events.push({ id: stream.events.length + 1, type, data });
    if (options.end) this.end(name, stream);
    wake(stream);
    return stream.events.length;
  }

  async *read(name: string, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    const stream = this.streams.get(name);
    if (!stream) throw new StreamNotFoundError(name);
    let position = Math.max(0, after);
    // Once for the whole reading: a listener for every event would cost more than the event.
    const leave = () => wake(stream);
    signal.addEventListener('abort', leave, { once: true });
    try {
      while (!signal.aborted) {
        if (stream.removed) throw new StreamNotFoundError(name);
        if (position < stream.events.length) {
          const ready = stream.events.slice(position);
          position += ready.length;
          yield ready;
        } else if (stream.ended) {
          return;
        } else {
          await nextChange(stream);
        }
      }
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async remove(name: string): Promise<void> {
    const stream = this.streams.get(name);
    if (!stream) return;
    clearTimeout(stream.expiry);
    this.streams.delete(name);
    stream.removed = true;
    wake(stream);
  }

  private create(name: string): Stream {
    const stream: Stream = { events: [], ended: false, removed: false, waiting: new Set() };
    this.streams.set(name, stream);
    return stream;
  }

  private end(name: string, stream: Stream): void {
    stream.ended = true;
    // Readers that are still at it keep the stream itself; only its name is forgotten.
    stream.expiry = setTimeout(() => this.streams.delete(name), this.retentionMs).unref();
  }
}

function wake(stream: Stream): void {
  for (const resume of stream.waiting) resume();
  stream.waiting.clear();
}

function nextChange(stream: Stream): Promise<void> {
  return new Promise((resolve) => stream.waiting.add(resolve));
}
