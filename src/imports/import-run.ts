import type { EntityManager } from 'typeorm';
import type { MarkKind } from './import-mark.entity.js';
import type { ImportMarks, Mark, NewMark } from './import-marks.js';
import type { ImportOptions } from './import-options.js';
import type { ImportProgress } from './import-progress.js';
import type { ImportReport } from './import-report.js';
import type { OldKind } from './old-shapes.js';
import type { OldTable } from './old-table.js';

/** What all parts of a run share. */
export interface RunParts {
  /** Of the source's row; 0 where a dry run is the first one. */
  sourceId: number;
  options: ImportOptions;
  tables: ReadonlyMap<OldKind, OldTable>;
  report: ImportReport;
  progress: ImportProgress;
}

/** One run of an import. A dry run goes the same way, makes nothing, and remembers what it would have made. */
export class ImportRun {
  readonly sourceId: number;
  readonly options: ImportOptions;
  readonly tables: ReadonlyMap<OldKind, OldTable>;
  readonly report: ImportReport;
  readonly progress: ImportProgress;
  /**
   * Chats that are left for the next run as they are, and why: an answer was being written when something was to be added,
   * or a row could not be written, and what follows it must not pass it.
   */
  readonly heldChats = new Map<string, 'turn_running' | 'behind_failed'>();
  private readonly wouldBe = new Map<string, Mark>();
  private lastId = 0;

  constructor(
    parts: RunParts,
    private readonly marks: ImportMarks,
  ) {
    this.sourceId = parts.sourceId;
    this.options = parts.options;
    this.tables = parts.tables;
    this.report = parts.report;
    this.progress = parts.progress;
  }

  get isDry(): boolean {
    return this.options.dryRun;
  }

  /** Makes a row; in a dry run, nothing. Returns its id. */
  make(row: () => Promise<number>): Promise<number> {
    if (!this.isDry) return row();
    this.lastId -= 1;
    return Promise.resolve(this.lastId);
  }

  /** What of these is here, or would be by now, by their keys there. */
  async find(manager: EntityManager, kind: MarkKind, keys: string[]): Promise<Map<string, Mark>> {
    const different = [...new Set(keys)];
    const found = await this.marks.find(manager, this.sourceId, kind, different);
    for (const key of this.isDry ? different : []) {
      const mark = this.wouldBe.get(`${kind} ${key}`);
      if (mark) found.set(key, mark);
    }
    return found;
  }

  /** Writes marks down; in a dry run, remembers them. */
  async mark(manager: EntityManager, marks: NewMark[]): Promise<void> {
    if (!this.isDry) return this.marks.add(manager, this.sourceId, marks);
    for (const { kind, key, newId, ownerId } of marks)
      this.wouldBe.set(`${kind} ${key}`, { newId, ownerId, reached: null });
  }
}
