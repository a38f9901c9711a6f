import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { Child, temporaryFolder } from './child.ts';

const ENTRY = resolve(import.meta.dirname, '../../dist/src/main.import.js');

/** What a run did, as its report says; see docs/import.md. */
export interface Imported {
  code: number | null;
  output: string;
  report: ReportJson | undefined;
}

export interface ReportJson {
  isComplete: boolean;
  ended: string | null;
  dryRun: boolean;
  tables: Record<string, string>;
  missing: { kind: string; reason: string; names: string[] }[];
  kinds: Record<string, { read: number; imported: number; known: number; skipped: number; failed: number }>;
  notes: { kind: string; what: string; reason: string; count: number; keys: string[] }[];
}

/** Starts an import as an operator does. It does not outlive this process. */
export function startImport(env: Record<string, string>, ...args: string[]): Child {
  return new Child(process.execPath, [ENTRY, ...args], { cwd: temporaryFolder('cwd'), env, input: true });
}

/** Runs an import with the environment of a process to its end, and reads its report. */
export async function runImport(env: Record<string, string>, ...args: string[]): Promise<Imported> {
  const file = join(temporaryFolder('report'), 'report.json');
  const child = startImport(env, ...args, `--report=${file}`);
  const { code } = await child.exited;
  return { code, output: child.output(), report: readReport(file) };
}

function readReport(file: string): ReportJson | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ReportJson;
  } catch {
    return undefined;
  }
}

/** The old keys of which a report says this. */
export function keysOf({ report }: Imported, kind: string, reason: string): string[] {
  return report?.notes.find((note) => note.kind === kind && note.reason === reason)?.keys ?? [];
}

/** That a run has brought all that could come; where not, what it said is shown. */
export function expectDone({ code, output }: Imported): void {
  expect([code, code === 0 ? '' : output]).toEqual([0, '']);
}
