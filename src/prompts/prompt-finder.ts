import type { EntityManager } from 'typeorm';
import { marks, selectRows } from '../database/statements.js';
import { SHARED_SCOPE } from './prompt-positions.js';
import { among, newestOf, type Posting, sizeOf } from './prompt-postings.js';
import { Prompt } from './prompt.entity.js';

/** What prompts of one scope are looked for. */
export interface Wanted {
  /** A prompt that is wanted is in all of them. */
  postings: Posting[];
  /** What postings say of a prompt is nearly true; this says it exactly. */
  isWanted: (prompt: Prompt) => boolean;
}

export interface Found {
  /** Newest first. */
  prompts: Prompt[];
  /** Where the search stopped, because it had looked at so many: older ones may follow. */
  lookedTo?: number;
}

/** Where more are to be looked at, one request looks no further. */
const IDS_LOOKED_AT = 20_000;
const PROMPTS_LOOKED_AT = 2_000;

/** The first look is for a page; a second one means that few are wanted, and the next are wider. */
const FIRST_LOOK = 64;
const WIDEST_LOOK = 1_024;

/** Postings are compared up to here: of two long ones either does. */
const SIZE = 1_000;

/** Finds the newest `limit` prompts of one scope that are wanted and older than `before`. */
export async function findNewest(
  manager: EntityManager,
  scopeId: number,
  { postings, isWanted }: Wanted,
  before: number,
  limit: number,
): Promise<Found> {
  const [shortest, ...others] = await fromShortest(manager, scopeId, postings);
  const prompts: Prompt[] = [];
  let [at, ids, rows, width] = [before, 0, 0, Math.max(FIRST_LOOK, limit)];
  while (ids < IDS_LOOKED_AT && rows < PROMPTS_LOOKED_AT) {
    const looked = shortest
      ? await newestOf(manager, scopeId, shortest, at, width)
      : await newestOfAll(manager, scopeId, at, width);
    let candidates = looked;
    for (const other of others) candidates = await among(manager, scopeId, other, candidates);
    for (let from = 0; from < candidates.length; from += limit) {
      const some = candidates.slice(from, from + limit);
      prompts.push(...(await read(manager, scopeId, some)).filter(isWanted));
      rows += some.length;
      if (prompts.length >= limit) return { prompts: prompts.slice(0, limit) };
    }
    if (looked.length < width) return { prompts };
    at = looked.at(-1)!;
    ids += looked.length;
    width = Math.min(width * 4, WIDEST_LOOK);
  }
  return { prompts, lookedTo: at };
}

async function fromShortest(
  manager: EntityManager,
  scopeId: number,
  postings: Posting[],
): Promise<Posting[]> {
  if (postings.length < 2) return postings;
  const sized: { posting: Posting; size: number }[] = [];
  for (const posting of postings)
    sized.push({ posting, size: await sizeOf(manager, scopeId, posting, SIZE) });
  // Of long ones that of few terms: it is read in the order of its ids as it stands.
  const byLength = sized.sort((a, b) => a.size - b.size || a.posting.length - b.posting.length);
  return byLength.map(({ posting }) => posting);
}

/** Ids of the newest prompts of a scope that are older than `before`. */
async function newestOfAll(
  manager: EntityManager,
  scopeId: number,
  before: number,
  limit: number,
): Promise<number[]> {
  const shared = scopeId === SHARED_SCOPE;
  const sql = `SELECT id FROM prompts
    WHERE owner_id ${shared ? 'IS NULL' : '= ?'} AND id < ? ORDER BY id DESC LIMIT ?`;
  const values = [...(shared ? [] : [scopeId]), before, limit];
  const rows = await manager.query<{ id: number | string }[]>(sql, values);
  return rows.map(({ id }) => Number(id));
}

async function read(manager: EntityManager, scopeId: number, ids: number[]): Promise<Prompt[]> {
  if (ids.length === 0) return [];
  // The scope is compared here: SQLite would rather go through all prompts of a scope than to these few.
  const rows = await selectRows(manager, Prompt, `WHERE id IN (${marks(ids)}) ORDER BY id DESC`, ids);
  return rows.filter((prompt) => prompt.scopeId === scopeId);
}
