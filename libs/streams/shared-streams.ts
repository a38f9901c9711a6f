import type { Redis } from 'ioredis';
import { APPEND_SCRIPT } from './append-script.js';
import { type NewStreamEvent, type StreamEvent, StreamNotFoundError } from './event-streams.js';
import type { ChannelListener, RedisConnections } from './redis-connections.js';
import type { StreamSettings } from './stream-copy.js';

/** Of entries and messages. Another build's are not read: it runs beside this one while a new version is rolled out. */
const VERSION = 1;

const PAGE = 1_000;

/** Type and JSON of an event. */
export type EncodedEvent = readonly [type: string, data: string];

/** @throws TypeError for data that JSON cannot hold */
export function encoded({ type, data }: NewStreamEvent): EncodedEvent {
  return [type, JSON.stringify(data) ?? 'null'];
}

export interface Batch {
  stream: string;
  /** Tells the writers of a stream apart. */
  writer: string;
  /** Id of the first event. */
  first: number;
  events: EncodedEvent[];
  ends: boolean;
  /** Begin the stream with this batch where what comes before it is lost. */
  anew: boolean;
}

/** See `APPEND_SCRIPT`. */
export interface Answer {
  what: 'ok' | 'gap' | 'foreign' | 'ended';
  last: number;
  own: number;
}

/** Some events of a stream, in order. */
export interface Page {
  events: StreamEvent[];
  /** The id of the stream's newest event. */
  last: number;
  /** Whether the newest event is the last one. */
  ended: boolean;
}

interface AppendCommand {
  appendEvents(key: string, ...args: (string | number)[]): Promise<[Answer['what'], number, number]>;
}

type Entry = [id: string, fields: string[]];

/** What streams are in Redis: one Redis stream each, whose entry ids are `<id>-0`, and a channel for those who listen. */
export class SharedStreams {
  private readonly client: Redis & AppendCommand;
  /** Channels are the same for all databases of a server, keys are not. */
  private readonly channels: string;

  constructor(
    private readonly connections: RedisConnections,
    private readonly prefix: string,
    private readonly settings: StreamSettings,
  ) {
    const { commands } = connections;
    commands.defineCommand('appendEvents', { numberOfKeys: 1, lua: APPEND_SCRIPT });
    this.client = commands as Redis & AppendCommand;
    this.channels = `${prefix}:${commands.options.db ?? 0}`;
  }

  async write({ stream, writer, first, events, ends, anew }: Batch): Promise<Answer> {
    const { retentionMs, idleMs, maxEvents } = this.settings;
    if (this.connections.available()) this.connections.gather();
    const [what, last, own] = await this.client.appendEvents(
      this.keyOf(stream),
      this.channelOf(stream),
      writer,
      VERSION,
      first,
      ends ? 1 : 0,
      ends ? retentionMs : idleMs,
      maxEvents,
      anew ? 1 : 0,
      this.everybody,
      JSON.stringify({ v: VERSION, joined: stream, by: writer }),
      ...events.flat(),
    );
    return { what, last, own };
  }

  /**
   * Events above `after`, as many as one answer should have; undefined where there is no such stream.
   * @throws StreamNotFoundError where the next one is kept no longer, or this build cannot read it; Redis' errors
   */
  async page(stream: string, after: number): Promise<Page | undefined> {
    const key = this.keyOf(stream);
    // In this order: what comes between the two is above the page, and the page then known to be incomplete.
    const [entries, newest] = await Promise.all([
      this.client.xrange(key, `${after + 1}-0`, '+', 'COUNT', PAGE),
      this.client.xrevrange(key, '+', '-', 'COUNT', 1),
    ]);
    const [tail] = newest;
    if (!tail) return undefined;
    const events = entries.map((entry) => decoded(stream, entry));
    if (events[0] && events[0].id !== after + 1) throw new StreamNotFoundError(stream);
    return { events, last: decoded(stream, tail).id, ended: fieldsOf(tail).has('e') };
  }

  async has(stream: string): Promise<boolean> {
    return (await this.client.exists(this.keyOf(stream))) === 1;
  }

  async remove(stream: string): Promise<void> {
    const message = JSON.stringify({ v: VERSION, removed: stream });
    await Promise.all([this.client.unlink(this.keyOf(stream)), this.client.publish(this.everybody, message)]);
  }

  /** Hears the batches of a stream as they come; undefined stands for one that cannot be read. */
  listen(stream: string, listener: { batch(page?: Page): void } & Pick<ChannelListener, 'subscribed'>) {
    return this.connections.subscribe(this.channelOf(stream), {
      message: (text) => listener.batch(pageOf(text)),
      subscribed: () => listener.subscribed?.(),
    });
  }

  /** Hears which streams are removed or have got another writer, in any process. */
  onChange(listener: { removed(stream: string): void; joined(stream: string, writer: string): void }): void {
    this.connections.subscribe(this.everybody, {
      message: (text) => {
        const { v, removed, joined, by } = parsed(text) as Change;
        if (v !== VERSION) return;
        if (typeof removed === 'string') listener.removed(removed);
        if (typeof joined === 'string' && typeof by === 'string') listener.joined(joined, by);
      },
    });
  }

  /** The channel that every process hears. */
  private get everybody(): string {
    return `${this.channels}:streams`;
  }

  private keyOf(stream: string): string {
    return `${this.prefix}:stream:{${stream}}`;
  }

  private channelOf(stream: string): string {
    return `${this.channels}:stream:${stream}`;
  }
}

function fieldsOf([, flat]: Entry): Map<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i]!, flat[i + 1]!);
  return fields;
}

function decoded(stream: string, entry: Entry): StreamEvent {
  const fields = fieldsOf(entry);
  const type = fields.get('t');
  if (fields.get('v') !== String(VERSION) || type === undefined) throw new StreamNotFoundError(stream);
  return { id: Number.parseInt(entry[0], 10), type, data: JSON.parse(fields.get('d') ?? 'null') as unknown };
}

interface Message {
  v: number;
  first: number;
  end: boolean;
  events: [type: string, data: unknown][];
}

interface Change {
  v?: unknown;
  removed?: unknown;
  joined?: unknown;
  by?: unknown;
}

function pageOf(text: string): Page | undefined {
  const { v, first, end, events } = parsed(text) as Partial<Message>;
  if (v !== VERSION || !first || !Array.isArray(events)) return undefined;
  return {
    events: events.map(([type, data], index) => ({ id: first + index, type, data })),
    last: first + events.length - 1,
    ended: end === true,
  };
}

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
