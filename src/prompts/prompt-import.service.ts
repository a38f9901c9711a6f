import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuthUser } from '../common/current-user.js';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { ENV, type Env } from '../config/env.js';
import { marks, selectRows } from '../database/statements.js';
import { inTransaction } from '../database/transaction.js';
import type { NewPromptDto } from './dto/prompt-input.dto.js';
import type { ImportedPromptsDto, ImportPromptsDto } from './dto/prompt-transfer.dto.js';
import { reindex } from './prompt-index.js';
import { ensureScope, lockScope, SHARED_SCOPE, takePositions } from './prompt-positions.js';
import { contentTerm } from './prompt-terms.js';
import { Prompt } from './prompt.entity.js';

type Asker = Pick<AuthUser, 'id' | 'role'>;
type Copy = NewPromptDto;

/** Between so many the process does something else. */
const AT_ONCE = 50;

/** Takes in many prompts at once. */
@Injectable()
export class PromptImportService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * All of them or none.
   * @throws AppError invalid_input where somebody other than an admin brings shared ones; too_many_prompts
   */
  async import(user: Asker, { prompts, duplicates }: ImportPromptsDto): Promise<ImportedPromptsDto> {
    if (user.role !== 'admin') refuseShared(prompts);
    const libraries = [
      { scopeId: SHARED_SCOPE, copies: prompts.filter(({ shared }) => shared), most: Infinity },
      { scopeId: user.id, copies: prompts.filter(({ shared }) => !shared), most: this.env.PROMPTS_PER_USER },
    ].filter(({ copies }) => copies.length > 0);
    for (const { scopeId } of libraries) await ensureScope(this.dataSource.manager, scopeId);
    return inTransaction(this.dataSource, async (manager) => {
      // Before anything is read: what somebody else takes in at the same time is seen behind it.
      for (const { scopeId } of libraries) await lockScope(manager, scopeId);
      let imported = 0;
      for (const { scopeId, copies, most } of libraries) {
        const fresh = duplicates === 'keep' ? copies : await withoutKnown(manager, scopeId, copies);
        const first = await takePositions(manager, scopeId, fresh.length, most);
        await insert(manager, scopeId, fresh, first);
        imported += fresh.length;
      }
      return { imported, skipped: prompts.length - imported };
    });
  }

  /** To be called before the transactions in which prompts are shared. */
  async openShared(): Promise<void> {
    await ensureScope(this.dataSource.manager, SHARED_SCOPE);
  }

  /**
   * In the caller's transaction, and not for users: takes prompts into the library that everybody sees, but those whose
   * title and text are there already.
   * @returns those that were taken in
   */
  async share(manager: EntityManager, prompts: Copy[]): Promise<Copy[]> {
    await lockScope(manager, SHARED_SCOPE);
    const fresh = await withoutKnown(manager, SHARED_SCOPE, prompts);
    await insert(manager, SHARED_SCOPE, fresh, await takePositions(manager, SHARED_SCOPE, fresh.length));
    return fresh;
  }

  /** Of these prompts, those that `share` would take in. */
  unshared(prompts: Copy[]): Promise<Copy[]> {
    return withoutKnown(this.dataSource.manager, SHARED_SCOPE, prompts);
  }
}

function refuseShared(prompts: Copy[]): void {
  const errors = prompts.flatMap(({ shared }, at) =>
    shared ? [{ field: `prompts.${at}.shared`, message: fieldMessage('invalid') }] : [],
  );
  if (errors.length > 0) throw new AppError('invalid_input', { errors });
}

/** Those whose title and text the scope does not have yet, each once. */
async function withoutKnown(manager: EntityManager, scopeId: number, copies: Copy[]): Promise<Copy[]> {
  const byTerm = new Map<string, Copy>();
  for (const copy of copies) {
    const term = contentTerm(copy);
    if (!byTerm.has(term)) byTerm.set(term, copy);
  }
  const terms = [...byTerm.keys()];
  const sql = `SELECT DISTINCT term FROM prompt_terms WHERE scope_id = ? AND term IN (${marks(terms)})`;
  const known = await manager.query<{ term: string }[]>(sql, [scopeId, ...terms]);
  for (const { term } of known) byTerm.delete(term);
  return [...byTerm.values()];
}

async function insert(manager: EntityManager, scopeId: number, copies: Copy[], first: number): Promise<void> {
  const ownerId = scopeId === SHARED_SCOPE ? null : scopeId;
  const now = new Date();
  for (let from = 0; from < copies.length; from += AT_ONCE) {
    const rows = copies.slice(from, from + AT_ONCE).map(({ title, text, tags = [] }, n) => ({
      ...{ ownerId, scopeId, position: first + from + n, title, text, tags },
      ...{ indexed: true, createdAt: now, updatedAt: now },
    }));
    await manager.createQueryBuilder().insert().into(Prompt).values(rows).updateEntity(false).execute();
    const tail = 'WHERE scope_id = ? AND position >= ? AND position < ?';
    const places = [scopeId, first + from, first + from + rows.length];
    const inserted = await selectRows(manager, Prompt, tail, places);
    await reindex(
      manager,
      scopeId,
      inserted.map((prompt) => ({ id: prompt.id, after: prompt })),
    );
    await setImmediate();
  }
}
