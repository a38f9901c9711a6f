import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { marks } from '../database/statements.js';
import { FilePassage } from '../files/file-passage.entity.js';

/** What a document's text takes. */
export interface DocumentSize {
  tokens: number;
  passages: number;
}

/** A passage as it is shown. */
export type ShownPassage = Pick<FilePassage, 'fileId' | 'seq' | 'page' | 'label' | 'text' | 'tokens'>;

/** Passages that are read at a time: few enough that other statements come between. */
const BATCH = 200;
/** Documents whose sizes are remembered; they never change. */
const KNOWN_SIZES = 1_000;
const NOTHING: DocumentSize = { tokens: 0, passages: 0 };
const OWNED = 'FROM file_passages p JOIN stored_files f ON f.id = p.file_id WHERE f.owner_id = ?';
const SHOWN = 'p.file_id AS fileId, p.seq, p.page, p.label, p.text, p.tokens';

/** The text of documents, of whose owners nobody else's is read. */
@Injectable()
export class DocumentPassages {
  private readonly sizes = new Map<string, DocumentSize>();

  constructor(@InjectRepository(FilePassage) private readonly passages: Repository<FilePassage>) {}

  /** What each of these documents takes; what has no text, or is not the owner's, takes nothing. */
  async sizesOf(ownerId: number, fileIds: number[]): Promise<Map<number, DocumentSize>> {
    const unknown = fileIds.filter((id) => !this.sizes.has(keyOf(ownerId, id)));
    if (unknown.length > 0) await this.measure(ownerId, unknown);
    return new Map(fileIds.map((id) => [id, this.sizes.get(keyOf(ownerId, id)) ?? NOTHING]));
  }

  /** A document's passages in their order, piece by piece. */
  async *read(ownerId: number, fileId: number): AsyncIterable<{ seq: number; text: string }[]> {
    for (let after = 0; ;) {
      const rows = await this.passages.manager.query<{ seq: number; text: string }[]>(
        `SELECT p.seq, p.text ${OWNED} AND p.file_id = ? AND p.seq > ? ORDER BY p.seq LIMIT ${BATCH}`,
        [ownerId, fileId, after],
      );
      if (rows.length > 0) yield rows;
      if (rows.length < BATCH) return;
      after = rows.at(-1)!.seq;
    }
  }

  /** The passages at these places of a document, in its order. */
  async at(ownerId: number, fileId: number, seqs: number[]): Promise<ShownPassage[]> {
    const found: ShownPassage[] = [];
    for (let from = 0; from < seqs.length; from += BATCH) {
      const some = seqs.slice(from, from + BATCH);
      const rows = await this.passages.manager.query<ShownPassage[]>(
        `SELECT ${SHOWN} ${OWNED} AND p.file_id = ? AND p.seq IN (${marks(some)})`,
        [ownerId, fileId, ...some],
      );
      found.push(...rows.map((row) => ({ ...row, fileId })));
    }
    return found.sort((a, b) => a.seq - b.seq);
  }

  private async measure(ownerId: number, fileIds: number[]): Promise<void> {
    const rows = await this.passages.manager.query<Record<'id' | 'tokens' | 'passages', unknown>[]>(
      `SELECT p.file_id AS id, SUM(p.tokens) AS tokens, COUNT(*) AS passages ${OWNED} ` +
        `AND p.file_id IN (${marks(fileIds)}) GROUP BY p.file_id`,
      [ownerId, ...fileIds],
    );
    for (const { id, tokens, passages } of rows)
      this.sizes.set(keyOf(ownerId, Number(id)), { tokens: Number(tokens), passages: Number(passages) });
    for (const key of this.sizes.keys()) {
      if (this.sizes.size <= KNOWN_SIZES) return;
      this.sizes.delete(key);
    }
  }
}

/** What is remembered is its owner's alone, too. */
function keyOf(ownerId: number, fileId: number): string {
  return `${ownerId}:${fileId}`;
}
