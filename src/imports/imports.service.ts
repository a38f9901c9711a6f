import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { ForeignDatabase } from '../database/foreign-database.js';
import { ImportLease } from './import-lease.js';
import { ImportMarks } from './import-marks.js';
import type { ImportOptions } from './import-options.js';
import type { ImportProgress } from './import-progress.js';
import { ImportReport } from './import-report.js';
import { ImportRun } from './import-run.js';
import { ImportSource } from './import-source.entity.js';
import { Importers } from './importers.js';
import { OLD_KINDS, OLD_SHAPES, type OldKind } from './old-shapes.js';
import type { OldTable } from './old-table.js';
import { OldTables } from './old-tables.js';

/** Not every installation has them. */
const OPTIONAL: readonly OldKind[] = ['files'];

/**
 * Brings the data of older backends over. A run may end at any point, and another one goes on: what is brought and the
 * mark of it are one transaction, so that nothing is doubled, and nothing left out.
 */
@Injectable()
export class ImportsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly lease: ImportLease,
    private readonly marks: ImportMarks,
    private readonly importers: Importers,
  ) {}

  /**
   * Does a run. What is wrong with the old data stands in the report, and so does what ended the run before its end.
   * @throws ImportRunningError; what the driver throws where the old database cannot be reached
   */
  async run(options: ImportOptions, progress: ImportProgress): Promise<ImportReport> {
    const report = new ImportReport();
    const database = await ForeignDatabase.open(options.url);
    try {
      const tables = await this.tablesOf(database, options, report);
      const name = options.source ?? database.name;
      const sourceId = options.dryRun ? await this.knownSource(options, name) : undefined;
      const source = sourceId === undefined ? await this.lease.take(options.surface, name) : { id: sourceId };
      const run = new ImportRun({ sourceId: source.id, options, tables, report, progress }, this.marks);
      await this.bringAll(run);
    } finally {
      await database.close().catch(() => undefined);
    }
    return report;
  }

  private async bringAll(run: ImportRun): Promise<void> {
    const { report } = run;
    try {
      for (const kind of OLD_KINDS) await this.importers.byKind[kind].bring(run);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      report.ended = code === undefined ? message : `${code}`;
    } finally {
      run.progress.end();
      // Where the database is away the lease runs out by itself.
      if (!run.isDry)
        await this.lease.release(run.sourceId, report.ended === undefined).catch(() => undefined);
    }
  }

  private async tablesOf(
    database: ForeignDatabase,
    { surface, tables: named }: ImportOptions,
    report: ImportReport,
  ): Promise<Map<OldKind, OldTable>> {
    const all = await OldTables.read(database);
    const tables = new Map<OldKind, OldTable>();
    for (const kind of OLD_KINDS) {
      const shape = OLD_SHAPES[surface][kind];
      if (!shape) continue;
      const found = all.find(shape, named[kind]);
      if ('table' in found) {
        tables.set(kind, found.table);
        report.tables[kind] = found.table.name;
      } else if (!OPTIONAL.includes(kind) || named[kind] !== undefined) {
        report.missing.push({ kind, reason: found.problem, names: found.names });
      }
    }
    return tables;
  }

  /** A dry run writes nothing, no source either. */
  private async knownSource({ surface }: ImportOptions, name: string): Promise<number> {
    const known = await this.dataSource.getRepository(ImportSource).findOneBy({ surface, name });
    return known?.id ?? 0;
  }
}
