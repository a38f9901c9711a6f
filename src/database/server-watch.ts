import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DatabaseSilentError } from './failures.js';

const TICK_MS = 250;
/** Silence after which the server is asked whether it is there. A slow statement is nothing strange until then. */
const DOUBT_MS = 1_500;
/** How long it may take to answer that before everybody is told that it does not. */
const ANSWER_MS = 2_000;
const PAUSE_MS = 500;

/** A connection that was given up with a statement on its way: the server may still have it to do. */
export interface Ghost {
  /** The server's id of the connection. */
  threadId: number;
  /** The port on this side, by which the server's list of connections tells ours from another's. */
  port: number | undefined;
}

/**
 * Asks the server over a connection of its own, and has it end what the ghosts had begun. Resolves when that is over;
 * rejects where there is no answer before the signal's abort.
 */
export type AskServer = (ghosts: readonly Ghost[], signal: AbortSignal) => Promise<void>;

interface Waiting {
  since: number;
  giveUp: () => void;
}

/**
 * Tells a database server that is silent from one that is slow. Whoever waits for longer than a moment makes it ask
 * the server; where that is silent too, everybody who waits is told so, and whoever comes at once, until it answers
 * again. Where it answers, one statement may take up to `limitMs`.
 *
 * Time is counted in ticks of this process: one that was held up itself does not blame the server.
 */
export class ServerWatch {
  /** How often the server was found silent: a connection from before that is not trusted. */
  outages = 0;
  private readonly logger = new Logger('Database');
  private readonly waiting = new Set<Waiting>();
  private readonly timer: NodeJS.Timeout;
  private ghosts: Ghost[] = [];
  private now = 0;
  private heard = 0;
  private isAsking = false;
  private isSilent = false;
  private isClosed = false;

  constructor(
    private readonly ask: AskServer,
    private readonly limitMs: number,
  ) {
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** @throws DatabaseSilentError while the server is known not to answer */
  assertAnswering(): void {
    if (this.isSilent) throw new DatabaseSilentError();
  }

  /**
   * Waits for what `work` asks of the server. `giveUp` is called when that takes too long, and has to see to it that
   * `work` ends.
   */
  async during<T>(work: () => Promise<T>, giveUp: () => void): Promise<T> {
    const entry: Waiting = { since: this.now, giveUp };
    this.waiting.add(entry);
    try {
      return await work();
    } finally {
      this.waiting.delete(entry);
    }
  }

  /** To be called for each answer of the server. */
  hear(): void {
    this.heard += 1;
  }

  /** To be called for each connection that was given up: the server is made to end what it had to do there. */
  haunt(ghost: Ghost): void {
    this.ghosts.push(ghost);
  }

  /** Gives up whatever waits, and asks no more: the end of the process must not wait for the server. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    this.giveUp(() => true);
  }

  private tick(): void {
    this.now += TICK_MS;
    const slow = this.giveUp(({ since }) => this.now - since >= this.limitMs);
    if (slow > 0) this.logger.warn(`statements given up after ${this.limitMs} ms: ${slow}`);
    const [oldest] = this.waiting;
    const isDoubtful = oldest !== undefined && this.now - oldest.since >= DOUBT_MS;
    if ((isDoubtful || this.ghosts.length > 0) && !this.isAsking) void this.doubt();
  }

  private async doubt(): Promise<void> {
    this.isAsking = true;
    const { heard } = this;
    try {
      await this.askServer(ANSWER_MS);
    } catch {
      // An answer to anybody is one: then it is the new connection alone that cannot be had.
      if (this.heard === heard && !this.isClosed) await this.outage();
    } finally {
      this.isAsking = false;
    }
  }

  /** Lasts until the server answers: nobody is let through meanwhile. */
  private async outage(): Promise<void> {
    this.isSilent = true;
    this.outages += 1;
    const from = Date.now();
    const count = this.giveUp(() => true);
    this.logger.error(`the server does not answer; statements given up: ${count}`);
    while (!this.isClosed) {
      try {
        await this.askServer(3 * ANSWER_MS);
        break;
      } catch {
        await sleep(PAUSE_MS, undefined, { ref: false });
      }
    }
    this.isSilent = false;
    if (!this.isClosed) this.logger.log(`the server answers again, after ${Date.now() - from} ms`);
  }

  /** What was given up is over when this returns: no late statement overtakes what comes next. */
  private async askServer(patienceMs: number): Promise<void> {
    const asked = this.ghosts;
    const patience = new AbortController();
    let answered = false;
    const answer = this.ask(asked, patience.signal).finally(() => (answered = true));
    for (let waited = 0; waited < patienceMs && !answered; waited += TICK_MS)
      await Promise.race([answer, sleep(TICK_MS, undefined, { ref: false })]);
    patience.abort();
    await answer;
    this.ghosts = this.ghosts.filter((ghost) => !asked.includes(ghost));
  }

  private giveUp(isDue: (entry: Waiting) => boolean): number {
    let count = 0;
    // In the order in which they came: behind the first that is not due there is none.
    for (const entry of this.waiting) {
      if (!isDue(entry)) break;
      this.waiting.delete(entry);
      entry.giveUp();
      count += 1;
    }
    return count;
  }
}
