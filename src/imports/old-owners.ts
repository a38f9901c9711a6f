import { Injectable } from '@nestjs/common';
import type { ForeignRow, ForeignValue } from '../database/foreign-database.js';
import { BatchWriter } from './batch-writer.js';
import type { ImportRun } from './import-run.js';
import type { OldTable } from './old-table.js';
import { oldKey } from './old-values.js';
import { foldedAlias, nameAlias } from './users.importer.js';

/** Whose rows of old tables are. */
@Injectable()
export class OldOwners {
  constructor(private readonly writer: BatchWriter) {}

  /**
   * The accounts that rows name in their column `user`, by the rows' keys. Rows of accounts that are not here are not in
   * the answer.
   */
  async of(run: ImportRun, table: OldTable, rows: ForeignRow[]): Promise<Map<string, number>> {
    const named = await this.byValue(
      run,
      table,
      rows.map((row) => row['user'] ?? null),
    );
    return new Map(
      rows.flatMap((row) => {
        const owner = named.get(oldKey(row['user']) ?? '');
        return owner === undefined ? [] : [[String(row['key']), owner]];
      }),
    );
  }

  /** The accounts that stand in a table's column `user` as these values. */
  async byValue(run: ImportRun, table: OldTable, values: ForeignValue[]): Promise<Map<string, number>> {
    const texts = [...new Set(values.map(oldKey).filter((text) => text !== null))];
    const keysOf = keysFor(run, table);
    const found = await run.find(this.writer.reader, 'user', texts.flatMap(keysOf));
    return new Map(
      texts.flatMap((text) => {
        const mark = keysOf(text)
          .map((key) => found.get(key))
          .find((known) => known !== undefined);
        return mark ? [[text, mark.newId]] : [];
      }),
    );
  }
}

/** What an account is looked for by. A name is no id: an account that is called 7 is not the one with the id 7. */
function keysFor(run: ImportRun, table: OldTable): (text: string) => string[] {
  // Where servers compare without regard to case, a reference may be written otherwise than what it refers to.
  if (isNamed(run.tables.get('users')?.column('key') ?? '')) return (text) => [text, foldedAlias(text)];
  if (isNamed(table.column('user'))) return (text) => [nameAlias(text), foldedAlias(text)];
  return (text) => [text];
}

function isNamed(column: string): boolean {
  return /^(user_?name(_id)?|name|account)$/i.test(column);
}
