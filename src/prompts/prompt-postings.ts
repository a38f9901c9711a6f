import type { EntityManager } from 'typeorm';
import { marks } from '../database/statements.js';

/** The prompts of a scope that have one of these terms at least. */
export type Posting = readonly string[];

/** Behind every text that begins with a prefix: no character comes later. */
const LAST = '\u{10FFFF}';

/** How many pairs of a term and a prompt one statement looks for. */
const PAIRS_AT_ONCE = 4_000;

interface Id {
  id: number | string;
}

/** The newest prompts of a posting that are older than `before`, newest first. */
export async function newestOf(
  manager: EntityManager,
  scopeId: number,
  posting: Posting,
  before: number,
  limit: number,
): Promise<number[]> {
  // Each term by itself stands in the order of ids: so much of it is read as is asked for, and no more.
  const one = `SELECT prompt_id AS id FROM prompt_terms
    WHERE scope_id = ? AND term = ? AND prompt_id < ? ORDER BY prompt_id DESC LIMIT ?`;
  const all = posting.map((_, n) => `SELECT id FROM (${one}) t${n}`).join(' UNION ');
  const sql = posting.length === 1 ? one : `SELECT id FROM (${all}) u ORDER BY id DESC LIMIT ?`;
  const values = posting.flatMap((term) => [scopeId, term, before, limit]);
  const rows = await manager.query<Id[]>(sql, posting.length === 1 ? values : [...values, limit]);
  return rows.map(({ id }) => Number(id));
}

/** How many prompts a posting has, counted no further than `most`. */
export async function sizeOf(
  manager: EntityManager,
  scopeId: number,
  posting: Posting,
  most: number,
): Promise<number> {
  const sql = `SELECT COUNT(*) AS n FROM (
    SELECT 1 FROM prompt_terms WHERE scope_id = ? AND term IN (${marks([...posting])}) LIMIT ?) t`;
  const [row] = await manager.query<{ n: number | string }[]>(sql, [scopeId, ...posting, most]);
  return Number(row?.n);
}

/** Those of `ids` that belong to a posting, in their order. */
export async function among(
  manager: EntityManager,
  scopeId: number,
  posting: Posting,
  ids: number[],
): Promise<number[]> {
  const found = new Set<number>();
  const atOnce = Math.max(1, Math.floor(PAIRS_AT_ONCE / posting.length));
  for (let from = 0; from < ids.length; from += atOnce) {
    const some = ids.slice(from, from + atOnce);
    const sql = `SELECT DISTINCT prompt_id AS id FROM prompt_terms
      WHERE scope_id = ? AND term IN (${marks([...posting])}) AND prompt_id IN (${marks(some)})`;
    const rows = await manager.query<Id[]>(sql, [scopeId, ...posting, ...some]);
    for (const { id } of rows) found.add(Number(id));
  }
  return ids.filter((id) => found.has(id));
}

/** The terms of a scope that begin like this; undefined where they are more than `most`. */
export async function termsLike(
  manager: EntityManager,
  scopeId: number,
  prefix: string,
  most: number,
): Promise<Posting | undefined> {
  // From each term to the next one: one look at the index for each, however many prompts it has. In one recursive
  // statement MariaDB would read all that lies between.
  const sql = `SELECT term FROM prompt_terms
    WHERE scope_id = ? AND term > ? AND term < ? ORDER BY term LIMIT 1`;
  const first = 'SELECT term FROM prompt_terms WHERE scope_id = ? AND term = ? LIMIT 1';
  const terms: string[] = [];
  let [row] = await manager.query<{ term: string }[]>(first, [scopeId, prefix]);
  if (row) terms.push(row.term);
  for (let last = prefix; terms.length <= most; last = row.term) {
    [row] = await manager.query<{ term: string }[]>(sql, [scopeId, last, prefix + LAST]);
    if (!row) return terms;
    terms.push(row.term);
  }
  return undefined;
}
