import type { EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/**
 * Statements of the way that every turn takes. typeorm's query builder writes each one anew, which costs more processor
 * time than all that the database has to do with it; these are written once, or put together from few pieces. Values
 * go through typeorm's driver as they would otherwise, so that rows are the same in both dialects. Which rows are
 * meant, and whose, the caller's conditions say.
 */

type Entity<T> = new () => T;

/** The columns of an entity as statements need them. */
interface Shape {
  table: string;
  columns: ColumnMetadata[];
  byProperty: Map<string, ColumnMetadata>;
}

const shapes = new WeakMap<EntityMetadata, Shape>();

/** What one statement did. */
interface Done {
  affected: number;
  /** Of the row that it inserted. */
  id: number;
}

/** Runs a statement with `?` in the place of values, in the manager's transaction where there is one. */
export async function execute(manager: EntityManager, sql: string, values: unknown[]): Promise<Done> {
  const runner = manager.queryRunner ?? manager.dataSource.createQueryRunner();
  try {
    const { raw, affected } = await runner.query(sql, values, true);
    const inserted = raw as number | bigint | { insertId?: number } | undefined;
    const id = Number(typeof inserted === 'object' ? inserted.insertId : inserted);
    return { affected: affected ?? 0, id };
  } finally {
    if (runner !== manager.queryRunner) await runner.release();
  }
}

/** Inserts a row whose columns are all named but the id, and returns the id that the database gave it. */
export async function insertRow<T extends object>(
  manager: EntityManager,
  entity: Entity<T>,
  row: T,
): Promise<number> {
  const { table, columns } = shapeOf(manager, entity);
  const given = columns.filter(({ isGenerated }) => !isGenerated);
  const names = given.map(({ databaseName }) => quoted(databaseName)).join(', ');
  const values = given.map((column) => stored(manager, column, (row as ObjectLiteral)[column.propertyName]));
  return (await execute(manager, `INSERT INTO ${table} (${names}) VALUES (${marks(values)})`, values)).id;
}

/** So many rows in a statement: SQLite binds 32,766 values at most, and a statement holds everybody else up. */
const ROWS_AT_ONCE = 500;

/** Inserts rows whose columns are all named; those whose key is there already are left out. */
export async function insertMissing<T extends object>(
  manager: EntityManager,
  entity: Entity<T>,
  rows: T[],
): Promise<void> {
  const { table, columns } = shapeOf(manager, entity);
  const names = columns.map(({ databaseName }) => quoted(databaseName)).join(', ');
  const sqlite = manager.dataSource.options.type === 'better-sqlite3';
  const head = `INSERT ${sqlite ? 'OR IGNORE' : 'IGNORE'} INTO ${table} (${names}) VALUES`;
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const some = rows.slice(from, from + ROWS_AT_ONCE);
    const values = some.flatMap((row) =>
      columns.map((column) => stored(manager, column, (row as ObjectLiteral)[column.propertyName])),
    );
    const tuple = `(${marks(columns)})`;
    await execute(manager, `${head} ${some.map(() => tuple).join(', ')}`, values);
  }
}

/** So much text in a statement: servers take 16 MiB at a time, where nobody has set another limit. */
const CHARACTERS_AT_ONCE = 2_000_000;

/** Inserts rows whose columns are all named but the ids, which the database gives: in few statements, in their order. */
export async function insertRows<T extends object>(
  manager: EntityManager,
  entity: Entity<T>,
  rows: T[],
): Promise<void> {
  const { table, columns } = shapeOf(manager, entity);
  const given = columns.filter(({ isGenerated }) => !isGenerated);
  const names = given.map(({ databaseName }) => quoted(databaseName)).join(', ');
  const tuple = `(${marks(given)})`;
  const tuples = rows.map((row) =>
    given.map((column) => stored(manager, column, (row as ObjectLiteral)[column.propertyName])),
  );
  for (const some of portionsOf(tuples))
    await execute(
      manager,
      `INSERT INTO ${table} (${names}) VALUES ${some.map(() => tuple).join(', ')}`,
      some.flat(),
    );
}

function* portionsOf(tuples: unknown[][]): Generator<unknown[][]> {
  let some: unknown[][] = [];
  let characters = 0;
  for (const tuple of tuples) {
    const length = tuple.reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
      0,
    );
    if (some.length > 0 && (some.length === ROWS_AT_ONCE || characters + length > CHARACTERS_AT_ONCE)) {
      yield some;
      [some, characters] = [[], 0];
    }
    some.push(tuple);
    characters += length;
  }
  if (some.length > 0) yield some;
}

/** So many rows, each with values of its own, in a statement: it looks for each of them one by one. */
const CASES_AT_ONCE = 200;

