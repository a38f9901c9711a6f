import { Logger } from '@nestjs/common';

/** A database that takes longer for one look was away, whether it has said so or not. */
const SLOW_MS = 1_000;

interface Options<Row> {
  /** Stands in the log. */
  name: string;
  /** From the end of one look to the next one. */
  everyMs: number;
  /** How long a lease stands: so long nothing is taken after an outage of the database. */
  leaseMs: number;
  /** Finds rows that look as if nobody took care of them any more. */
  look: () => Promise<Row[]>;
  /** Takes care of one of them. */
  take: (row: Row) => Promise<void>;
}

/**
 * Looks for work of processes that are gone, again and again, and has it taken care of. After an outage of the database
 * it waits for the time of a lease: leases that could not be renewed say nothing yet of their owners. Nothing that
 * goes wrong ends it.
 */
export class Sweep<Row> {
  private readonly logger: Logger;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private notBefore = 0;

  constructor(private readonly options: Options<Row>) {
    this.logger = new Logger(options.name);
  }

  begin(): void {
    if (this.stopped) return;
    const { everyMs } = this.options;
    this.timer = setTimeout(() => void this.sweep().finally(() => this.begin()), everyMs).unref();
  }

  /** What is being taken care of goes on. */
  end(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async sweep(): Promise<void> {
    const { look, take, leaseMs } = this.options;
    try {
      const from = Date.now();
      const rows = await look();
      if (Date.now() - from > SLOW_MS) this.notBefore = Date.now() + leaseMs;
      if (Date.now() < this.notBefore) return;
      for (const row of rows) await take(row);
    } catch (error) {
      this.notBefore = Date.now() + leaseMs;
      this.logger.warn(`cannot sweep: ${(error as { code?: string }).code ?? 'error'}`);
    }
  }
}
