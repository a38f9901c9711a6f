import type { ApiContext } from './suite.ts';
import { eventually } from './talk.ts';

const TABLES = {
  sqlite: `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  mariadb: `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name`,
};

/** Every table of the database, the migrations' own as well. */
export async function tableNames(ctx: ApiContext): Promise<string[]> {
  return (await ctx.query<{ name: string }>(TABLES[ctx.dialect])).map(({ name }) => name);
}

/** Rows of these go by themselves, in their own time. */
const PASSING = ['blob_removals'];

async function lastingTables(ctx: ApiContext): Promise<string[]> {
  return (await tableNames(ctx)).filter((name) => !PASSING.includes(name));
}

/**
 * Waits until whatever was said can be searched for; it is done a moment later, by some process. An answer that is being
 * written is not waited for.
 * @param ownerId of this user alone
 */
export async function allIndexed(ctx: ApiContext, ownerId?: number): Promise<void> {
  const one = ownerId === undefined ? '' : ` AND owner_id = ${ownerId}`;
  await eventually(async () => {
    const [row] = await ctx.query(
      `SELECT COUNT(*) AS n FROM conversations WHERE is_indexed = 0${one}
       AND id NOT IN (SELECT running_in FROM messages WHERE running_in IS NOT NULL)`,
    );
    return Number(row.n) === 0;
  }, 20_000);
}

/** How many rows every table has whose rows stay. */
export async function countRows(ctx: ApiContext): Promise<Record<string, number>> {
  await allIndexed(ctx);
  const names = await lastingTables(ctx);
  const selects = names.map((name) => `SELECT '${name}' AS name, COUNT(*) AS n FROM ${name}`);
  const rows = await ctx.query<{ name: string; n: number }>(selects.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ name, n }) => [name, Number(n)]));
}

/** Every row of every table whose rows stay. */
export async function dumpTables(ctx: ApiContext): Promise<Record<string, unknown[]>> {
  await allIndexed(ctx);
  const names = await lastingTables(ctx);
  const dump: Record<string, unknown[]> = {};
  for (const name of names) dump[name] = await ctx.query(`SELECT * FROM ${name} ORDER BY 1`);
  return dump;
}
