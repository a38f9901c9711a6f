import { weightOf } from './passage-cutter.js';
import type { PassageWriter } from './passage-writer.js';

/** About as many tokens a passage of rows has. */
const MOST = 350;
/** A first row that is longer does not stand above every passage. */
const MOST_OF_HEADER = 100;

/** Rows of a table, several a passage; the first row stands above each, so that it can be read by itself. */
export class TableText {
  private header: string | null = null;
  private rows: string[] = [];
  private weight = 0;

  constructor(
    private readonly writer: PassageWriter,
    private readonly label: string | null,
  ) {}

  async add(cells: readonly string[]): Promise<void> {
    const row = lineOf(cells);
    if (row === '') return;
    const weight = weightOf(row);
    if (this.weight > 0 && this.weight + weight > MOST) await this.flush();
    if (this.header === null) this.header = weight <= MOST_OF_HEADER ? row : '';
    else if (this.rows.length === 0 && this.header !== '') this.push(this.header);
    this.push(row);
  }

  async flush(): Promise<void> {
    if (this.rows.length > 0) await this.writer.add(this.rows.join('\n'), { label: this.label });
    this.rows = [];
    this.weight = 0;
  }

  private push(row: string): void {
    this.rows.push(row);
    this.weight += weightOf(row);
  }
}

/** Cells of a row on one line; those that are empty at its end are left out. */
function lineOf(cells: readonly string[]): string {
  const texts = cells.map((cell) => cell.replace(/\s+/g, ' ').trim());
  while (texts.at(-1) === '') texts.pop();
  return texts.join(' | ');
}
