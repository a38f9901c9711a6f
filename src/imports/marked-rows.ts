import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ForeignRow } from '../database/foreign-database.js';
import { BatchWriter } from './batch-writer.js';
import type { MarkKind } from './import-mark.entity.js';
import type { Remark } from './import-report.js';
import type { ImportRun } from './import-run.js';
import type { OldKind } from './old-shapes.js';
import { oldKey } from './old-values.js';

const PAGE = 200;

/** What is made of an old row. */
export interface Planned<Values> {
  keys: [string];
  values: Values;
  /** What is to be told of it when it is here. */
  remarks: Remark[];
  /** By which further keys it is found; each goes to the first that has it. */
  aliases?: string[];
}

/** What became of it: an id and whose it is, or why it did not come. */
export type Outcome = { newId: number; ownerId: number | null; remarks?: Remark[] } | { skipped: string };

/** How the rows of a kind are brought over. */
export interface RowsPlan<Values> {
  kind: OldKind;
  mark: MarkKind;
  /** Columns that are read. */
  columns: string[];
  /** Reads rows; what is not in the answer did not come, and why is told in `remarks`. */
  plan: (rows: ForeignRow[]) => Promise<{ items: Planned<Values>[]; remarks: Remark[] }>;
  /** Makes the rows, in a transaction that may run again; gives an outcome for each, in their order. */
  make: (manager: EntityManager, items: Planned<Values>[]) => Promise<Outcome[]>;
}

/** Brings over the rows of tables whose every row has a mark of its own: all but what was said. */
@Injectable()
export class MarkedRows {
  constructor(private readonly writer: BatchWriter) {}

  async bring<Values>(run: ImportRun, plan: RowsPlan<Values>): Promise<void> {
    const { kind } = plan;
    const table = run.tables.get(kind);
    if (!table) return;
    const counts = run.report.countsOf(kind);
    run.progress.begin(kind, await table.count());
    for await (const page of table.pages([], PAGE)) {
      const keys = page.map(({ key }) => oldKey(key) ?? '');
      const known = await run.find(this.writer.reader, plan.mark, keys);
      const fresh = page.filter((_, at) => !known.has(keys[at]!));
      counts.read += page.length;
      counts.known += page.length - fresh.length;
      const rows = await table.byKeys(
        plan.columns,
        fresh.map(({ key }) => key!),
      );
      const inOrder = fresh.map(({ key }) => rows.get(String(key))).filter((row) => row !== undefined);
      const { items, remarks } = await plan.plan(inOrder);
      run.report.add(kind, remarks);
      await this.write(run, plan, items);
      run.progress.step(page.length);
    }
    run.progress.end();
  }

  private write<Values>(
    run: ImportRun,
    { kind, mark, make }: RowsPlan<Values>,
    items: Planned<Values>[],
  ): Promise<void> {
    return this.writer.write(run, kind, items, {
      work: async (manager, some) => {
        const outcomes = await make(manager, some);
        const marks = some.flatMap(({ keys, aliases = [] }, at) => {
          const outcome = outcomes[at]!;
          if ('skipped' in outcome) return [];
          return [...keys, ...aliases].map((key) => ({ ...{ kind: mark, key }, ...pick(outcome) }));
        });
        await run.mark(manager, marks);
        return outcomes;
      },
      done: (outcomes, some) => {
        for (const [at, { keys, remarks }] of some.entries()) {
          const outcome = outcomes[at]!;
          if ('skipped' in outcome) {
            run.report.add(kind, [{ what: 'skipped', reason: outcome.skipped, key: keys[0] }]);
            continue;
          }
          run.report.countsOf(kind).imported += 1;
          run.report.add(kind, [...remarks, ...(outcome.remarks ?? [])]);
        }
      },
    });
  }
}

function pick({ newId, ownerId }: { newId: number; ownerId: number | null }) {
  return { newId, ownerId };
}
