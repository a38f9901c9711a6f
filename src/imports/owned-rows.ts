import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ForeignRow } from '../database/foreign-database.js';
import type { Remark } from './import-report.js';
import type { ImportRun } from './import-run.js';
import { MarkedRows, type Planned, type RowsPlan } from './marked-rows.js';
import { OldOwners } from './old-owners.js';

/** How rows of a kind are brought over that belong to somebody, and become one row each. */
export interface OwnedPlan<Values> extends Pick<RowsPlan<Values>, 'kind' | 'mark' | 'columns'> {
  /** @param zone of the times in the old database */
  planned: (key: string, ownerId: number, row: ForeignRow, zone: string) => Planned<Values>;
  /** Inserts the row; gives its id. */
  insert: (manager: EntityManager, values: Values) => Promise<number>;
}

/** Brings over what belongs to somebody by itself; rows whose owner is not here are skipped. */
@Injectable()
export class OwnedRows {
  constructor(
    private readonly rows: MarkedRows,
    private readonly owners: OldOwners,
  ) {}

  bring<Values extends { ownerId: number }>(
    run: ImportRun,
    { planned, insert, ...which }: OwnedPlan<Values>,
  ): Promise<void> {
    return this.rows.bring<Values>(run, {
      ...which,
      plan: async (rows) => {
        const owners = await this.owners.of(run, run.tables.get(which.kind)!, rows);
        const items: Planned<Values>[] = [];
        const remarks: Remark[] = [];
        for (const row of rows) {
          const key = String(row['key']);
          const ownerId = owners.get(key);
          if (ownerId === undefined) remarks.push({ what: 'skipped', reason: 'owner_missing', key });
          else items.push(planned(key, ownerId, row, run.options.timeZone));
        }
        return { items, remarks };
      },
      make: async (manager, items) => {
        const ids: number[] = [];
        for (const { values } of items) ids.push(await run.make(() => insert(manager, values)));
        return items.map(({ values }, at) => ({ newId: ids[at]!, ownerId: values.ownerId }));
      },
    });
  }
}
