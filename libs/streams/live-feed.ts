import type { StreamEvent } from './event-streams.js';
import type { Page } from './shared-streams.js';

/** How many of the newest events are at hand for readers that follow closely; slower ones ask Redis. */
const AT_HAND = 1_024;

/** What this process hears of one stream that it does not write, for all who read it here. */
export class LiveFeed {
  /** Grows whenever something may have been missed: Redis must be asked once more. */
  round = 0;
  removed = false;
  /** How many read it. */
  readers = 0;
  /** Newest events without a gap, as far as they were heard. */
  private events: StreamEvent[] = [];
  /** The newest id that was heard of. */
  private last = 0;
  private ended = false;
  private readonly waiting = new Set<() => void>();

  /** Undefined where only Redis can tell what comes after `position`. */
  after(position: number): Page | undefined {
    const first = this.events[0]?.id;
    if (first === undefined || position < first - 1 || position >= this.last) return undefined;
    return { events: this.events.slice(position + 1 - first), last: this.last, ended: this.ended };
  }

  /** Whether there is something after `position` that was heard of, at hand or not. */
  isAhead(position: number): boolean {
    return this.last > position;
  }

  batch(page: Page | undefined): void {
    // Nobody can know what a message says that cannot be read: the stream itself tells.
    if (!page) return this.doubt();
    // After an outage the writer may repeat what was heard before.
    const news = page.events.filter(({ id }) => id > this.last);
    if (news.length === 0) return;
    const gap = news[0]!.id !== this.last + 1;
    if (gap) this.events = news;
    else this.events.push(...news);
    if (this.events.length > AT_HAND) this.events = this.events.slice(-AT_HAND / 2);
    this.last = page.last;
    this.ended = page.ended;
    this.wake();
  }

  doubt(): void {
    this.round += 1;
    this.wake();
  }

  remove(): void {
    this.removed = true;
    this.wake();
  }

  /** Waits for news, or for `ms`. */
  change(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => resume(), ms);
      const resume = () => {
        clearTimeout(timer);
        this.waiting.delete(resume);
        resolve();
      };
      this.waiting.add(resume);
    });
  }

  wake(): void {
    for (const resume of [...this.waiting]) resume();
  }
}
