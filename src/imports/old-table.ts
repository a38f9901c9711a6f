import type { ForeignDatabase, ForeignRow, ForeignValue } from '../database/foreign-database.js';

/** A place in the order of a table, behind which reading goes on. */
export type OldPlace = ForeignValue[];

/** Sorts rows without a time before all others. */
const NO_TIME = '0000-00-00 00:00:00';

/** A table of an older backend, read by what its columns are to us. */
export class OldTable {
  private readonly order: string[];

  /**
   * @param columns what a column is to us, and what it is called there
   * @param hasNumbers the key is a number that grows with time; otherwise rows are in the order of their times
   */
  constructor(
    private readonly database: ForeignDatabase,
    readonly name: string,
    private readonly columns: ReadonlyMap<string, string>,
    hasNumbers: boolean,
  ) {
    const time = columns.get('createdAt');
    const key = escaped(this.column('key'));
    this.order =
      hasNumbers || !time ? [key] : [`COALESCE(CAST(${escaped(time)} AS CHAR), '${NO_TIME}')`, key];
  }

  /** What a column is called there. @throws Error where the table has none */
  column(of: string): string {
    const name = this.columns.get(of);
    if (name === undefined) throw new Error(`${this.name} has no column for ${of}`);
    return name;
  }

  has(of: string): boolean {
    return this.columns.has(of);
  }

  async count(): Promise<number> {
    const [row] = await this.database.query('SELECT COUNT(*) AS n FROM ??', [this.name]);
    return Number(row?.['n']);
  }

  /**
   * All rows, a page at a time and in their order, each with its `place`.
   * @param of columns to read; those that the table has not are null
   */
  async *pages(of: string[], size: number): AsyncGenerator<ForeignRow[]> {
    for (let after: OldPlace | undefined; ;) {
      const rows = await this.page(of, size, after);
      if (rows.length > 0) yield rows;
      if (rows.length < size) return;
      after = placeOf(rows.at(-1)!);
    }
  }

  /** The rows with these keys, by their keys; in no order. */
  async byKeys(of: string[], keys: ForeignValue[]): Promise<Map<string, ForeignRow>> {
    if (keys.length === 0) return new Map();
    const sql = `SELECT ${this.selected(['key', ...of])} FROM ${escaped(this.name)} WHERE ${escaped(this.column('key'))} IN (?)`;
    const rows = await this.database.query(sql, [keys]);
    return new Map(rows.map((row) => [String(row['key']), row]));
  }

  /** What these columns take together, in bytes, by the rows' keys. */
  async sizes(of: string[], keys: ForeignValue[]): Promise<Map<string, number>> {
    const columns = of.filter((name) => this.has(name)).map((name) => escaped(this.column(name)));
    if (keys.length === 0 || columns.length === 0) return new Map();
    const key = escaped(this.column('key'));
    const sum = columns.map((column) => `COALESCE(OCTET_LENGTH(${column}), 0)`).join(' + ');
    const sql = `SELECT ${key} AS \`key\`, ${sum} AS size FROM ${escaped(this.name)} WHERE ${key} IN (?)`;
    const rows = await this.database.query(sql, [keys]);
    return new Map(rows.map((row) => [String(row['key']), Number(row['size'])]));
  }

  private page(of: string[], size: number, after: OldPlace | undefined): Promise<ForeignRow[]> {
    const places = this.order.map((expression, at) => `${expression} AS \`place${at}\``).join(', ');
    const [condition, values] = this.behind(after);
    const sql =
      `SELECT ${this.selected(['key', ...of])}, ${places} FROM ${escaped(this.name)} ${condition} ` +
      `ORDER BY ${this.order.join(', ')} LIMIT ${size}`;
    return this.database.query(sql, values);
  }

  private behind(after: OldPlace | undefined): [sql: string, values: ForeignValue[]] {
    if (!after) return ['', []];
    const [first, second] = this.order;
    if (second === undefined) return [`WHERE ${first} > ?`, [after[0]!]];
    return [`WHERE ${first} > ? OR (${first} = ? AND ${second} > ?)`, [after[0]!, after[0]!, after[1]!]];
  }

  private selected(of: string[]): string {
    return of
      .map((name) => {
        const column = this.columns.get(name);
        return `${column === undefined ? 'NULL' : escaped(column)} AS \`${name}\``;
      })
      .join(', ');
  }
}

/** Where a row of `pages` stands in the order of its table. */
export function placeOf(row: ForeignRow): OldPlace {
  return row['place1'] === undefined ? [row['place0']!] : [row['place0']!, row['place1']];
}

/** Whether a place is not behind another one of the same table. */
export function isReached(place: OldPlace, reached: OldPlace): boolean {
  for (const [at, value] of place.entries()) {
    const order = compare(value, reached[at] ?? null);
    if (order !== 0) return order < 0;
  }
  return true;
}

function compare(a: ForeignValue, b: ForeignValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** As MySQL quotes names. */
function escaped(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
