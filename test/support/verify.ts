import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { temporaryFolder } from './child.ts';

const ENTRY = resolve(import.meta.dirname, '../../dist/src/main.verify.js');

export interface Verified {
  code: number;
  /** What it printed, a line each; the last one counts. */
  lines: string[];
}

/** Runs `files:verify` with the environment of a process. */
export function verifyFiles(env: Record<string, string>, ...args: string[]): Promise<Verified> {
  return new Promise((done) => {
    const options = { cwd: temporaryFolder('cwd'), env };
    execFile(process.execPath, [ENTRY, ...args], options, (error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.trim().split('\n');
      done({ code: error ? Number(error.code ?? -1) : 0, lines });
    });
  });
}
