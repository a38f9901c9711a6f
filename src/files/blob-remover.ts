import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BlobRemovals } from './blob-removals.js';
import type { BlobRemoval } from './blob-removal.entity.js';

const SWEEP_MS = 2_000;
/** Blobs a look; as long as there are so many, the next one follows at once. */
const BATCH = 100;
const AT_ONCE = 8;

/** Removes the blobs whose time has come. Every process does it: each blob is claimed by one of them. */
@Injectable()
export class BlobRemover implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('BlobRemover');
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly removals: BlobRemovals) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  /** The database goes after this: what is under way is waited for. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private schedule(): void {
    if (this.stopped) return;
    const begin = () => {
      this.round = this.sweep().finally(() => this.schedule());
    };
    this.timer = setTimeout(begin, SWEEP_MS).unref();
  }

  /** Never throws: a database that is away is asked again at the next look. */
  private async sweep(): Promise<void> {
    try {
      for (let last = BATCH; last === BATCH && !this.stopped;) {
        const due = await this.removals.due(BATCH);
        await this.removeAll([...due]);
        last = due.length;
      }
    } catch (error) {
      this.logger.warn(`cannot look for blobs to remove: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }

  private async removeAll(due: BlobRemoval[]): Promise<void> {
    let failed = 0;
    let reason: unknown;
    const work = async () => {
      for (let next = due.shift(); next && !this.stopped; next = due.shift()) {
        await this.removals.remove(next).catch((error: unknown) => {
          failed += 1;
          reason = error;
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (failed > 0) this.logger.warn(`${failed} blobs are removed later: ${(reason as Error).message}`);
  }
}
