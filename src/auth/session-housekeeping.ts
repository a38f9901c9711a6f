import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SessionsService } from './sessions.service.js';

/** The first round comes soon: a process that is restarted every half hour tidies up too. */
const FIRST_ROUND_MS = 60_000;
const ROUND_MS = 3_600_000;
/** Sessions a statement: others' statements come in between. */
const BATCH = 500;

/** Deletes sessions that ended long ago, once an hour. Every process does it: that two meet does no harm. */
@Injectable()
export class SessionHousekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('SessionHousekeeping');
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly sessions: SessionsService) {}

  onApplicationBootstrap(): void {
    this.schedule(FIRST_ROUND_MS);
  }

  /** The database goes after this: a batch that is under way is waited for. */
  async onModuleDestroy(): Promise<void> {
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
    let pruned = 0;
    try {
      for (let last = BATCH; last === BATCH && !this.stopped; pruned += last)
        last = await this.sessions.prune(BATCH);
    } catch (error) {
      this.logger.warn(`cannot prune sessions: ${(error as { code?: string }).code ?? 'error'}`);
    }
    if (pruned > 0) this.logger.log(`${pruned} ended sessions pruned`);
  }
}
