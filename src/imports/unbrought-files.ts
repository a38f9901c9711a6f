import type { ImportRun } from './import-run.js';

const PAGE = 1_000;

/** Tells of files that stay where they are: the old table has their paths, and not their bytes. */
export class UnbroughtFiles {
  async bring(run: ImportRun): Promise<void> {
    const table = run.tables.get('files');
    if (!table) return;
    run.progress.begin('files', await table.count());
    for await (const page of table.pages([], PAGE)) {
      run.report.countsOf('files').read += page.length;
      run.report.add(
        'files',
        page.map(({ key }) => ({ what: 'skipped', reason: 'file_not_in_database', key: String(key) })),
      );
      run.progress.step(page.length);
    }
    run.progress.end();
  }
}
