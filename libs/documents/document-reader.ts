import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { FrameError, type Frame, framesOf } from './frames.js';
import { MAX_CHARACTERS } from './passage-limits.js';
import { offerToTheOomKiller, residentBytes } from './process-memory.js';
import { passagesOf, resultOf } from './reading-messages.js';
import { ReadingError, type ReadingFormat, type ReadingResult, type ReadingSink } from './reading.js';

const LOOK_MS = 50;
/** What of its memory a child may use for JavaScript: the rest is for what stands outside of it. */
const HEAP_SHARE = 0.8;
/** After everything that is urgent. */
const NICENESS = 10;

export interface ReaderOptions {
  /** The program of the child process: it calls `serveReading`. */
  entry: string;
  /** All that it may read of this machine's files: its own program, and the packages. */
  readable: string[];
  /** Milliseconds that the reading of one file may take. */
  timeoutMs: number;
  /** Resident memory that it may take. */
  memoryBytes: number;
}

/**
 * Reads files that may be made to break whoever reads them: each in a child process of its own, with nothing of this
 * one's environment, a bound on memory and time, and no way to files, programs or this process but the one that its
 * findings come by, which is not trusted either. The child never outlives this process, however that ends.
 */
export class DocumentReader {
  constructor(private readonly options: ReaderOptions) {}

  /**
   * Reads the file behind a descriptor, which stays the caller's. What is found goes to the sink as it comes; where
   * this throws, what went there before is worth nothing.
   * @throws ReadingError; the sink's error; the signal's reason
   */
  async read(
    fd: number,
    format: ReadingFormat,
    sink: ReadingSink,
    signal: AbortSignal,
  ): Promise<ReadingResult> {
    signal.throwIfAborted();
    return new Reading(this.options, start(this.options, fd, format), sink, signal).run();
  }
}

function start(
  { entry, readable, memoryBytes }: ReaderOptions,
  fd: number,
  format: ReadingFormat,
): ChildProcess {
  const heapMegabytes = Math.floor((memoryBytes * HEAP_SHARE) / 2 ** 20);
  const rights = ['--permission', ...readable.map((path) => `--allow-fs-read=${path}`), '--allow-worker'];
  // Pictures are read by a library of machine code.
  if (format === 'picture') rights.push('--allow-addons');
  return spawn(
    process.execPath,
    [`--max-old-space-size=${heapMegabytes}`, '--no-warnings', ...rights, entry, format, String(process.pid)],
    { cwd: '/', env: {}, stdio: ['ignore', 'ignore', 'ignore', 'pipe', fd], detached: true },
  );
}

/** One child process and what it says. */
class Reading {
  private failure: Error | undefined;
  private timer: NodeJS.Timeout | undefined;
  private spentMs = 0;
  private lookedAt = performance.now();
  /** While the sink works the child has nothing to do with the time that passes. */
  private isWaiting = false;
  private characters = 0;
  private result: ReadingResult | undefined;
  private readonly exited: Promise<unknown[]>;

  constructor(
    private readonly options: ReaderOptions,
    private readonly child: ChildProcess,
    private readonly sink: ReadingSink,
    private readonly signal: AbortSignal,
  ) {
    this.exited = once(child, 'exit').catch((error: unknown) => {
      this.fail(new ReadingError('extraction_crashed', { cause: error }));
      return [];
    });
  }

  async run(): Promise<ReadingResult> {
    const stop = () => this.fail(this.signal.reason as Error);
    this.signal.addEventListener('abort', stop);
    this.watch();
    try {
      await this.listen();
      if (this.result) this.child.kill('SIGKILL');
      const [code, signal] = await this.exited;
      if (this.failure) throw this.failure;
      if (this.result) return this.result;
      const isMemory = signal === 'SIGABRT' || code === 134;
      throw new ReadingError(isMemory ? 'extraction_memory' : 'extraction_crashed');
    } finally {
      clearInterval(this.timer);
      this.signal.removeEventListener('abort', stop);
      this.child.kill('SIGKILL');
    }
  }

  private watch(): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    offerToTheOomKiller(pid);
    try {
      setPriority(pid, NICENESS);
    } catch {
      // It has ended already.
    }
    this.timer = setInterval(() => this.look(pid), LOOK_MS);
  }

  private look(pid: number): void {
    const now = performance.now();
    if (!this.isWaiting) this.spentMs += now - this.lookedAt;
    this.lookedAt = now;
    if (this.spentMs > this.options.timeoutMs) this.fail(new ReadingError('extraction_timeout'));
    if (residentBytes(pid) > this.options.memoryBytes) this.fail(new ReadingError('extraction_memory'));
  }

  /** Until the child says no more. */
  private async listen(): Promise<void> {
    try {
      for await (const frame of framesOf(this.child.stdio[3] as Readable)) {
        if (this.failure) return;
        await this.take(frame);
        if (this.result || this.failure) return;
      }
    } catch (error) {
      const isStrange = error instanceof FrameError || error instanceof SyntaxError;
      this.fail(isStrange ? new ReadingError('extraction_crashed', { cause: error }) : (error as Error));
    }
  }

  private async take({ type, body }: Frame): Promise<void> {
    if (type === 'end') {
      const end = resultOf(body);
      if (end instanceof ReadingError) this.fail(end);
      else this.result = end;
      return;
    }
    this.isWaiting = true;
    try {
      if (type === 'preview') return await this.sink.preview(body);
      const batch = passagesOf(body);
      for (const { text } of batch) this.characters += text.length;
      if (this.characters > MAX_CHARACTERS) throw new FrameError('that is more than is allowed');
      await this.sink.passages(batch);
    } finally {
      this.lookedAt = performance.now();
      this.isWaiting = false;
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.child.kill('SIGKILL');
  }
}
