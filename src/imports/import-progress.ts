import { Injectable } from '@nestjs/common';
import type { OldKind } from './old-shapes.js';

const WIDTH = 30;
/** A terminal's line is written anew this often, and a plain one. */
const TERMINAL_MS = 100;
const PLAIN_MS = 10_000;

/** Where it is told how far a run is. */
export interface ProgressOutput {
  isTerminal: boolean;
  write(text: string): void;
}

/** Tells how far a run is: as one line that changes, on a terminal; otherwise as a line now and then. */
@Injectable()
export class ImportProgress {
  private kind: OldKind | undefined;
  private total = 0;
  private done = 0;
  private last = 0;
  private from = 0;

  constructor(private readonly output: ProgressOutput) {}

  begin(kind: OldKind, total: number): void {
    [this.kind, this.total, this.done] = [kind, total, 0];
    this.from = Date.now();
    // A terminal shows at once what is worked on; others are told when there is something to tell.
    this.last = this.output.isTerminal ? 0 : this.from;
    this.tell();
  }

  step(rows: number): void {
    this.done += rows;
    this.tell();
  }

  end(): void {
    if (this.kind === undefined) return;
    this.last = 0;
    this.tell();
    if (this.output.isTerminal) this.output.write('\n');
    this.kind = undefined;
  }

  private tell(): void {
    const now = Date.now();
    const { isTerminal } = this.output;
    if (now - this.last < (isTerminal ? TERMINAL_MS : PLAIN_MS)) return;
    this.last = now;
    // Rows that came meanwhile are counted too.
    const share = this.total === 0 ? 1 : Math.min(1, this.done / this.total);
    const perSecond = Math.round((this.done * 1_000) / Math.max(1, now - this.from));
    const filled = Math.round(share * WIDTH);
    const bar = isTerminal ? `[${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}] ` : '';
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    const text = `${this.kind!.padEnd(8)} ${bar}${percent}  ${this.done} of ${this.total} rows, ${perSecond}/s`;
    this.output.write(isTerminal ? `\r\u001b[2K${text}` : `${text}\n`);
  }
}
