import { parse } from 'csv-parse';
import { MAX_CHARACTERS } from './passage-limits.js';
import type { PassageWriter } from './passage-writer.js';
import { TableText } from './table.text.js';

const DELIMITERS = [',', ';', '\t', '|'];
/** What is looked at to find out which of them it is. */
const SAMPLE = 8_192;

/** A table of values, whatever stands between them. What is no such table after all is read as plain text. */
export async function readCsv(text: string, writer: PassageWriter): Promise<void> {
  const table = new TableText(writer, null);
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(text),
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_CHARACTERS,
  });
  parser.end(text);
  let rows = 0;
  try {
    for await (const record of parser) {
      rows += 1;
      await table.add(record as string[]);
    }
  } catch (error) {
    if (rows > 0 || (error as { code?: string }).code?.startsWith('CSV_') !== true) throw error;
    await writer.add(text);
    return;
  }
  await table.flush();
}

/** The one that is there most often, outside of quotes. */
function delimiterOf(text: string): string {
  const counts = new Map(DELIMITERS.map((delimiter) => [delimiter, 0]));
  let isQuoted = false;
  for (const unit of text.slice(0, SAMPLE)) {
    if (unit === '"') isQuoted = !isQuoted;
    else if (!isQuoted && counts.has(unit)) counts.set(unit, counts.get(unit)! + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]![0];
}
