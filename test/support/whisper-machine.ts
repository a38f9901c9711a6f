import { readdirSync, readFileSync } from 'node:fs';
import { type ApiProcess, startApi } from './api-process.ts';
import { freePort } from './child.ts';
import { FIXTURE_MODEL, whisperServerBinary } from './whisper-server.ts';

export interface WhisperMachine extends ApiProcess {
  /** `host:port`. */
  address: string;
  /** What it has counted, by the names of its metrics with their labels. */
  counts(): Promise<Map<string, number>>;
}

/** A built Whisper machine with the fixture model; the caller stops it. */
export async function startWhisperMachine(
  env: Record<string, string | undefined> = {},
): Promise<WhisperMachine> {
  const metricsPort = String(await freePort());
  const standard = {
    NODE_ENV: 'production',
    WHISPER_PORT: '0',
    WHISPER_METRICS_PORT: metricsPort,
    WHISPER_MODEL: FIXTURE_MODEL,
    WHISPER_SERVER_BIN: await whisperServerBinary(),
    // Its threads wait for each other in loops: several on a processor that has other work take seconds for nothing.
    WHISPER_THREADS: '1',
  };
  const machine = await startApi({
    entry: 'dist/src/main.whisper.js',
    ready: /Parley Whisper listens on ([\d.]+:\d+)/,
    env: { ...standard, ...env },
  });
  const counts = async () => {
    const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    const lines = (await answer.text()).split('\n').filter((line) => /^\w/.test(line));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    );
  };
  return Object.assign(machine, { address: machine.url, counts });
}

/** The id of the Whisper machine that a process has started for itself; undefined while there is none. */
export function embeddedPid(of: number): number | undefined {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8'));
      if (parent?.[1] === 'Z' || Number(parent?.[2]) !== of) continue;
      if (readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('main.whisper.js')) return Number(entry);
    } catch {
      // It ended while it was looked at.
    }
  }
  return undefined;
}

/** Whether a process is there, and no mere entry of one that has ended. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
