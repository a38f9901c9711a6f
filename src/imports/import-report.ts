import type { OldKind } from './old-shapes.js';

/** Old keys that are kept of a reason; beyond, they are counted. */
const KEYS_AT_MOST = 10_000;

/** What became of the rows of a kind. */
export interface KindCounts {
  /** Rows that were looked at. */
  read: number;
  /** Rows that are here now and were not before (with `--dry-run`: would be). */
  imported: number;
  /** Rows that an earlier run has brought. */
  known: number;
  /** Rows that did not come; `notes` say why. */
  skipped: number;
  /** Rows that could not be written. */
  failed: number;
}

/** Why rows did not come, or came otherwise than they were. */
export interface ReportNote {
  kind: OldKind;
  /** `skipped`: it did not come; `changed`: it came, but not as it was; `failed`: it could not be written. */
  what: 'skipped' | 'changed' | 'failed';
  reason: string;
  count: number;
  /** The rows' keys there, at most 10,000 of them; behind some stands what became of them. */
  keys: string[];
}

/** What one row gives to tell. */
export interface Remark {
  what: ReportNote['what'];
  reason: string;
  key: string;
  /** What it became instead. */
  instead?: string | undefined;
}

/** A table that was not found. */
export interface MissingTable {
  kind: OldKind;
  reason: 'table_missing' | 'table_ambiguous';
  names: string[];
}

/** What a run did. */
export class ImportReport {
  readonly tables: Partial<Record<OldKind, string>> = {};
  readonly missing: MissingTable[] = [];
  readonly kinds: Partial<Record<OldKind, KindCounts>> = {};
  /** Why the run ended before its end; undefined where it did not. */
  ended: string | undefined;
  private readonly notes = new Map<string, ReportNote>();

  countsOf(kind: OldKind): KindCounts {
    this.kinds[kind] ??= { read: 0, imported: 0, known: 0, skipped: 0, failed: 0 };
    return this.kinds[kind];
  }

  add(kind: OldKind, remarks: Remark[]): void {
    const counts = this.countsOf(kind);
    for (const { what, reason, key, instead } of remarks) {
      const id = `${kind} ${what} ${reason}`;
      const note = this.notes.get(id) ?? { kind, what, reason, count: 0, keys: [] };
      this.notes.set(id, note);
      note.count += 1;
      if (note.keys.length < KEYS_AT_MOST)
        note.keys.push(instead === undefined ? key : `${key} → ${instead}`);
      if (what !== 'changed') counts[what] += 1;
    }
  }

  /** Everything came that can come, and every table was there. */
  get isComplete(): boolean {
    const isLeft = this.allNotes().some(({ what, reason }) => what === 'failed' || reason === 'turn_running');
    return this.ended === undefined && !isLeft && this.missing.length === 0;
  }

  allNotes(): ReportNote[] {
    return [...this.notes.values()];
  }
}
