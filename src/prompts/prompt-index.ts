import type { EntityManager } from 'typeorm';
import { execute, insertMissing, marks, selectRows } from '../database/statements.js';
import { PromptTag } from './prompt-tag.entity.js';
import { PromptTerm } from './prompt-term.entity.js';
import { type Findable, termsOf } from './prompt-terms.js';
import { tagKey } from './tag-key.js';

/** What becomes of a prompt: it is new where there is nothing before, and goes where there is nothing after. */
export interface PromptChange {
  id: number;
  before?: Findable | undefined;
  after?: Findable | undefined;
}

/** So many values in the list of a statement. */
const VALUES_AT_ONCE = 500;

/**
 * Enters what prompts of one scope are found by from now on, and takes out what they no longer are, inside the
 * transaction that changes them. Its caller has locked the scope's row: tags are counted.
 */
export async function reindex(
  manager: EntityManager,
  scopeId: number,
  changes: PromptChange[],
): Promise<void> {
  const entered: PromptTerm[] = [];
  const tags = new Map<string, Counted>();
  for (const { id: promptId, before, after } of changes) {
    const old = before ? termsOf(before) : new Set<string>();
    const fresh = after ? termsOf(after) : new Set<string>();
    entered.push(...[...fresh].filter((term) => !old.has(term)).map((term) => ({ scopeId, term, promptId })));
    await takeOut(
      manager,
      scopeId,
      promptId,
      [...old].filter((term) => !fresh.has(term)),
    );
    count(tags, after?.tags, 1);
    count(tags, before?.tags, -1);
  }
  await insertMissing(manager, PromptTerm, entered);
  await book(manager, scopeId, tags);
}

/** A tag, and by how much its uses change. */
interface Counted {
  tag: string;
  by: number;
}

function count(counted: Map<string, Counted>, tags: string[] = [], by: 1 | -1): void {
  const different = new Map(tags.map((tag) => [tagKey(tag), tag]));
  for (const [key, tag] of different) {
    const known = counted.get(key);
    counted.set(key, { tag: known?.tag ?? tag, by: (known?.by ?? 0) + by });
  }
}

async function takeOut(
  manager: EntityManager,
  scopeId: number,
  promptId: number,
  terms: string[],
): Promise<void> {
  for (const some of portions(terms))
    await execute(
      manager,
      `DELETE FROM prompt_terms WHERE scope_id = ? AND term IN (${marks(some)}) AND prompt_id = ?`,
      [scopeId, ...some, promptId],
    );
}

async function book(manager: EntityManager, scopeId: number, tags: Map<string, Counted>): Promise<void> {
  const changed = [...tags].filter(([, { by }]) => by !== 0);
  for (const some of portions(changed)) {
    const keys = some.map(([key]) => key);
    const tail = `WHERE scope_id = ? AND tag_key IN (${marks(keys)})`;
    const rows = await selectRows(manager, PromptTag, tail, [scopeId, ...keys]);
    const known = new Set(rows.map((row) => row.tagKey));
    const fresh = some.filter(([key, { by }]) => by > 0 && !known.has(key));
    const added = fresh.map(([key, { tag, by }]) => ({ scopeId, tagKey: key, tag, uses: by }));
    await insertMissing(manager, PromptTag, added);
    for (const [by, group] of grouped(some.filter(([key]) => known.has(key))))
      await execute(
        manager,
        `UPDATE prompt_tags SET uses = uses + ? WHERE scope_id = ? AND tag_key IN (${marks(group)})`,
        [by, scopeId, ...group],
      );
    await execute(manager, `DELETE FROM prompt_tags ${tail} AND uses <= 0`, [scopeId, ...keys]);
  }
}

/** The keys by what their uses change by. */
function grouped(tags: [string, Counted][]): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const [key, { by }] of tags) groups.set(by, [...(groups.get(by) ?? []), key]);
  return groups;
}

function* portions<T>(values: T[]): Generator<T[]> {
  for (let from = 0; from < values.length; from += VALUES_AT_ONCE)
    yield values.slice(from, from + VALUES_AT_ONCE);
}
