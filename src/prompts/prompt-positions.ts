import type { EntityManager } from 'typeorm';
import { AppError } from '../common/errors.js';
import { PromptScope } from './prompt-scope.entity.js';
import { Prompt } from './prompt.entity.js';

/** The scope of the shared library; users' ids begin at 1. */
export const SHARED_SCOPE = 0;

/**
 * Makes the scope's row where it is missing. To be called before the transaction that takes a place: two first
 * prompts at once then do not hold gap locks against each other.
 */
export async function ensureScope(manager: EntityManager, scopeId: number): Promise<void> {
  if (await manager.existsBy(PromptScope, { scopeId })) return;
  await manager
    .createQueryBuilder()
    .insert()
    .into(PromptScope)
    .values({ scopeId, ownerId: scopeId === SHARED_SCOPE ? null : scopeId, size: 0 })
    .orIgnore()
    .execute();
}

/** Makes room for one more prompt, inside a transaction: the free place at the end, locked for the caller. */
export async function takePosition(manager: EntityManager, scopeId: number): Promise<number> {
  return (await resize(manager, scopeId, 1)) - 1;
}

/**
 * Removes a prompt, inside a transaction, and moves the last one of its scope into the hole.
 * Returns false where it is gone already: the transaction must then be rolled back.
 */
export async function removeFromScope(manager: EntityManager, scopeId: number, id: number): Promise<boolean> {
  // The scope's row first: the places that are read below can no longer move.
  const last = await resize(manager, scopeId, -1);
  const prompt = await manager.findOneBy(Prompt, { id, scopeId });
  if (!prompt) return false;
  await manager.delete(Prompt, { id, scopeId });
  if (prompt.position !== last) {
    await manager.update(Prompt, { scopeId, position: last }, { position: prompt.position });
  }
  return true;
}

/** Changes the size of a scope by one, which locks its row until the transaction ends; returns the new size. */
async function resize(manager: EntityManager, scopeId: number, by: 1 | -1): Promise<number> {
  const { affected } = await manager.increment(PromptScope, { scopeId }, 'size', by);
  // The scope goes when its owner's account is deleted.
  if (!affected) throw new AppError('not_found');
  const { size } = await manager.findOneByOrFail(PromptScope, { scopeId });
  return size;
}
