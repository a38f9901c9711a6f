import { Logger } from '@nestjs/common';

/** The first round comes soon: a process that is restarted every half hour tidies up too. */
const FIRST_ROUND_MS = 60_000;
const ROUND_MS = 3_600_000;
/** Rows a statement: others' statements come in between. */
const BATCH = 500;

interface Options {
  /** Stands in the log. */
  name: string;
  /** What is pruned, for the log: `ended sessions`. */
  what: string;
  /** Deletes rows that nobody needs any more; returns how many, at most `limit`. */
  prune: (limit: number) => Promise<number>;
}

/**
 * Deletes old rows, a minute after the start and once an hour. Every process does it: that two meet does no harm.
 * Nothing that goes wrong ends it.
 */
export class Pruning {
  private readonly logger: Logger;
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: Options) {
    this.logger = new Logger(options.name);
  }

  begin(): void {
    this.schedule(FIRST_ROUND_MS);
  }

  /** The database goes after this: a batch that is under way is waited for. */
  async end(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private schedule(delay: number): void {
    if (this.stopped) return;
    const begin = () => {
      this.round = this.tidy().finally(() => this.schedule(ROUND_MS));
    };
    this.timer = setTimeout(begin, delay).unref();
  }

  /** Never throws: a database that is away is tried again an hour later. */
  private async tidy(): Promise<void> {
    const { what, prune } = this.options;
    let pruned = 0;
    try {
      for (let last = BATCH; last === BATCH && !this.stopped; pruned += last) last = await prune(BATCH);
    } catch (error) {
      this.logger.warn(`cannot prune ${what}: ${(error as { code?: string }).code ?? 'error'}`);
    }
    if (pruned > 0) this.logger.log(`${pruned} ${what} pruned`);
  }
}
