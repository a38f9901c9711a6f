import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { execute, marks } from '../database/statements.js';
import { TurnLease } from './turn.lease.js';

/** How far rows may be behind their answers; with the time of writing it stays under 250 ms. */
const FLUSH_MS = 150;
/** What one statement takes: others' come in between, and no server's limit on a statement's size is near. */
const BATCH_ROWS = 100;
const BATCH_LENGTH = 1_000_000;

type Draft = [messageId: number, text: string];

/** Told that the row of a running turn is gone, or is not this process's any more. */
export type LossListener = (messageId: number) => void;

/**
 * Writes answers down while they grow. All turns of the process share the writing: one statement takes what has
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
    for (const batch of batchesOf(drafts)) {
      try {
        for (const id of await this.write(batch)) this.onLoss(id);
      } catch (error) {
        this.logger.warn(`cannot write answers down: ${(error as { code?: string }).code ?? 'error'}`);
        this.keep(batch);
      }
    }
  }

  /** Writes the texts in one statement, and returns the ids of those that have no row here any more. */
  private async write(batch: Draft[]): Promise<number[]> {
    const ids = batch.map(([id]) => id);
    const { manager } = this.dataSource;
    const own = `id IN (${marks(ids)}) AND lease_owner = ?`;
    const cases = batch.map(() => 'WHEN ? THEN ?').join(' ');
    const update = `UPDATE messages SET content = CASE id ${cases} END WHERE ${own}`;
    const { affected } = await execute(manager, update, [...batch.flat(), ...ids, this.lease.owner]);
    if (affected === batch.length) return [];
    const look = `SELECT id FROM messages WHERE ${own}`;
    const rows = await manager.query<{ id: number }[]>(look, [...ids, this.lease.owner]);
    const here = new Set(rows.map(({ id }) => id));
    return ids.filter((id) => !here.has(id));
  }

  /** What could not be written waits for the next time, unless newer text is there already. */
  private keep(batch: Draft[]): void {
    for (const [id, text] of batch) if (!this.drafts.has(id)) this.drafts.set(id, text);
    if (!this.timer) this.schedule(FLUSH_MS * 4);
  }
}

function batchesOf(drafts: Draft[]): Draft[][] {
  const batches: Draft[][] = [];
  let length = 0;
  for (const draft of drafts) {
    const last = batches.at(-1);
    length += draft[1].length;
    if (last && last.length < BATCH_ROWS && length <= BATCH_LENGTH) {
      last.push(draft);
    } else {
      batches.push([draft]);
      length = draft[1].length;
    }
  }
  return batches;
}
