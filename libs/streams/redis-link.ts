import type { Redis } from 'ioredis';

const BEAT_MS = 250;
/** A server that leaves a PING without answer for so long hangs, or the way to it is cut. */
const SILENCE_MS = 600;
/** For the way to `ready`: a hanging server accepts connections, and then says nothing. */
const GREETING_MS = 1_000;

/**
 * Watches over one connection: a server that hangs looks like a slow one otherwise, for as long as TCP likes. A
 * connection that has fallen silent is destroyed, which fails what is under way on it and begins the next attempt.
 */
export class RedisLink {
  private readonly timer: NodeJS.Timeout;
  /** When the PING was sent that has no answer yet. */
  private asked: number | undefined;
  private greeting: number | undefined;
  private destroyed: unknown;

  constructor(readonly client: Redis) {
    client.on('close', () => {
      this.asked = undefined;
      this.greeting = undefined;
    });
    this.timer = setInterval(() => this.beat(), BEAT_MS).unref();
  }

  get ready(): boolean {
    return this.client.status === 'ready';
  }

  close(): void {
    clearInterval(this.timer);
    // Not only `disconnect`, which waits for the server to close as well.
    this.client.disconnect();
    this.client.stream?.destroy();
  }

  private beat(): void {
    const now = performance.now();
    if (this.ready) {
      this.greeting = undefined;
      if (this.asked === undefined) this.ask(now);
      else if (now - this.asked > SILENCE_MS) this.makeSure(this.asked);
    } else if (this.client.status === 'connect') {
      this.greeting ??= now;
      if (now - this.greeting > GREETING_MS) this.destroy();
    }
  }

  private ask(now: number): void {
    this.asked = now;
    const answered = () => {
      if (this.asked === now) this.asked = undefined;
    };
    this.client.ping().then(answered, answered);
  }

  /** It may be this process that was busy: answers that lie in the socket are read before it is judged. */
  private makeSure(asked: number): void {
    setTimeout(() => {
      setImmediate(() => {
        if (this.asked === asked) this.destroy();
      });
    }, 1);
  }

  private destroy(): void {
    const { stream } = this.client;
    if (this.destroyed === stream) return;
    this.destroyed = stream;
    this.asked = undefined;
    this.greeting = undefined;
    stream.destroy();
  }
}
