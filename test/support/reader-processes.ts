import { readdirSync, readFileSync } from 'node:fs';

/** The child processes of this one that read files. */
export function readersOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isReaderOf(pid, parent));
}

/** Whether a process is there; one that has ended and that nobody has asked for is not. */
export function isThere(pid: number): boolean {
  return /^State:\s+[^Z]/m.test(ofProcess(pid, 'status'));
}

/** Peak of its resident memory in MiB; 0 where it is gone. */
export function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(ofProcess(pid, 'status'))?.[1] ?? 0) / 1_024;
}

function isReaderOf(pid: number, parent: number): boolean {
  const isChild = new RegExp(`^PPid:\\s+${parent}$`, 'm').test(ofProcess(pid, 'status'));
  return isChild && ofProcess(pid, 'cmdline').includes('main.reader');
}

function ofProcess(pid: number, what: string): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    return '';
  }
}
