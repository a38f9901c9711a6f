import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/talk.ts';
import { GuardedProcess } from './guarded-process.js';

const PATH = process.env.PATH ?? '';
/** Says its id and sleeps, deaf to polite requests. */
const DEAF = ['-c', 'trap "" TERM INT HUP; echo "id $$"; while :; do sleep 1; done'];

const ids: number[] = [];

/** State and parent of a process; undefined where there is none. */
function lookAt(pid: number): { state: string; parent: number } | undefined {
  try {
    const [, state, parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))!;
    return { state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  return (lookAt(pid)?.state ?? 'Z') !== 'Z';
}

afterEach(() => {
  for (const pid of ids.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});

async function startDeaf(): Promise<{ guarded: GuardedProcess; pid: number }> {
  const lines: string[] = [];
  const guarded = new GuardedProcess('sh', DEAF, {
    environment: { PATH },
    onLine: (line) => lines.push(line),
  });
  const line = await eventually(async () => lines.find((one) => one.startsWith('id ')));
  const pid = Number(line.slice(3));
  ids.push(pid);
  return { guarded, pid };
}

describe('GuardedProcess', () => {
  it('runs a program with its arguments as they are, and nothing of the own environment', async () => {
    const lines: string[] = [];
    const args = ['-c', 'echo "$1|$2|${SECRET-none}|$GIVEN"; exit 3', 'sh', 'a b', '$(id);"\'*'];
    process.env.SECRET = 'secret';
    const guarded = new GuardedProcess('sh', args, {
      environment: { PATH, GIVEN: 'given' },
      onLine: (line) => lines.push(line),
    });
    delete process.env.SECRET;
    expect(await guarded.exited).toBe('exit code 3');
    await eventually(async () => lines.length > 0);
    expect(lines).toEqual([`a b|$(id);"'*|none|given`]);
  });

  it('tells a program that is not there', async () => {
    const guarded = new GuardedProcess('/nowhere/program', [], {
      environment: { PATH },
      onLine: () => undefined,
    });
    expect(await guarded.exited).toBe('exit code 127');
  });

  it('tells which signal ended the program', async () => {
    const { guarded, pid } = await startDeaf();
    process.kill(pid, 'SIGKILL');
    expect(await guarded.exited).toBe('signal 9');
  });

  it('ends a program that does not listen to requests', async () => {
    const { guarded, pid } = await startDeaf();
    await guarded.kill();
    expect(isAlive(pid)).toBe(false);
  });

  it('ends the program when its guard is killed', async () => {
    const { guarded, pid } = await startDeaf();
    process.kill(lookAt(pid)!.parent, 'SIGKILL');
    await guarded.exited;
    await eventually(async () => !isAlive(pid));
  });

  it('leaves nothing behind when its own process is killed', async () => {
    const { parent, pid } = await startParent();
    ids.push(pid);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(async () => !isAlive(pid));
  });
});

/** A Node process that guards a deaf program. */
async function startParent(): Promise<{ parent: ChildProcess; pid: number }> {
  const code = `
    import { GuardedProcess } from ${JSON.stringify(join(import.meta.dirname, 'guarded-process.ts'))};
    new GuardedProcess('sh', ${JSON.stringify(DEAF)}, {
      environment: { PATH: process.env.PATH },
      onLine: (line) => console.log(line),
    });`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  parent.stdout.setEncoding('utf8').on('data', (text: string) => (written += text));
  const match = await eventually(async () => /id (\d+)/.exec(written) ?? undefined);
  return { parent, pid: Number(match[1]) };
}
