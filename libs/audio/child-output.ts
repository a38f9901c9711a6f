import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** What became of a program: it is not installed, it failed, or it did not go on in time. */
export type ChildFailure = 'missing' | 'failed' | 'timeout';

/** A program that did not do its work. What it was given, and what it said, is in no message. */
export class ChildError extends Error {
  constructor(
    readonly program: string,
    readonly failure: ChildFailure,
  ) {
    super(`${program}: ${failure}`);
    this.name = 'ChildError';
  }
}

export interface ChildCall {
  /** Looked up on the PATH; started without a shell. */
  program: string;
  args: readonly string[];
  /** What is written to its standard input, no faster than it reads. The signal ends with the call. */
  input: (signal: AbortSignal) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Ends the child at once; the output then throws the signal's reason. */
  signal: AbortSignal;
  /** Milliseconds that the child may keep still while it is not waiting for input. */
  timeoutMs: number;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/**
 * Runs a program once and yields what it writes, as it writes it. The child is gone when the iteration is over,
 * however that ends: to its end, by an error, by the signal, or because nobody reads on.
 * @throws ChildError, whatever the input throws, or the signal's reason
 */
export async function* childOutput(call: ChildCall): AsyncGenerator<Uint8Array> {
  call.signal.throwIfAborted();
  const child: Child = spawn(call.program, call.args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const run = new ChildRun(call, child);
  try {
    yield* run.output();
  } finally {
    run.release();
  }
}

class ChildRun {
  /** Ends with the call, so that an input that waits for somebody else is given up too. */
  private readonly over = new AbortController();
  private readonly closed: Promise<number | null>;
  private failure: Error | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isFed = false;
  /** Called when the child has room for more, or takes no more. */
  private goOn: () => void = () => undefined;
  private readonly onAbort = () => this.fail(this.call.signal.reason as Error);

  constructor(
    private readonly call: ChildCall,
    private readonly child: Child,
  ) {
    this.closed = new Promise((resolve) => {
      child.once('close', resolve);
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.fail(new ChildError(call.program, error.code === 'ENOENT' ? 'missing' : 'failed'));
        resolve(null);
      });
    });
    // A child that ends early closes its input; its exit code says why.
    child.stdin
      .on('error', () => undefined)
      .on('drain', () => this.goOn())
      .on('close', () => this.goOn());
    call.signal.addEventListener('abort', this.onAbort, { once: true });
    this.feed().catch((error: unknown) => this.fail(error as Error));
  }

  async *output(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.child.stdout) {
        this.rest();
        yield chunk as Buffer;
        if (this.isFed) this.wait();
      }
    } catch (error) {
      throw this.failure ?? error;
    }
    const code = await this.closed;
    if (this.failure) throw this.failure;
    if (code !== 0) throw new ChildError(this.call.program, 'failed');
  }

  release(): void {
    this.rest();
    this.call.signal.removeEventListener('abort', this.onAbort);
    this.over.abort(this.failure);
    this.child.kill('SIGKILL');
    this.child.stdout.destroy();
  }

  private async feed(): Promise<void> {
    const { stdin } = this.child;
    for await (const chunk of this.call.input(this.over.signal)) {
      if (stdin.destroyed) return;
      if (stdin.write(chunk)) continue;
      this.wait();
      await new Promise<void>((resolve) => (this.goOn = resolve));
      this.rest();
    }
    stdin.end();
    this.isFed = true;
    this.wait();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.child.kill('SIGKILL');
    this.child.stdout.destroy(this.failure);
  }

  private wait(): void {
    const { program, timeoutMs } = this.call;
    this.timer ??= setTimeout(() => this.fail(new ChildError(program, 'timeout')), timeoutMs);
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
