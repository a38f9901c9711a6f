import { getMetadataArgsStorage } from 'typeorm';

/** Entities are written in MySQL's column types; these have another name in SQLite. */
const SQLITE_TYPES: Record<string, 'text'> = { longtext: 'text' };

/** Fits the entities' column types to SQLite; to be called after their import, before the data source is made. */
export function useSqliteColumnTypes(): void {
  for (const column of getMetadataArgsStorage().columns) {
    const type = typeof column.options.type === 'string' ? SQLITE_TYPES[column.options.type] : undefined;
    if (type) column.options.type = type;
  }
}
