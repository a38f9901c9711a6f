import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Chatbot } from '../chatbots/chatbot.entity.js';
import type { ForeignRow } from '../database/foreign-database.js';
import { insertRow } from '../database/statements.js';
import type { ImportRun } from './import-run.js';
import type { Planned } from './marked-rows.js';
import { oldFlag, oldText, oldTime } from './old-values.js';
import { OwnedRows } from './owned-rows.js';

const NAME_LENGTH = 100;

/** What is known of an old bot. */
export type OldBot = Pick<Chatbot, 'ownerId' | 'name' | 'kind' | 'persona' | 'deletedAt' | 'createdAt'>;

/** Brings over bots; those that are deleted stay so. */
@Injectable()
export class BotsImporter {
  constructor(private readonly rows: OwnedRows) {}

  bring(run: ImportRun): Promise<void> {
    const columns = ['user', 'name', 'type', 'persona', 'createdAt', 'isDeleted'];
    return this.rows.bring<OldBot>(run, { kind: 'bots', mark: 'bot', columns, planned, insert: insertBot });
  }
}

/** Inserts the bot's row; returns its id. */
export function insertBot(manager: EntityManager, bot: OldBot): Promise<number> {
  return insertRow(
    manager,
    Chatbot,
    Object.assign(new Chatbot(), {
      ...{ instructions: null, model: null, provider: null, temperature: null },
      ...{ greeting: null, replyLanguage: null, updatedAt: new Date() },
      ...bot,
    }),
  );
}

function planned(key: string, ownerId: number, row: ForeignRow, zone: string): Planned<OldBot> {
  const [text, persona] = [oldText(row['name']).trim(), oldText(row['persona']).trim()];
  const isPersona = Number(oldText(row['type'])) === 1;
  const name = [...text].slice(0, NAME_LENGTH).join('');
  const createdAt = oldTime(row['createdAt'], zone);
  const remarks = [
    ...(name === text ? [] : ['name_too_long']),
    ...(name === '' ? ['name_missing'] : []),
    ...(isPersona && persona === '' ? ['persona_missing'] : []),
    ...(createdAt === null ? ['time_missing'] : []),
  ];
  const kind = isPersona && persona !== '' ? ('persona' as const) : ('plain' as const);
  return {
    keys: [key],
    values: {
      ...{ ownerId, name: name === '' ? `Bot ${key}` : name, kind },
      // What a plain bot has there is not used there either.
      persona: kind === 'persona' ? persona : null,
      deletedAt: oldFlag(row['isDeleted'], false) ? new Date() : null,
      createdAt: createdAt ?? new Date(),
    },
    remarks: remarks.map((reason) => ({ what: 'changed', reason, key })),
  };
}
