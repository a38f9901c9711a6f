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

/**
 * Makes room for `count` more prompts, inside a transaction: the first of the free places at the end, locked for the
 * caller.
 * @throws AppError too_many_prompts where the scope would have more than `most`.
 */
export async function takePositions(
  manager: EntityManager,
  scopeId: number,
  count: number,
  most = Infinity,
): Promise<number> {
  const size = await resize(manager, scopeId, count);
  if (size > most) throw new AppError('too_many_prompts', { params: { limit: most } });
  return size - count;
}

/**
 * Locks a scope until the transaction ends: nobody else adds, changes or removes one of its prompts. It reads nothing:
 * what the transaction reads first behind it is what is there now.
 */
export async function lockScope(manager: EntityManager, scopeId: number): Promise<void> {
  await change(manager, scopeId, 0);
}

/**
 * Removes a prompt, inside a transaction, and moves the last one of its scope into the hole. Returns it as it was;
 * null where it is gone already: the transaction must then be rolled back.
 */
export async function removeFromScope(
  manager: EntityManager,
  scopeId: number,
  id: number,
): Promise<Prompt | null> {
  // The scope's row first: the places that are read below can no longer move.
  const last = await resize(manager, scopeId, -1);
  const prompt = await manager.findOneBy(Prompt, { id, scopeId });
  if (!prompt) return null;
  await manager.delete(Prompt, { id, scopeId });
  if (prompt.position !== last) {
    await manager.update(Prompt, { scopeId, position: last }, { position: prompt.position });
  }
  return prompt;
}

/** Changes the size of a scope, which locks its row until the transaction ends; returns the new size. */
async function resize(manager: EntityManager, scopeId: number, by: number): Promise<number> {
  await change(manager, scopeId, by);
  const { size } = await manager.findOneByOrFail(PromptScope, { scopeId });
  return size;
}

async function change(manager: EntityManager, scopeId: number, by: number): Promise<void> {
  const { affected } = await manager.increment(PromptScope, { scopeId }, 'size', by);
  // The scope goes when its owner's account is deleted.
  if (!affected) throw new AppError('not_found');
}
