import {
  EventStreams,
  type NewStreamEvent,
  type StreamEvent,
  StreamEndedError,
  StreamNotFoundError,
} from './event-streams.js';
import { handled } from './handled.js';
import { DEFAULTS, StreamCopy, type StreamSettings } from './stream-copy.js';

/** Streams in this process's memory: for one process, gone with it. */
export class InMemoryEventStreams extends EventStreams {
  private readonly streams = new Map<string, StreamCopy>();
  private readonly settings: StreamSettings;

  constructor(settings: Partial<StreamSettings> & { retentionMs: number }) {
    super();
    this.settings = { ...DEFAULTS, ...settings };
  }

  append(name: string, events: NewStreamEvent[], options: { end?: boolean } = {}): Promise<number> {
    return handled(this.add(name, events, options.end === true));
  }

  async *read(name: string, after: number, signal: AbortSignal): AsyncIterable<StreamEvent[]> {
    yield* this.find(name).read(after, signal);
  }

  async snapshot(name: string): Promise<StreamEvent[]> {
    return this.find(name).after(0);
  }

  async remove(name: string): Promise<void> {
    const stream = this.streams.get(name);
    if (!stream) return;
    this.streams.delete(name);
    stream.dispose();
    stream.close('removed');
  }

  available(): boolean {
    return true;
  }

  private async add(name: string, events: NewStreamEvent[], end: boolean): Promise<number> {
    if (events.length === 0) throw new RangeError('nothing to append');
    const stream = this.streams.get(name) ?? this.create(name);
    if (stream.ended) throw new StreamEndedError(name);
    return stream.append(events, end);
  }

  private find(name: string): StreamCopy {
    const stream = this.streams.get(name);
    if (!stream) throw new StreamNotFoundError(name);
    return stream;
  }

  private create(name: string): StreamCopy {
    const stream = new StreamCopy(name, this.settings, () => {
      if (this.streams.get(name) === stream) this.streams.delete(name);
    });
    this.streams.set(name, stream);
    return stream;
  }
}
