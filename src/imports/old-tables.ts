import type { ForeignDatabase } from '../database/foreign-database.js';
import type { TableShape } from './old-shapes.js';
import { OldTable } from './old-table.js';

const NUMBERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);

/** A table as the server describes it. */
interface Described {
  name: string;
  /** By their names in lower case. */
  columns: Map<string, DescribedColumn>;
}

interface DescribedColumn {
  name: string;
  isKey: boolean;
  isNumber: boolean;
}

/** What was found of a table that is looked for. */
export type FoundTable =
  { table: OldTable } | { problem: 'table_missing' | 'table_ambiguous'; names: string[] };

/** The tables of an old database. */
export class OldTables {
  private constructor(
    private readonly database: ForeignDatabase,
    private readonly tables: Described[],
  ) {}

  static async read(database: ForeignDatabase): Promise<OldTables> {
    const rows = await database.query<Record<string, string>>(
      `SELECT TABLE_NAME AS tableName, COLUMN_NAME AS columnName, DATA_TYPE AS dataType, COLUMN_KEY AS columnKey
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    );
    const tables = new Map<string, Described>();
    for (const { tableName, columnName, dataType, columnKey } of rows) {
      const table = tables.get(tableName!) ?? { name: tableName!, columns: new Map() };
      tables.set(tableName!, table);
      table.columns.set(columnName!.toLowerCase(), {
        ...{ name: columnName!, isKey: columnKey === 'PRI', isNumber: NUMBERS.has(dataType!.toLowerCase()) },
      });
    }
    return new OldTables(database, [...tables.values()]);
  }

  /**
   * The table of a shape: the first of its names that a table has, alone or behind an application's.
   * @param name of the table, where the operator says which it is
   */
  find(shape: TableShape, name?: string): FoundTable {
    if (name !== undefined) {
      const [named] = this.called(shape, (known) => known === name.toLowerCase());
      return named ? { table: this.tableOf(named, shape) } : { problem: 'table_missing', names: [name] };
    }
    for (const wanted of shape.names) {
      const exact = this.called(shape, (known) => known === wanted);
      const found = exact.length > 0 ? exact : this.called(shape, (known) => known.endsWith(`_${wanted}`));
      if (found.length > 1) return { problem: 'table_ambiguous', names: found.map((table) => table.name) };
      if (found[0]) return { table: this.tableOf(found[0], shape) };
    }
    return { problem: 'table_missing', names: [...shape.names] };
  }

  private called(shape: TableShape, isCalled: (name: string) => boolean): Described[] {
    return this.tables.filter((table) => isCalled(table.name.toLowerCase()) && fits(table, shape));
  }

  private tableOf(table: Described, shape: TableShape): OldTable {
    const columns = new Map<string, string>();
    for (const of of Object.keys(shape.columns)) {
      const column = of === 'key' ? keyOf(table, shape) : columnOf(table, shape.columns[of]!);
      if (column) columns.set(of, column.name);
    }
    return new OldTable(this.database, table.name, columns, keyOf(table, shape)!.isNumber);
  }
}

function fits(table: Described, { columns, required }: TableShape): boolean {
  const hasRequired = required.every((of) => columnOf(table, columns[of]!) !== undefined);
  return hasRequired && keyOf(table, { columns }) !== undefined;
}

/** The primary key, where it is of one column; otherwise what is called like one. */
function keyOf(table: Described, { columns }: Pick<TableShape, 'columns'>): DescribedColumn | undefined {
  const keys = [...table.columns.values()].filter(({ isKey }) => isKey);
  return keys.length === 1 ? keys[0] : columnOf(table, columns['key']!);
}

function columnOf(table: Described, names: readonly string[]): DescribedColumn | undefined {
  return names.map((name) => table.columns.get(name)).find((column) => column !== undefined);
}
