import { type NewStreamEvent, type StreamEvent, StreamNotFoundError } from './event-streams.js';

export interface StreamSettings {
  /** How long an ended stream can still be read. */
  retentionMs: number;
  /** After how long without an event a stream that nobody ended is forgotten. */
  idleMs: number;
  /** How many of a stream's newest events are kept, at least; a tenth more at most. */
  maxEvents: number;
}

export const DEFAULTS = { idleMs: 3_600_000, maxEvents: 100_000 };

/** The events of one stream in this process's memory, and those who read them there. */
export class StreamCopy {
  ended = false;
  /** Why its readers must leave before the end. */
  private closed: 'removed' | 'superseded' | undefined;
  private events: StreamEvent[] = [];
  /** Ids up to this one are kept no longer. */
  private trimmed = 0;
  /** Readers that have everything and wait for more. */
  private readonly waiting = new Set<() => void>();
  private expiry: NodeJS.Timeout;

  /** @param forget called when the stream's time is over; readers that are still at an ended one are left in peace */
  constructor(
    private readonly name: string,
    private readonly settings: StreamSettings,
    private readonly forget: () => void,
  ) {
    this.expiry = setTimeout(() => {
      this.close('removed');
      forget();
    }, settings.idleMs).unref();
  }

  /** The id of the last event. */
  get last(): number {
    return this.trimmed + this.events.length;
  }

  /** The id of the first event that is kept. */
  get first(): number {
    return this.trimmed + 1;
  }

  get superseded(): boolean {
    return this.closed === 'superseded';
  }

  /** Returns the last event's id. */
  append(events: NewStreamEvent[], end: boolean): number {
    for (const { type, data } of events) this.events.push({ id: this.last + 1, type, data });
    this.trim();
    if (end) this.end();
    else this.expiry.refresh();
    this.wake();
    return this.last;
  }

  /** @throws StreamNotFoundError where some of them are kept no longer */
  after(id: number): StreamEvent[] {
    if (id < this.trimmed) throw new StreamNotFoundError(this.name);
    return this.events.slice(id - this.trimmed);
  }

  /** As `EventStreams.read`; ends early, and without an error, when the copy is superseded. */
  async *read(after: number, signal: AbortSignal): AsyncGenerator<StreamEvent[], void, undefined> {
    let position = Math.max(0, after);
    // Once for the whole reading: a listener for every event would cost more than the event.
    const leave = () => this.wake();
    signal.addEventListener('abort', leave, { once: true });
    try {
      while (!signal.aborted && !this.superseded) {
        if (this.closed === 'removed') throw new StreamNotFoundError(this.name);
        if (position < this.last) {
          const ready = this.after(position);
          position = this.last;
          yield ready;
        } else if (this.ended) {
          return;
        } else {
          await new Promise<void>((resolve) => this.waiting.add(resolve));
        }
      }
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Sends the readers away: the stream is no more, or the events that count are elsewhere. */
  close(why: 'removed' | 'superseded'): void {
    this.closed ??= why;
    this.wake();
  }

  /** Lets go of the timer. */
  dispose(): void {
    clearTimeout(this.expiry);
  }

  private end(): void {
    this.ended = true;
    clearTimeout(this.expiry);
    // Readers that are still at it keep the events themselves; only the name is forgotten.
    this.expiry = setTimeout(this.forget, this.settings.retentionMs).unref();
  }

  private trim(): void {
    const { maxEvents } = this.settings;
    // Not event by event: each time moves all that stay.
    if (this.events.length <= maxEvents * 1.1) return;
    const surplus = this.events.length - maxEvents;
    this.events = this.events.slice(surplus);
    this.trimmed += surplus;
  }

  private wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const resume of waiting) resume();
  }
}
