import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { inTransaction } from '../database/transaction.js';
import { TurnLease } from './turn.lease.js';

/** How far rows may be behind their answers; with the time of writing it stays under 250 ms. */
const FLUSH_MS = 150;
/** So many rows a transaction: others' statements come in between. */
const BATCH = 100;
/** Written by hand: it runs some times a second for every running turn, and building it costs more than running it. */
const WRITE = "UPDATE messages SET content = ?, status = 'streaming' WHERE id = ? AND lease_owner = ?";

/** Told that the row of a running turn is gone, or is not this process's any more. */
export type LossListener = (messageId: number) => void;

/**
 * Writes answers down while they grow. All turns of the process share the writing: one transaction takes what has
 * changed everywhere, so that the cost is that of a commit, not that of a commit for each turn.
 */
@Injectable()
export class TurnJournal implements OnApplicationShutdown {
  private readonly logger = new Logger('TurnJournal');
  private readonly drafts = new Map<number, string>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private onLoss: LossListener = () => undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly lease: TurnLease,
  ) {}

  /** Names who is told of lost rows. */
  listen(onLoss: LossListener): void {
    this.onLoss = onLoss;
  }

  /** Takes note of an answer's text so far. */
  note(messageId: number, text: string): void {
    this.drafts.set(messageId, text);
    if (!this.timer) this.schedule(FLUSH_MS);
  }

  /** Forgets what was noted and waits for a writing that is under way: the caller writes the end of the answer. */
  async close(messageId: number): Promise<void> {
    this.drafts.delete(messageId);
    await this.writing;
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.writing = this.writing.then(() => this.flush());
    }, delay);
  }

  private async flush(): Promise<void> {
    const drafts = [...this.drafts].sort(([a], [b]) => a - b);
    this.drafts.clear();
    for (let start = 0; start < drafts.length; start += BATCH) {
      const batch = drafts.slice(start, start + BATCH);
      try {
        for (const id of await this.write(batch)) this.onLoss(id);
      } catch (error) {
        this.logger.warn(`cannot write answers down: ${(error as { code?: string }).code ?? 'error'}`);
        this.keep(batch);
      }
    }
  }

  /** Writes the texts, and returns the ids of those that have no row here any more. */
  private write(batch: [number, string][]): Promise<number[]> {
    return inTransaction(this.dataSource, async (manager) => {
      const lost: number[] = [];
      for (const [id, text] of batch) {
        const { affected } = await manager.queryRunner!.query(WRITE, [text, id, this.lease.owner], true);
        if (affected === 0) lost.push(id);
      }
      return lost;
    });
  }

  /** What could not be written waits for the next time, unless newer text is there already. */
  private keep(batch: [number, string][]): void {
    for (const [id, text] of batch) if (!this.drafts.has(id)) this.drafts.set(id, text);
    if (!this.timer) this.schedule(FLUSH_MS * 4);
  }
}
