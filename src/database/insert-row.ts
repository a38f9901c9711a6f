import type { EntityManager, ObjectLiteral, ObjectType, QueryDeepPartialEntity } from 'typeorm';

/**
 * Inserts a row whose columns are all named, and returns the id that the database gave it. `manager.insert` would read
 * the row back for the columns that have defaults.
 */
export async function insertRow<T extends ObjectLiteral>(
  manager: EntityManager,
  entity: ObjectType<T>,
  values: QueryDeepPartialEntity<T>,
): Promise<number> {
  const insert = manager.createQueryBuilder().insert().into(entity).values(values).updateEntity(false);
  const raw = (await insert.execute()).raw as number | bigint | { insertId: number };
  return Number(typeof raw === 'object' ? raw.insertId : raw);
}
