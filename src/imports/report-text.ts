import type { ImportReport, ReportNote } from './import-report.js';
import { OLD_KINDS } from './old-shapes.js';

/** Keys that are shown of a reason; the file has more. */
const KEYS_SHOWN = 10;

const HEADINGS = ['', 'read', 'imported', 'here already', 'skipped', 'failed'];

/** What a run did, as lines. */
export function reportLines(report: ImportReport): string[] {
  const rows = OLD_KINDS.flatMap((kind) => {
    const counts = report.kinds[kind];
    if (!counts) return [];
    const { read, imported, known, skipped, failed } = counts;
    return [[kind, ...[read, imported, known, skipped, failed].map(String)]];
  });
  return [
    ...inColumns([HEADINGS, ...rows]),
    ...report.missing.map(
      ({ kind, reason, names }) =>
        `${kind}: ${reason === 'table_missing' ? 'no table like' : 'several tables fit'} ${names.join(', ')}; name it with --table ${kind}=`,
    ),
    ...report.allNotes().map(noteLine),
    ...(report.ended === undefined
      ? []
      : [`ended before its end: ${report.ended}; start it again, and it goes on`]),
  ];
}

/** The same for programs. */
export function reportJson(report: ImportReport, more: object): string {
  const { tables, missing, kinds, ended, isComplete } = report;
  const whole = {
    ...more,
    isComplete,
    ended: ended ?? null,
    tables,
    missing,
    kinds,
    notes: report.allNotes(),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function noteLine({ kind, what, reason, count, keys }: ReportNote): string {
  const shown = keys.slice(0, KEYS_SHOWN).join(', ');
  return `${kind}: ${count} ${what}, ${reason}: ${shown}${count > KEYS_SHOWN ? ', …' : ''}`;
}

function inColumns(rows: string[][]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
