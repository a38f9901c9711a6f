import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child, freePort, temporaryFolder, untilReady } from './child.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A real model that knows the sentences of test/support/spoken.ts and no others. */
export const FIXTURE_MODEL = join(ROOT, 'test/fixtures/whisper-fixture-q5_0.bin');
export const FIXTURE_SHA256 = '4e501a0b996e774da7f52910ed1627a41d610f850d7f21a9c25fd5270bcb3613';

/** How long a test may take that is the first to need the program: it is built then. */
export const WHISPER_BUILD_MS = 15 * 60_000;

let built: Promise<string> | undefined;

/** Where `whisper-server` is: in the build cache, where the first test that needs it has it built. */
export function whisperServerBinary(): Promise<string> {
  built ??= promisify(execFile)(join(ROOT, 'scripts/build-whisper')).then(({ stdout }) =>
    stdout.trim().split('\n').at(-1)!,
  );
  return built;
}

/** A `whisper-server` with the fixture model, as somebody else runs it; the caller stops it. */
export async function startWhisperServer(
  options: { port?: number; args?: string[] } = {},
): Promise<{ child: Child; url: string; port: number }> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const args = ['--host', '127.0.0.1', '--port', String(port), '-m', FIXTURE_MODEL, ...(options.args ?? [])];
  const child = new Child(await whisperServerBinary(), args, {
    cwd: temporaryFolder('whisper'),
    env: process.env,
  });
  await untilReady(child, 20_000, async () => {
    const answer = await fetch(`${url}/health`);
    await answer.text();
    if (!answer.ok) throw new Error(`health: ${answer.status}`);
  });
  return { child, url, port };
}

/** The ids of the `whisper-server` processes that descend from a process. */
export function enginePids(of = process.pid): number[] {
  const children = new Map<number, { pid: number; name: string }[]>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, name, state, parent] = /\((.*)\) (\S) (\d+)/s.exec(stat)!;
      if (state === 'Z') continue;
      const siblings = children.get(Number(parent)) ?? [];
      children.set(Number(parent), [...siblings, { pid: Number(entry), name: name! }]);
    } catch {
      // It ended while it was looked at.
    }
  }
  const descend = (pid: number): { pid: number; name: string }[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...descend(child.pid)]);
  return descend(of)
    .filter(({ name }) => name === 'whisper-server')
    .map(({ pid }) => pid);
}
