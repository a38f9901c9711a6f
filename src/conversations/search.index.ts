import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { TermQuery } from '../../libs/text-terms/term-query.js';
import { execute, marks, selectRows } from '../database/statements.js';
import type { Conversation } from './conversation.entity.js';
import { Message } from './message.entity.js';
import { messageTerms } from './message-terms.js';
import { SearchTerm } from './search-term.entity.js';

/** Terms that are looked up for one query, the longest ones; whether the others are there the texts say. */
const MAX_TERMS = 8;
const MAX_BEGINNINGS = 4;
const ROWS_PER_INSERT = 500;
/** Behind all that begins with what stands before it, in both databases. */
const LAST = '\u{10ffff}';

/** A piece of SQL with the values of its `?`. */
interface Sql {
  text: string;
  values: (string | number)[];
}

/** Where in a conversation candidates are looked for: below this `seq`. */
export interface SearchPlace {
  conversation: Conversation;
  below: number;
}

/**
 * Which messages have which terms (`search_terms`). Each look-up is a descent into the part of one conversation, so that
 * it costs the same whatever else there is.
 */
@Injectable()
export class SearchIndex {
  constructor(@InjectRepository(SearchTerm) private readonly rows: Repository<SearchTerm>) {}

  /** Adds terms of messages that have none yet, in the manager's transaction. */
  async add(manager: EntityManager, rows: SearchTerm[]): Promise<void> {
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
      const part = rows.slice(from, from + ROWS_PER_INSERT);
      const places = part.map(() => '(?, ?, ?)').join(', ');
      const values = part.flatMap(({ conversationId, term, seq }) => [conversationId, term, seq]);
      await execute(
        manager,
        `INSERT INTO search_terms (conversation_id, term, seq) VALUES ${places}`,
        values,
      );
    }
  }

  /** Finds a message by another text than before, in the manager's transaction. */
  async replace(
    manager: EntityManager,
    { conversationId, seq }: Pick<Message, 'conversationId' | 'seq'>,
    texts: { before: string; after: string },
  ): Promise<void> {
    const [gone, now] = [messageTerms(texts.before), messageTerms(texts.after)];
    const lost = [...gone].filter((term) => !now.has(term));
    // By its terms: the key of the table holds the place behind them.
    for (let from = 0; from < lost.length; from += ROWS_PER_INSERT) {
      const part = lost.slice(from, from + ROWS_PER_INSERT);
      const where = `conversation_id = ? AND term IN (${marks(part)}) AND seq = ?`;
      await execute(manager, `DELETE FROM search_terms WHERE ${where}`, [conversationId, ...part, seq]);
    }
    const found = [...now].filter((term) => !gone.has(term));
    await this.add(
      manager,
      found.map((term) => ({ conversationId, term, seq })),
    );
  }

  /** Of these conversations of one owner, the ids of those in which each of the terms is somewhere. */
  async having(conversations: Conversation[], query: TermQuery): Promise<Set<number>> {
    const { terms, beginnings } = conditionsOf(query);
    const isSqlite = this.rows.manager.dataSource.options.type === 'better-sqlite3';
    let found = await this.havingEach(conversations, isSqlite ? [...terms, ...beginnings] : terms);
    if (!isSqlite) for (const one of beginnings) found = await this.havingRange(found, one);
    return new Set(found);
  }

  private async havingEach(conversations: Conversation[], conditions: Sql[]): Promise<number[]> {
    const ids = conversations.map(({ id }) => id);
    const [first] = conversations;
    if (!first || conditions.length === 0) return ids;
    // A subquery with a limit stays what it is; EXISTS may become a join that reads the terms of all conversations. And
    // the rows are to be found by their ids: an index of the owner's would have all of his looked through.
    const where = conditions.map(
      ({ text }) =>
        `(SELECT t.seq FROM search_terms t WHERE t.conversation_id = c.id AND ${text} LIMIT 1) IS NOT NULL`,
    );
    const found = await this.rows.manager.query<{ id: number }[]>(
      `SELECT c.id AS id FROM conversations c
       WHERE c.owner_id + 0 = ? AND c.id IN (${marks(ids)}) AND ${where.join(' AND ')}`,
      [first.ownerId, ...ids, ...conditions.flatMap(({ values }) => values)],
    );
    return found.map(({ id }) => Number(id));
  }

  /**
   * The same for a range of terms in MariaDB and MySQL, which would look for it in each term of a conversation whose id
   * is that of another row: ids that are given, and the first term of each group, they find by the key. SQLite would
   * read the whole range for that.
   */
  private async havingRange(ids: number[], { text, values }: Sql): Promise<number[]> {
    if (ids.length === 0) return [];
    const found = await this.rows.manager.query<{ id: number }[]>(
      `SELECT t.conversation_id AS id, MIN(t.term) AS term FROM search_terms t
       WHERE t.conversation_id IN (${marks(ids)}) AND ${text} GROUP BY t.conversation_id`,
      [...ids, ...values],
    );
    return found.map(({ id }) => Number(id));
  }

  /** In each place, of one owner, the newest messages that have all of the terms, at most so many; in no order. */
  async messages(places: SearchPlace[], query: TermQuery, count: number): Promise<Message[]> {
    const [first] = places;
    if (!first) return [];
    const { terms, beginnings } = conditionsOf(query);
    const parts = places.map((place) => candidates(place, [...terms, ...beginnings], count));
    const { manager } = this.rows;
    const found = await manager.query<{ id: number; seq: number }[]>(
      parts.map(({ text }) => `SELECT * FROM (${text}) AS part`).join(' UNION ALL '),
      parts.flatMap(({ values }) => values),
    );
    if (found.length === 0) return [];
    const where = found.map(() => '(conversation_id = ? AND seq = ?)').join(' OR ');
    const values = found.flatMap(({ id, seq }) => [Number(id), Number(seq)]);
    return selectRows(manager, Message, `WHERE (${where}) AND owner_id = ?`, [
      ...values,
      first.conversation.ownerId,
    ]);
  }
}

/** What `term` must be in one row after the other; whole terms come first, of which there are fewer. */
function conditionsOf(query: TermQuery): { terms: Sql[]; beginnings: Sql[] } {
  const longest = (terms: string[], count: number) =>
    terms.toSorted((a, b) => b.length - a.length).slice(0, count);
  return {
    terms: longest(query.terms, MAX_TERMS).map((term) => ({ text: 't.term = ?', values: [term] })),
    beginnings: longest(query.beginnings, MAX_BEGINNINGS).map((term) => ({
      text: 't.term >= ? AND t.term < ?',
      values: [term, term + LAST],
    })),
  };
}

/** The first condition is walked through from the newest message on, the others are looked up on the way. */
function candidates(
  { conversation: { id }, below }: SearchPlace,
  [first, ...others]: Sql[],
  count: number,
): Sql {
  const here = `SELECT DISTINCT t.seq FROM search_terms t WHERE t.conversation_id = ? AND ${first!.text}`;
  const also = others.map(
    ({ text }) => ` AND t.seq IN (SELECT t.seq FROM search_terms t WHERE t.conversation_id = ? AND ${text})`,
  );
  return {
    text: `SELECT ? AS id, s.seq FROM (${here} AND t.seq < ?${also.join('')} ORDER BY t.seq DESC LIMIT ${count}) AS s`,
    values: [...[id, id, ...first!.values, below], ...others.flatMap(({ values }) => [id, ...values])],
  };
}
