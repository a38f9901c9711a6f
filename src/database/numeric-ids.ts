import type { DataSource } from 'typeorm';

/**
 * Ids are numbers everywhere. typeorm hands the generated id of a `bigint` column out as text, and only there: the
 * same row would have the id '7' after its insert and 7 when it is read. For an initialized data source.
 */
export function useNumericIds(dataSource: DataSource): void {
  for (const { generatedColumns } of dataSource.entityMetadatas) {
    for (const column of generatedColumns) {
      column.createValueMap = (value: unknown, useDatabaseName = false) => ({
        [useDatabaseName ? column.databaseName : column.propertyName]: value,
      });
    }
  }
}
