import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { execute, insertMissing } from '../database/statements.js';
import { ImportMark, type MarkKind } from './import-mark.entity.js';
import { ImportedAccount } from './imported-account.entity.js';

const KEY_LENGTH = 191;

/** That something of an old database is here. */
export type Mark = Pick<ImportMark, 'newId' | 'ownerId' | 'reached'>;

/** A mark that is to be written. */
export interface NewMark {
  kind: MarkKind;
  /** Its key there. */
  key: string;
  newId: number;
  ownerId: number | null;
  reached?: string | null;
}

/** What of an old database is here. Each mark is written in the transaction that brings what it marks. */
@Injectable()
export class ImportMarks {
  /** Which of these are here, by their keys there. */
  async find(
    manager: EntityManager,
    sourceId: number,
    kind: MarkKind,
    keys: string[],
  ): Promise<Map<string, Mark>> {
    if (keys.length === 0) return new Map();
    const given = new Map(keys.map((key) => [storedKey(key), key]));
    const rows = await manager.findBy(ImportMark, { sourceId, kind, oldKey: In([...given.keys()]) });
    return new Map(rows.map((row) => [given.get(row.oldKey)!, row]));
  }

  async add(manager: EntityManager, sourceId: number, marks: NewMark[]): Promise<void> {
    const rows = marks.map(({ kind, key, newId, ownerId, reached = null }) =>
      Object.assign(new ImportMark(), { sourceId, kind, oldKey: storedKey(key), newId, ownerId, reached }),
    );
    await insertMissing(manager, ImportMark, rows);
  }

  /** How far chats have been brought over, by their keys there. */
  async reach(manager: EntityManager, sourceId: number, reached: Map<string, string>): Promise<void> {
    if (reached.size === 0) return;
    const pairs = [...reached].map(([key, place]) => [storedKey(key), place]);
    const cases = pairs.map(() => 'WHEN ? THEN ?').join(' ');
    const keys = pairs.map(([key]) => key);
    await execute(
      manager,
      `UPDATE import_marks SET reached = CASE old_key ${cases} END
       WHERE source_id = ? AND kind = 'chat' AND old_key IN (${keys.map(() => '?').join(', ')})`,
      [...pairs.flat(), sourceId, ...keys],
    );
  }

  /** Whether one of the accounts of this source became this one. */
  isFrom(manager: EntityManager, sourceId: number, userId: number): Promise<boolean> {
    return manager.existsBy(ImportMark, { sourceId, kind: 'user', newId: userId });
  }

  /** Which of these accounts were brought over once, whatever became of them. */
  async knownAccounts(manager: EntityManager, sourceId: number, keys: string[]): Promise<Set<string>> {
    if (keys.length === 0) return new Set();
    const given = new Map(keys.map((key) => [sha256(key), key]));
    const rows = await manager.findBy(ImportedAccount, { sourceId, keyHash: In([...given.keys()]) });
    return new Set(rows.map(({ keyHash }) => given.get(keyHash)!));
  }

  async addAccount(manager: EntityManager, sourceId: number, key: string): Promise<void> {
    await insertMissing(manager, ImportedAccount, [
      Object.assign(new ImportedAccount(), { sourceId, keyHash: sha256(key) }),
    ]);
  }
}

/** SQLite and MariaDB count characters of the column alike; a key that does not fit is known by its hash. */
function storedKey(key: string): string {
  return [...key].length <= KEY_LENGTH ? key : sha256(key);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
