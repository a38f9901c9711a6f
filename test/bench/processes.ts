import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const MEBIBYTE = 1024 * 1024;

/** Processor time that a process (all its threads) has used, in milliseconds. In steps of a tick, 10 ms mostly. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may have spaces and brackets in it: what follows the last bracket begins with field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

/** Resident memory in MiB. */
export function residentMiB(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kilobytes) * 1024) / MEBIBYTE;
}

/** Processor time of several processes since `begin`. */
export class CpuMeter {
  readonly used: Record<string, number> = {};
  private readonly pids: Record<string, number>;
  private from: Record<string, number> = {};

  constructor(pids: Record<string, number>) {
    this.pids = pids;
  }

  begin(): void {
    this.from = this.read();
  }

  /** Adds what was used since `begin`. */
  end(): void {
    const now = this.read();
    for (const name of Object.keys(now))
      this.used[name] = (this.used[name] ?? 0) + now[name]! - this.from[name]!;
  }

  private read(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.pids).map(([name, pid]) => [name, cpuMs(pid)]));
  }
}

/** Options of a process whose garbage is to be collected from outside. */
export const COLLECTABLE = '--inspect=127.0.0.1:0';

/** Collects the garbage of a process that was started with `COLLECTABLE`: only then is its memory what it needs. */
export class Collector {
  private readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  /** @param output what the process wrote; the inspector's address stands in it */
  static async attach(output: string): Promise<Collector> {
    const url = /Debugger listening on (ws:\S+)/.exec(output)?.[1];
    if (url === undefined) throw new Error(`no inspector in:\n${output}`);
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new Collector(socket);
  }

  /** More than once, because what a finalizer lets go is garbage of the next time only. */
  async collect(): Promise<void> {
    for (let id = 1; id <= 3; id += 1) {
      this.socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
      await once(this.socket, 'message');
      await sleep(100);
    }
  }

  close(): void {
    this.socket.close();
  }
}
