import { randomBytes } from 'node:crypto';
import { type NewStreamEvent, StreamEndedError } from './event-streams.js';
import { type Answer, type Batch, type EncodedEvent, encoded, type SharedStreams } from './shared-streams.js';
import { StreamCopy, type StreamSettings } from './stream-copy.js';

/** How much goes into one batch: while Redis takes it, it does nothing else. */
const BATCH_EVENTS = 500;
const BATCH_CHARACTERS = 262_144;

interface Waiter {
  /** Number of the event that is waited for. */
  number: number;
  resolve(id: number): void;
  reject(error: Error): void;
}

/** What a writer tells those who keep it. */
export interface WriterOwner {
  /** Nothing more to do: delivered to the end, or ended by somebody else. */
  done(): void;
  /** Redis has answered. */
  taken(): void;
  /** Redis did not take a batch; the rest is delivered at the next `deliver`. */
  stalled(error: unknown): void;
}

/**
 * Brings what this process appends to one stream to Redis, in order and one batch at a time. It counts its own events
 * from 1; their ids in the stream are `offset` higher, which is 0 for whoever has begun the stream.
 */
export class StreamWriter {
  readonly copy: StreamCopy;
  /** Settles when it is known whether this process has begun the stream, or Redis is away and this must do. */
  readonly known: Promise<void>;
  private tellKnown!: () => void;
  private readonly writer = randomBytes(9).toString('base64url');
  /** Events that Redis is not known to have; the first is number `delivered` + 1. */
  private queue: EncodedEvent[] = [];
  private delivered = 0;
  private offset = 0;
  private busy = false;
  private anew = false;
  private closed = false;
  private commonId = 0;
  private waiters: Waiter[] = [];

  constructor(
    private readonly name: string,
    private readonly shared: SharedStreams,
    private readonly settings: StreamSettings,
    private readonly owner: WriterOwner,
  ) {
    this.known = new Promise((resolve) => (this.tellKnown = resolve));
    this.copy = new StreamCopy(name, settings, () => {
      this.close();
      owner.done();
    });
  }

  /** Once the copy is superseded: up to which id its readers have seen what everybody sees. */
  get common(): number {
    return this.commonId;
  }

  get idle(): boolean {
    return this.queue.length === 0;
  }

  append(events: NewStreamEvent[], end: boolean): Promise<number> {
    if (this.copy.ended) throw new StreamEndedError(this.name);
    const added = events.map(encoded);
    const number = this.copy.append(events, end);
    for (const event of added) this.queue.push(event);
    this.limit();
    const id = new Promise<number>((resolve, reject) => this.waiters.push({ number, resolve, reject }));
    void this.deliver();
    return id;
  }

  /** Hears that a writer has added events to the stream. */
  heardOf(writer: string): void {
    if (this.closed || writer === this.writer) return;
    this.supersede();
    // Otherwise the answer to what is queued says where that goes, if anywhere.
    if (this.idle) this.finish();
  }

  /** Sends what is queued. While a batch is under way nothing is begun: what is queued goes with the next one. */
  async deliver(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      while (!this.closed && !this.idle) this.take(await this.shared.write(this.nextBatch()));
    } catch (error) {
      this.release();
      this.owner.stalled(error);
    } finally {
      this.busy = false;
    }
  }

  /** After an outage: sends again what Redis has lost, also where there is nothing new to send. */
  async restore(): Promise<void> {
    if (this.idle && this.delivered > 0) {
      const lost = await this.shared.has(this.name).then(
        (there) => !there,
        () => false,
      );
      if (lost && this.idle && !this.closed) this.goBack(-this.offset);
    }
    await this.deliver();
  }

  /** Lets whoever waits for Redis go: this process has the events. */
  release(): void {
    this.tellKnown();
    this.settle(this.copy.last);
  }

  /** The stream is no more: nothing is sent any longer. */
  close(): void {
    this.closed = true;
    this.queue = [];
    this.copy.dispose();
    this.release();
  }

  private nextBatch(): Batch {
    let count = 0;
    let size = 0;
    while (count < this.queue.length && count < BATCH_EVENTS && size < BATCH_CHARACTERS) {
      size += this.queue[count]![1].length;
      count += 1;
    }
    const ends = this.copy.ended && count === this.queue.length;
    const first = this.offset + this.delivered + 1;
    const events = this.queue.slice(0, count);
    return { stream: this.name, writer: this.writer, first, events, ends, anew: this.anew };
  }

  private take({ what, last, own }: Answer): void {
    this.owner.taken();
    if (this.closed) return;
    if (what === 'gap') this.goBack(last - this.offset);
    else this.confirm(own - this.offset);
    if (what === 'foreign') this.moveTo(last);
    if (what === 'ended') this.giveUp();
    else this.tellKnown();
    if (what === 'ok' && this.copy.ended && this.idle) this.finish();
  }

  private confirm(number: number): void {
    this.anew = false;
    if (number <= this.delivered) return;
    this.queue.splice(0, number - this.delivered);
    this.delivered = number;
    this.settle(number);
  }

  /** Redis has lost events: everything that comes after those it has is sent again. */
  private goBack(number: number): void {
    const from = Math.max(0, number, this.copy.first - 1);
    this.anew = from !== number;
    this.queue = this.copy.after(from).map(encoded);
    this.delivered = from;
  }

  /** Somebody else has written: the events that are not there yet go behind theirs, and ids change. */
  private moveTo(last: number): void {
    this.supersede();
    this.offset = last - this.delivered;
  }

  private supersede(): void {
    if (this.copy.superseded) return;
    this.commonId = this.delivered;
    this.copy.close('superseded');
  }

  private giveUp(): void {
    this.supersede();
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter.reject(new StreamEndedError(this.name));
    this.finish();
  }

  private finish(): void {
    this.close();
    this.owner.done();
  }

  private settle(number: number): void {
    while (this.waiters[0] && this.waiters[0].number <= number) {
      const waiter = this.waiters.shift()!;
      waiter.resolve(this.offset + waiter.number);
    }
  }

  /** What is queued while Redis is away must not grow without end, and Redis would not keep more either. */
  private limit(): void {
    const { maxEvents } = this.settings;
    if (this.queue.length <= maxEvents * 1.1) return;
    const surplus = this.queue.length - maxEvents;
    this.queue = this.queue.slice(surplus);
    this.delivered += surplus;
  }
}
