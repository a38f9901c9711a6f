import readXlsxFile, { type CellValue } from 'read-excel-file/node';
import type { PassageWriter } from './passage-writer.js';
import { ReadingError, type ReadingResult } from './reading.js';
import { TableText } from './table.text.js';
import { checkZip } from './zip-check.js';

/** A workbook: the values of all of its sheets, as they were calculated last. */
export async function readXlsx(bytes: Buffer, writer: PassageWriter): Promise<Partial<ReadingResult>> {
  await checkZip(bytes);
  const sheets = await readXlsxFile(bytes).catch((error: unknown) => {
    throw new ReadingError('file_unreadable', { cause: error });
  });
  for (const { sheet, data } of sheets) {
    const table = new TableText(writer, sheet);
    for (const row of data) await table.add(row.map(textOf));
    await table.flush();
  }
  return { pages: sheets.length };
}

/** Days without a time are written as days. */
function textOf(cell: CellValue | null): string {
  if (cell === null) return '';
  if (!(cell instanceof Date)) return String(cell);
  return Number.isNaN(cell.getTime())
    ? ''
    : cell
        .toISOString()
        .replace(/T00:00:00\.000Z$|:00\.000Z$|\.000Z$/, '')
        .replace('T', ' ');
}
