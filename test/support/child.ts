import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is alive or on the disk because of this process, and must not outlive it. */
const running = new Set<ChildProcess>();
const folders = new Set<string>();

function cleanUp(): void {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

process.once('exit', cleanUp);
for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    cleanUp();
    process.kill(process.pid, signal);
  });
}

/** A folder that goes when this process ends. */
export function temporaryFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `parley-${purpose}-`));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(folder);
}

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Where a program is; system folders that ordinary accounts have not on their PATH are searched too. */
export function findProgram(name: string, debianPackage: string): string {
  const path = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/usr/local/bin',
  ];
  const found = path.map((folder) => join(folder, name)).find(isExecutable);
  if (!found) throw new Error(`${name} is not installed: apt-get install ${debianPackage}`);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface ChildOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** It reads what `write` gives it; otherwise there is nothing to read. */
  input?: boolean;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process that is ended by its id, never by its name, and never outlives this one. */
export class Child {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;
  private readonly process: ChildProcess;
  private readonly chunks: string[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(command: string, args: string[], options: ChildOptions) {
    const { input = false, ...rest } = options;
    const child = spawn(command, args, { ...rest, stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    this.process = child;
    this.pid = child.pid ?? -1;
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream!.setEncoding('utf8').on('data', (text: string) => {
        this.chunks.push(text);
        this.tell();
      });
    }
    this.exited = new Promise((resolve) => {
      const over = (exit: Exit) => {
        running.delete(child);
        this.exit ??= exit;
        this.tell();
        resolve(this.exit);
      };
      child.once('error', (error) => {
        this.chunks.push(String(error));
        over({ code: -1, signal: null });
      });
      // Not `exit`: what the process wrote last is still to be read then.
      child.once('close', (code, signal) => over({ code, signal }));
    });
  }

  /** Gives it something to read, and no more. */
  write(text: string): void {
    this.process.stdin?.end(text);
  }

  /** Everything written so far, standard output and error together. */
  output(): string {
    return this.chunks.join('');
  }

  /** Waits until the output has a match. Rejects with the output when the process ends or the time is over. */
  async waitFor(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.output());
      if (match) return match;
      if (this.exit)
        throw new Error(`the process ended (${describeExit(this.exit)}) and had written:\n${this.output()}`);
      const left = until - Date.now();
      if (left <= 0)
        throw new Error(`no ${pattern} within ${timeoutMs} ms; the process had written:\n${this.output()}`);
      await this.change(left);
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.exit) this.process.kill(signal);
  }

  /** Asks it to end, and after `graceMs` makes it. */
  async stop(graceMs = 20_000): Promise<Exit> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  private change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.listeners.add(done);
    });
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

export function describeExit({ code, signal }: Exit): string {
  return signal ?? `exit code ${code}`;
}

/** Repeats `attempt` until it does not throw; gives up with its last error when the child ends or the time is over. */
export async function untilReady(
  child: Child,
  timeoutMs: number,
  attempt: () => Promise<void>,
): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (child.exit)
        throw new Error(`the process ended (${describeExit(child.exit)}):\n${child.output()}`, {
          cause: error,
        });
      if (Date.now() > until)
        throw new Error(`not ready within ${timeoutMs} ms:\n${child.output()}`, { cause: error });
      await sleep(20);
    }
  }
}
