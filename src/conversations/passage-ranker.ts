import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import type { RankedPassage, RankingQuery } from './passage-ranking.js';
import type { RankerOrder } from './passage-ranking.worker.js';

/** A document that is to be ranked, and how its passages are got where the thread has them no more. */
export interface RankableDocument {
  fileId: number;
  read: () => AsyncIterable<{ seq: number; text: string }[]>;
}

/** UTF-16 units of text whose terms the thread keeps; beyond it the documents go that were not asked for longest. */
const KEPT_LENGTH = 16_000_000;
/** Megabytes that the thread may take: hostile texts end it, and nothing else. */
const MEMORY_MB = 512;
const PATIENCE_MS = 20_000;

interface Kept {
  length: number;
  users: number;
  ready: Promise<void>;
}

interface Waiting {
  resolve: (ranked: RankedPassage[]) => void;
  reject: (error: Error) => void;
}

/**
 * Ranks passages of documents in a thread of its own: the terms of a book take a second to find, and everybody else's
 * turns go on meanwhile. It begins with the first question, and again after one that it did not survive.
 */
@Injectable()
export class PassageRanker implements OnModuleDestroy {
  private worker: Worker | undefined;
  /** What the thread has, the last used one last. */
  private readonly kept = new Map<number, Kept>();
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  /** The best passages of these documents, best first. @throws Error where the thread fails or takes too long */
  async rank(documents: RankableDocument[], query: RankingQuery, limit: number): Promise<RankedPassage[]> {
    const used: Kept[] = [];
    try {
      for (const document of documents) used.push(this.hold(document));
      await Promise.all(used.map(({ ready }) => ready));
      return await this.ask(
        documents.map(({ fileId }) => fileId),
        query,
        limit,
      );
    } finally {
      for (const one of used) one.users -= 1;
      this.forgetOldest();
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.worker?.terminate();
  }

  /** Has the thread keep the document for as long as it is used. */
  private hold(document: RankableDocument): Kept {
    const { fileId } = document;
    const known = this.kept.get(fileId);
    const kept = known ?? { length: 0, users: 0, ready: Promise.resolve() };
    kept.users += 1;
    this.kept.delete(fileId);
    this.kept.set(fileId, kept);
    if (!known) kept.ready = this.load(document, kept);
    return kept;
  }

  private async load({ fileId, read }: RankableDocument, kept: Kept): Promise<void> {
    const worker = this.thread();
    try {
      for await (const passages of read()) {
        if (worker !== this.worker) throw new Error('the ranking thread has ended');
        kept.length += passages.reduce((sum, { text }) => sum + text.length, 0);
        this.tell({ type: 'add', fileId, passages });
      }
    } catch (error) {
      this.forget(fileId, kept);
      throw error;
    }
  }

  private ask(fileIds: number[], query: RankingQuery, limit: number): Promise<RankedPassage[]> {
    this.lastId += 1;
    const id = this.lastId;
    this.tell({ type: 'rank', id, fileIds, query, limit });
    const timer = setTimeout(() => void this.worker?.terminate(), PATIENCE_MS);
    return new Promise<RankedPassage[]>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
    }).finally(() => {
      clearTimeout(timer);
      this.waiting.delete(id);
    });
  }

  private tell(order: RankerOrder): void {
    this.thread().postMessage(order);
  }

  private thread(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(new URL('./passage-ranking.worker.js', import.meta.url), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    worker.unref();
    worker.on('message', ({ id, ranked }: { id: number; ranked: RankedPassage[] }) =>
      this.waiting.get(id)?.resolve(ranked),
    );
    // An `exit` follows.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.ended(worker));
    this.worker = worker;
    return worker;
  }

  private ended(worker: Worker): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    this.kept.clear();
    for (const { reject } of this.waiting.values()) reject(new Error('the ranking thread has ended'));
  }

  private forgetOldest(): void {
    let length = [...this.kept.values()].reduce((sum, one) => sum + one.length, 0);
    for (const [fileId, kept] of this.kept) {
      if (length <= KEPT_LENGTH) return;
      if (kept.users > 0) continue;
      length -= kept.length;
      this.forget(fileId, kept);
    }
  }

  private forget(fileId: number, kept: Kept): void {
    if (this.kept.get(fileId) !== kept) return;
    this.kept.delete(fileId);
    this.worker?.postMessage({ type: 'drop', fileId } satisfies RankerOrder);
  }
}
