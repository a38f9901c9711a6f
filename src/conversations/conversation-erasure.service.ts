import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { type DataSource, In } from 'typeorm';
import { execute } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import { Conversation } from './conversation.entity.js';

/** What one transaction deletes at most: it is over in a moment, and others come in between. */
const CONVERSATIONS = 100;
const MESSAGES = 500;
const TERMS = 10_000;

interface Place {
  term: string;
  seq: number;
}

/** Deletes all conversations of somebody who leaves, a part at a time: a statement for them all would take minutes. */
@Injectable()
export class ConversationErasure {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Deletes the next part; false where nothing is left. Two at once do each other no harm. Files stay: whoever erases
   * all of an account discards them all.
   */
  async eraseSome(ownerId: number): Promise<boolean> {
    const next = await this.dataSource.manager.find(Conversation, {
      where: { ownerId },
      select: { id: true, lastSeq: true },
      order: { id: 'ASC' },
      take: CONVERSATIONS,
    });
    const [first] = next;
    if (!first) return false;
    if (first.lastSeq > MESSAGES && (await this.thin(ownerId, first.id))) return true;
    const some = { id: In(leading(next)), ownerId };
    await inTransaction(this.dataSource, (manager) => manager.delete(Conversation, some));
    return true;
  }

  /** Of a long conversation a part; false where so little is left that it can go whole. */
  private async thin(ownerId: number, id: number): Promise<boolean> {
    const { manager } = this.dataSource;
    const [place] = await manager.query<Place[]>(
      `SELECT term, seq FROM search_terms WHERE conversation_id = ? ORDER BY term, seq LIMIT 1 OFFSET ${TERMS}`,
      [id],
    );
    if (place) {
      const { term, seq } = place;
      const here = 'DELETE FROM search_terms WHERE conversation_id = ?';
      // One range each: of both together a database makes none.
      await execute(manager, `${here} AND term < ?`, [id, term]);
      await execute(manager, `${here} AND term = ? AND seq <= ?`, [id, term, seq]);
      return true;
    }
    const [last] = await manager.query<{ seq: number }[]>(
      `SELECT seq FROM messages WHERE conversation_id = ? AND owner_id = ? ORDER BY seq LIMIT 1 OFFSET ${MESSAGES}`,
      [id, ownerId],
    );
    if (!last) return false;
    const above = 'DELETE FROM messages WHERE conversation_id = ? AND owner_id = ? AND seq <= ?';
    await execute(manager, above, [id, ownerId, last.seq]);
    return true;
  }
}

/** The first one, and as many behind it as have no more messages together than one transaction deletes. */
function leading(conversations: Conversation[]): number[] {
  let messages = 0;
  const end = conversations.findIndex(({ lastSeq }, index) => {
    messages += lastSeq;
    return index > 0 && messages > MESSAGES;
  });
  return conversations.slice(0, end < 0 ? undefined : end).map(({ id }) => id);
}
