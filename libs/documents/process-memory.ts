import { readFileSync, writeFileSync } from 'node:fs';

/** Resident memory of a process in bytes, as Linux says; 0 where it is gone, or the system is another one. */
export function residentBytes(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Where the machine runs out of memory, Linux ends this process first. */
export function offerToTheOomKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // Another system, or it has ended already.
  }
}
