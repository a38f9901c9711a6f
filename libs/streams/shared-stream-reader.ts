import { setTimeout as sleep } from 'node:timers/promises';
import { type StreamEvent, StreamNotFoundError } from './event-streams.js';
import { LiveFeed } from './live-feed.js';
import type { Page, SharedStreams } from './shared-streams.js';

/** A lost message that no later one gives away is found out after so long. */
const RECHECK_MS = 3_000;
const RETRY_MS = 200;
/** How long who begins to read waits for the connection. */
const BLINK_MS = 1_000;

const NOTHING: Page = { events: [], last: 0, ended: false };

/** Where one reader stands. */
interface Reading {
  name: string;
  position: number;
  feed: LiveFeed;
  /** The feed's round in which Redis had nothing after `position`. */
  checked: number;
  trouble: Trouble | undefined;
}

/** The stream cannot be read at present, for a reason that may pass, since then. */
interface Trouble {
  why: 'away' | 'absent';
  since: number;
}

/** Reads streams that other processes write: what is there from Redis, what comes from its messages. */
export class SharedStreamReader {
  private readonly feeds = new Map<string, LiveFeed>();
  private readonly unsubscribers = new Map<LiveFeed, () => void>();
  private recheck: NodeJS.Timeout | undefined;

  /** @param patienceMs how long a reader waits for a stream that it has read to be there again */
  constructor(
    private readonly shared: SharedStreams,
    private readonly patienceMs: number,
  ) {}

  /** As `EventStreams.read`. */
  async *read(
    name: string,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<StreamEvent[], void, undefined> {
    if (signal.aborted) return;
    const page = await this.first(name, after, signal);
    if (signal.aborted) return;
    if (page.events.length > 0) yield page.events;
    const position = page.events.at(-1)?.id ?? after;
    if (page.ended && position >= page.last) return;
    const feed = this.attach(name);
    const leave = () => feed.wake();
    signal.addEventListener('abort', leave, { once: true });
    try {
      yield* this.follow({ name, position, feed, checked: -1, trouble: undefined }, signal);
    } finally {
      signal.removeEventListener('abort', leave);
      this.detach(name, feed);
    }
  }

  /** As `EventStreams.snapshot`. */
  async snapshot(name: string): Promise<StreamEvent[]> {
    const all: StreamEvent[] = [];
    for (;;) {
      const page = await this.first(name, all.length);
      for (const event of page.events) all.push(event);
      if (all.length >= page.last || page.events.length === 0) return all;
    }
  }

  remove(name: string): void {
    this.feeds.get(name)?.remove();
    // Its readers are on their way out; whoever comes now may find a new stream of that name.
    this.feeds.delete(name);
  }

  private async *follow(
    reading: Reading,
    signal: AbortSignal,
  ): AsyncGenerator<StreamEvent[], void, undefined> {
    const { feed } = reading;
    while (!signal.aborted) {
      if (feed.removed) throw new StreamNotFoundError(reading.name);
      const page = feed.after(reading.position) ?? (await this.ask(reading));
      if (page && page.events.length > 0) {
        reading.position = page.events.at(-1)!.id;
        yield page.events;
      }
      if (page?.ended && reading.position >= page.last) return;
      if (!page) await feed.change(reading.trouble && RETRY_MS);
    }
  }

  /** What Redis has after the reader's position; undefined when it is time to wait. */
  private async ask(reading: Reading): Promise<Page | undefined> {
    const { feed, name, position } = reading;
    const { round } = feed;
    if (!reading.trouble && reading.checked === round && !feed.isAhead(position)) return undefined;
    const page = await this.page(name, position);
    if (typeof page === 'string') return this.bear(reading, page);
    reading.trouble = undefined;
    if (page.events.length > 0 || page.last > position || page.ended) return page;
    // What is heard of and not there (any more, or yet) must not be asked for again and again.
    if (feed.isAhead(position)) return this.bear(reading, 'absent');
    reading.checked = round;
    return undefined;
  }

  /** A writer that lives brings back what Redis has lost, once that is back: for this there is some patience. */
  private bear(reading: Reading, why: Trouble['why']): undefined {
    const now = performance.now();
    if (reading.trouble?.why !== why) reading.trouble = { why, since: now };
    if (now - reading.trouble.since > this.patienceMs) throw new StreamNotFoundError(reading.name);
  }

  /** A connection that breaks and comes back at once is nobody's business. */
  private async first(name: string, after: number, signal?: AbortSignal): Promise<Page> {
    const until = performance.now() + BLINK_MS;
    for (;;) {
      const page = await this.page(name, after);
      if (typeof page !== 'string') return page;
      if (signal?.aborted) return NOTHING;
      if (page === 'absent' || performance.now() > until) throw new StreamNotFoundError(name);
      await sleep(RETRY_MS / 4);
    }
  }

  private async page(name: string, after: number): Promise<Page | Trouble['why']> {
    try {
      return (await this.shared.page(name, after)) ?? 'absent';
    } catch (error) {
      if (error instanceof StreamNotFoundError) throw error;
      return 'away';
    }
  }

  private attach(name: string): LiveFeed {
    const known = this.feeds.get(name);
    const feed = known ?? new LiveFeed();
    feed.readers += 1;
    if (known) return feed;
    this.feeds.set(name, feed);
    const unsubscribe = this.shared.listen(name, {
      batch: (page) => feed.batch(page),
      subscribed: () => feed.doubt(),
    });
    this.unsubscribers.set(feed, unsubscribe);
    this.recheck ??= setInterval(() => {
      for (const each of this.feeds.values()) each.doubt();
    }, RECHECK_MS).unref();
    return feed;
  }

  private detach(name: string, feed: LiveFeed): void {
    feed.readers -= 1;
    if (feed.readers > 0) return;
    if (this.feeds.get(name) === feed) this.feeds.delete(name);
    this.unsubscribers.get(feed)?.();
    this.unsubscribers.delete(feed);
    if (this.feeds.size > 0) return;
    clearInterval(this.recheck);
    this.recheck = undefined;
  }
}
