import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ChatImportsService } from '../conversations/chat-imports.service.js';
import type { ForeignRow } from '../database/foreign-database.js';
import type { Remark } from './import-report.js';
import type { ImportRun } from './import-run.js';
import { MarkedRows, type Outcome, type Planned } from './marked-rows.js';
import { OldOwners } from './old-owners.js';
import { oldText, oldTime } from './old-values.js';

const TITLE_LENGTH = 500;
const EXTERNAL_ID_LENGTH = 100;

interface OldChat {
  ownerId: number;
  title: string;
  /** What its clients call it by, where they do. */
  externalId: string | null;
  createdAt: Date;
}

/** Brings over chats that have a table of their own, without what was said in them. */
@Injectable()
export class ChatsImporter {
  constructor(
    private readonly rows: MarkedRows,
    private readonly owners: OldOwners,
    private readonly chats: ChatImportsService,
  ) {}

  bring(run: ImportRun): Promise<void> {
    return this.rows.bring<OldChat>(run, {
      ...{ kind: 'chats', mark: 'chat' },
      columns: ['user', 'title', 'createdAt'],
      plan: (rows) => this.plan(run, rows),
      make: async (manager, items) => {
        const outcomes: Outcome[] = [];
        for (const item of items) outcomes.push(await this.make(run, manager, item));
        return outcomes;
      },
    });
  }

  private async plan(run: ImportRun, rows: ForeignRow[]) {
    const owners = await this.owners.of(run, run.tables.get('chats')!, rows);
    const items: Planned<OldChat>[] = [];
    const remarks: Remark[] = [];
    for (const row of rows) {
      const key = String(row['key']);
      const ownerId = owners.get(key);
      if (ownerId === undefined) remarks.push({ what: 'skipped', reason: 'owner_missing', key });
      else items.push(planned(run, key, ownerId, row));
    }
    return { items, remarks };
  }

  /** One of the same name may be there where accounts were merged. */
  private async make(
    run: ImportRun,
    manager: EntityManager,
    { keys: [key], values: { ownerId, ...chat } }: Planned<OldChat>,
  ): Promise<Outcome> {
    const { externalId } = chat;
    const isTaken = externalId !== null && (await this.chats.isCalled(manager, ownerId, externalId));
    const free = isTaken ? { ...chat, externalId: null } : chat;
    const newId = await run.make(() => this.chats.begin(manager, ownerId, free));
    const remarks: Remark[] = isTaken ? [{ what: 'changed', reason: 'external_id_taken', key }] : [];
    return { newId, ownerId, remarks };
  }
}

function planned(run: ImportRun, key: string, ownerId: number, row: ForeignRow): Planned<OldChat> {
  const { surface, timeZone } = run.options;
  const text = oldText(row['title']).trim();
  // UTF-16 units, as titles are counted; no character is cut in two.
  const title = text
    .slice(0, TITLE_LENGTH)
    .toWellFormed()
    .replace(/\ufffd$/u, '');
  const externalId = surface === 'notebook' && key.length <= EXTERNAL_ID_LENGTH ? key : null;
  const createdAt = oldTime(row['createdAt'], timeZone);
  const remarks = [
    ...(title === text ? [] : ['title_too_long']),
    ...(createdAt === null ? ['time_missing'] : []),
  ];
  return {
    keys: [key],
    values: { ownerId, title, externalId, createdAt: createdAt ?? new Date() },
    remarks: remarks.map((reason) => ({ what: 'changed', reason, key })),
  };
}
