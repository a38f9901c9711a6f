import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Runs a program, and ends it when the pipe on its own standard input ends, which is when the process that holds the
 * other end is gone, however it went. The program comes as arguments, never as text of the script. `read` is part of
 * the shell: the guard is two processes that sleep.
 */
const GUARD = `
exec 3<&0 </dev/null
"$@" 3<&- &
program=$!
( read -r _ <&3; kill -9 "$program" ) >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$program"
status=$?
kill -9 "$watch" 2>/dev/null
exit "$status"
`;

/** A program that never outlives this process, not even when that is killed. */
export class GuardedProcess {
  /** How it ended, in words: `exit code 3`, `signal 9`. Never rejects. */
  readonly exited: Promise<string>;
  private readonly guard: ChildProcess;

  /** @param onLine gets each line that the program writes, of both outputs */
  constructor(
    program: string,
    args: readonly string[],
    options: { environment: Record<string, string>; onLine: (line: string) => void },
  ) {
    this.guard = spawn('sh', ['-c', GUARD, 'guard', program, ...args], {
      cwd: '/',
      env: options.environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C in a terminal is this process's to answer.
      detached: true,
    });
    // The pipe is there to break.
    this.guard.stdin?.on('error', () => undefined);
    for (const output of [this.guard.stdout, this.guard.stderr]) {
      const lines = lineReader(options.onLine);
      output?.setEncoding('utf8').on('data', lines);
    }
    this.exited = new Promise((resolve) => {
      this.guard.once('error', (error) => resolve(error.message));
      this.guard.once('exit', (code, signal) => {
        // Where the guard alone was killed, this ends the program.
        this.guard.stdin?.destroy();
        resolve(ending(code, signal));
      });
    });
  }

  /** Ends it at once, and waits until it has ended. */
  async kill(): Promise<void> {
    this.guard.stdin?.destroy();
    await this.exited;
  }
}

/** A shell says 128 and the signal's number of a program that a signal ended. */
function ending(code: number | null, signal: NodeJS.Signals | null): string {
  if (code === null) return `signal ${signal}`;
  return code > 128 ? `signal ${code - 128}` : `exit code ${code}`;
}

function lineReader(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!.slice(-1_000);
    for (const line of lines) if (line.trim().length > 0) onLine(line.trim());
  };
}