/** Changes rows by their ids, each to values of its own, which all name the same columns: in few statements. */
export async function updateEach<T extends { id: number }>(
  manager: EntityManager,
  entity: Entity<T>,
  changes: (Pick<T, 'id'> & Partial<T>)[],
): Promise<void> {
  const { table, byProperty } = shapeOf(manager, entity);
  const properties = Object.keys(changes[0] ?? {}).filter((property) => property !== 'id');
  for (let from = 0; from < changes.length; from += CASES_AT_ONCE) {
    const some = changes.slice(from, from + CASES_AT_ONCE);
    const cases = some.map(() => 'WHEN ? THEN ?').join(' ');
    const columns = properties.map((property) => byProperty.get(property)!);
    const set = columns
      .map(({ databaseName }) => `${quoted(databaseName)} = CASE id ${cases} END`)
      .join(', ');
    const values = columns.flatMap((column) =>
      some.flatMap((change) => [
        change.id,
        stored(manager, column, (change as ObjectLiteral)[column.propertyName]),
      ]),
    );
    const ids = some.map(({ id }) => id);
    await execute(manager, `UPDATE ${table} SET ${set} WHERE id IN (${marks(ids)})`, [...values, ...ids]);
  }
}

/** Changes the rows whose columns are equal to `where`, which null never is; returns how many there are. */
export async function updateRows<T extends object>(
  manager: EntityManager,
  entity: Entity<T>,
  where: Partial<T>,
  changes: Partial<T>,
): Promise<number> {
  const { table, byProperty } = shapeOf(manager, entity);
  const values: unknown[] = [];
  const pairs = (of: object) =>
    Object.entries(of).map(([property, value]) => {
      const column = byProperty.get(property)!;
      values.push(stored(manager, column, value));
      return `${quoted(column.databaseName)} = ?`;
    });
  const set = pairs(changes).join(', ');
  const condition = pairs(where).join(' AND ');
  return (await execute(manager, `UPDATE ${table} SET ${set} WHERE ${condition}`, values)).affected;
}

/** Reads rows. @param tail what follows `SELECT … FROM table`, with `?` in the place of `values` */
export async function selectRows<T extends object>(
  manager: EntityManager,
  entity: Entity<T>,
  tail: string,
  values: unknown[],
): Promise<T[]> {
  const { table } = shapeOf(manager, entity);
  const sql = `SELECT ${columnsOf(manager, entity, table)} FROM ${table} ${tail}`;
  const found = await manager.query<ObjectLiteral[]>(sql, values);
  return found.map((row) => rowOf(manager, entity, table, row)!);
}

/** The columns of an entity in a statement that joins several, for `rowOf`. @param alias the table's in the statement */
export function columnsOf<T>(manager: EntityManager, entity: Entity<T>, alias: string): string {
  const { columns } = shapeOf(manager, entity);
  return columns
    .map(({ databaseName: name }) => `${alias}.${quoted(name)} AS ${quoted(`${alias}_${name}`)}`)
    .join(', ');
}

/** The entity in a row that was read by `columnsOf`; null where the join has found none. */
export function rowOf<T extends object>(
  manager: EntityManager,
  entity: Entity<T>,
  alias: string,
  row: ObjectLiteral,
): T | null {
  const { driver } = manager.dataSource;
  const found: ObjectLiteral = new entity();
  for (const column of shapeOf(manager, entity).columns) {
    const value: unknown = row[`${alias}_${column.databaseName}`];
    if (value === null && column.isPrimary) return null;
    found[column.propertyName] = driver.prepareHydratedValue(value, column);
  }
  return found as T;
}

/** A value as it stands in its column: SQLite keeps times as text. */
export function storedAs<T>(
  manager: EntityManager,
  entity: Entity<T>,
  property: keyof T & string,
  value: unknown,
): unknown {
  return stored(manager, shapeOf(manager, entity).byProperty.get(property)!, value);
}

/** As many `?` as there are values. */
export function marks(values: unknown[]): string {
  return values.map(() => '?').join(', ');
}

function stored(manager: EntityManager, column: ColumnMetadata, value: unknown): unknown {
  return manager.dataSource.driver.preparePersistentValue(value, column) as unknown;
}

function shapeOf<T>(manager: EntityManager, entity: Entity<T>): Shape {
  const metadata = manager.dataSource.getMetadata(entity);
  const known = shapes.get(metadata);
  if (known) return known;
  const { tableName: table, columns } = metadata;
  const byProperty = new Map(columns.map((column) => [column.propertyName, column]));
  const shape = { table, columns, byProperty };
  shapes.set(metadata, shape);
  return shape;
}

/** As both dialects quote names. */
function quoted(name: string): string {
  return `\`${name}\``;
}
