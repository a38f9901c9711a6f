import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ForeignRow } from '../database/foreign-database.js';
import { insertRow } from '../database/statements.js';
import { Topic } from '../topics/topic.entity.js';
import type { ImportRun } from './import-run.js';
import type { Planned } from './marked-rows.js';
import { oldText, oldTime } from './old-values.js';
import { OwnedRows } from './owned-rows.js';

const THEME_LENGTH = 200;
/** What these topics are for: speaking, answered in English whatever the learner speaks. */
const PRACTICE = { practice: true, replyLanguage: 'en' };
/** What the old backend called topics that nobody had given a theme: a name and a time, or nothing else than new. */
const LABEL = /^new chat$|:\d{4}-\d\d-\d\d( [\d:]*)?$/;

type OldTopic = Pick<Topic, 'ownerId' | 'theme' | 'instructions' | 'context' | 'createdAt'>;

/** Brings over topics. */
@Injectable()
export class TopicsImporter {
  constructor(private readonly rows: OwnedRows) {}

  bring(run: ImportRun): Promise<void> {
    const columns = ['user', 'theme', 'context', 'instructions', 'createdAt'];
    return this.rows.bring<OldTopic>(run, {
      kind: 'topics',
      mark: 'topic',
      columns,
      planned,
      insert: insertTopic,
    });
  }
}

function insertTopic(manager: EntityManager, topic: OldTopic): Promise<number> {
  const more = { ...PRACTICE, themeIsLabel: LABEL.test(topic.theme), preset: null, updatedAt: new Date() };
  return insertRow(manager, Topic, Object.assign(new Topic(), more, topic));
}

function planned(key: string, ownerId: number, row: ForeignRow, zone: string): Planned<OldTopic> {
  const text = oldText(row['theme']).trim();
  const theme = [...text].slice(0, THEME_LENGTH).join('');
  const remarks = [...(theme === text ? [] : ['theme_too_long']), ...(theme === '' ? ['theme_missing'] : [])];
  return {
    keys: [key],
    values: {
      ...{ ownerId, theme: theme === '' ? `Topic ${key}` : theme },
      ...{ instructions: textOrNull(row, 'instructions'), context: textOrNull(row, 'context') },
      createdAt: oldTime(row['createdAt'], zone) ?? new Date(),
    },
    remarks: remarks.map((reason) => ({ what: 'changed', reason, key })),
  };
}

function textOrNull(row: ForeignRow, column: string): string | null {
  const text = oldText(row[column]);
  return text.trim() === '' ? null : text;
}
