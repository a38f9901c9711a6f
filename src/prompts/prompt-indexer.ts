import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { execute, marks, selectRows } from '../database/statements.js';
import { Sweep } from '../database/sweep.js';
import { inTransaction } from '../database/transaction.js';
import { reindex } from './prompt-index.js';
import { lockScope } from './prompt-positions.js';
import { Prompt } from './prompt.entity.js';

const SWEEP_MS = 1_000;

/** Found by one look, and entered in one transaction of their scope. */
const LOOK = 2_000;
const BATCH = 100;

/**
 * Enters the terms of prompts that were made before there were any, or by a process of an older version: the newest
 * first, in small transactions, so that it holds nobody up and goes on where it ended. Several processes may do it.
 */
@Injectable()
export class PromptIndexer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly sweep = new Sweep<Batch>({
    ...{ name: 'PromptIndexer', everyMs: SWEEP_MS, leaseMs: SWEEP_MS },
    look: () => this.look(),
    take: (batch) => this.enter(batch),
  });

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.sweep.begin();
  }

  onApplicationShutdown(): void {
    this.sweep.end();
  }

  private async look(): Promise<Batch[]> {
    const sql = 'SELECT id, scope_id FROM prompts WHERE indexed = 0 ORDER BY id DESC LIMIT ?';
    const rows = await this.dataSource.query<{ id: number; scope_id: number }[]>(sql, [LOOK]);
    const byScope = new Map<number, number[]>();
    for (const { id, scope_id } of rows) {
      const scopeId = Number(scope_id);
      byScope.set(scopeId, [...(byScope.get(scopeId) ?? []), Number(id)]);
    }
    return [...byScope].flatMap(([scopeId, ids]) =>
      Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, n) => ({
        ...{ scopeId, ids: ids.slice(n * BATCH, (n + 1) * BATCH) },
      })),
    );
  }

  private async enter({ scopeId, ids }: Batch): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      await lockScope(manager, scopeId);
      // Read behind the lock: what somebody else has entered or changed meanwhile is not entered again.
      const tail = `WHERE id IN (${marks(ids)}) AND indexed = 0`;
      const prompts = await selectRows(manager, Prompt, tail, ids);
      await reindex(
        manager,
        scopeId,
        prompts.map((prompt) => ({ id: prompt.id, after: prompt })),
      );
      await execute(manager, `UPDATE prompts SET indexed = 1 ${tail}`, ids);
    });
  }
}

/** Prompts of one scope. */
interface Batch {
  scopeId: number;
  ids: number[];
}
