import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { isDatabaseUnavailable } from '../database/failures.js';
import { execute } from '../database/statements.js';
import { Sweep } from '../database/sweep.js';
import { inTransaction } from '../database/transaction.js';
import { messageTerms } from './message-terms.js';
import { SearchIndex } from './search.index.js';
import type { SearchTerm } from './search-term.entity.js';

const SWEEP_MS = 300;
/** After an outage of the database; nothing here has a lease. */
const PAUSE_MS = 1_000;
/** Few at a time, with a pause behind them: what is left of an upgrade takes no more than a part of a processor. */
const CONVERSATIONS = 20;
const BATCHES_PER_CONVERSATION = 20;
const MESSAGES_PER_BATCH = 50;
/** So many rows are written in a transaction, and then no further message is taken. */
const ROWS_PER_BATCH = 2_000;

interface Waiting {
  id: number;
}

interface State {
  indexedSeq: number;
  lastSeq: number;
}

interface Text {
  seq: number;
  content: string;
  /** The conversation's id while it is being written. */
  runningIn: number | null;
}

/**
 * Makes messages findable. A turn marks its conversation as not indexed (`is_indexed`) in a statement that it needs
 * anyway; every process looks for such conversations, the one last talked in first, and adds the terms of what was said
 * behind `indexed_seq` and has ended. The terms and the new mark are one transaction under the conversation's lock: a
 * process that is killed has done nothing, and of two one finds nothing left to do.
 */
@Injectable()
export class SearchIndexer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('SearchIndexer');
  private readonly sweep = new Sweep<Waiting>({
    ...{ name: 'SearchIndexer', everyMs: SWEEP_MS, leaseMs: PAUSE_MS },
    look: () => this.waiting(),
    take: ({ id }) => this.take(id),
  });
  /** Those that cannot be indexed must not keep all others waiting. */
  private readonly failed = new Set<number>();
  private stopped = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly index: SearchIndex,
  ) {}

  onApplicationBootstrap(): void {
    this.sweep.begin();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    this.sweep.end();
  }

  /** Conversations with something to index: not those where only the answer is missing that is being written. */
  private async waiting(): Promise<Waiting[]> {
    const rows = await this.dataSource.manager.query<Waiting[]>(
      `SELECT c.id AS id FROM conversations c WHERE c.is_indexed = 0 AND (
         NOT EXISTS (SELECT 1 FROM messages r WHERE r.running_in = c.id)
         OR EXISTS (SELECT 1 FROM messages m
                    WHERE m.conversation_id = c.id AND m.seq > c.indexed_seq AND m.running_in IS NULL)
       ) ORDER BY c.last_message_at DESC LIMIT ${CONVERSATIONS + this.failed.size}`,
    );
    const open = rows.filter(({ id }) => !this.failed.has(Number(id)));
    // Processes that look at the same time begin with different ones.
    return open
      .map((row) => ({ row, place: Math.random() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ row }) => row);
  }

  private async take(id: number): Promise<void> {
    try {
      for (let batch = 0; batch < BATCHES_PER_CONVERSATION && !this.stopped; batch += 1) {
        const isMore = await inTransaction(this.dataSource, (manager) => this.addSome(manager, id));
        if (!isMore) return;
      }
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      this.failed.add(id);
      const code = (error as { code?: string }).code ?? 'error';
      this.logger.error(`conversation ${id} cannot be indexed, and is left until the next start (${code})`);
    }
  }

  /** Indexes the next messages of a conversation; false where none is left for now. */
  private async addSome(manager: EntityManager, id: number): Promise<boolean> {
    const isLocked = 'UPDATE conversations SET is_indexed = 0 WHERE id = ? AND is_indexed = 0';
    if ((await execute(manager, isLocked, [id])).affected === 0) return false;
    const { indexedSeq, lastSeq } = await stateOf(manager, id);
    const texts = await textsBehind(manager, id, indexedSeq);
    const rows: SearchTerm[] = [];
    let reached = indexedSeq;
    for (const { seq, content, runningIn } of texts) {
      if (runningIn !== null || rows.length >= ROWS_PER_BATCH) break;
      for (const term of messageTerms(content)) rows.push({ conversationId: id, term, seq });
      reached = seq;
    }
    const isRunning = texts.some(({ seq, runningIn }) => runningIn !== null && seq > reached);
    const isDone = reached >= lastSeq || (texts.length === 0 && !isRunning);
    await this.index.add(manager, rows);
    await execute(manager, 'UPDATE conversations SET indexed_seq = ?, is_indexed = ? WHERE id = ?', [
      ...[isDone ? lastSeq : reached, isDone ? 1 : 0, id],
    ]);
    return !isDone && reached > indexedSeq;
  }
}

async function stateOf(manager: EntityManager, id: number): Promise<State> {
  const [row] = await manager.query<[State]>(
    'SELECT indexed_seq AS indexedSeq, last_seq AS lastSeq FROM conversations WHERE id = ?',
    [id],
  );
  return row;
}

function textsBehind(manager: EntityManager, id: number, seq: number): Promise<Text[]> {
  return manager.query<Text[]>(
    `SELECT seq, content, running_in AS runningIn FROM messages WHERE conversation_id = ? AND seq > ?
     ORDER BY seq LIMIT ${MESSAGES_PER_BATCH}`,
    [id, seq],
  );
}
