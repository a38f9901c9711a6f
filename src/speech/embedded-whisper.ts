import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Logger } from '@nestjs/common';

interface Options {
  /** The Whisper machine's entry. */
  entry: string;
  /** Its environment, whole. */
  environment: Record<string, string>;
  /** Told where it listens, each time that it has begun to, and null when it does not any more. */
  onAddress: (address: string | null) => void;
}

/** The wait before it is started again; twice as long each time that it ended before it listened. */
const RESTART_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** How long it may take to end; nothing is under way in it by then. */
const END_MS = 3_000;
const REFUSAL = /^Parley cannot start: (.+)$/m;

/**
 * A Whisper machine as a child of this process, on a free port of the local address. It is started again when it ends,
 * and ends by itself when this process is gone, however that went.
 */
export class EmbeddedWhisper {
  private readonly logger = new Logger('Whisper');
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;
  private refusal: string | null = null;

  constructor(private readonly options: Options) {}

  /** Why it does not start; null while that is not known to fail. */
  get reason(): string | null {
    return this.refusal;
  }

  start(): void {
    let errors = '';
    const child = fork(this.options.entry, [], {
      env: this.options.environment,
      // A debugger of this process is not the child's, and Ctrl-C in a terminal is this process's to answer.
      execArgv: [],
      detached: true,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-2_000);
      process.stderr.write(text);
    });
    child.on('message', ({ address }: { address: string }) => {
      this.failures = 0;
      this.refusal = null;
      this.options.onAddress(address);
    });
    child.once('error', (error) => this.logger.error(`the Whisper process: ${error.message}`));
    // Not `exit`: what it wrote last is still to be read then.
    child.once('close', (code, signal) =>
      this.again(REFUSAL.exec(errors)?.[1], signal ?? `exit code ${code}`),
    );
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await ended;
    clearTimeout(timer);
  }

  private again(refusal: string | undefined, how: string): void {
    this.options.onAddress(null);
    if (this.closed) return;
    this.refusal = refusal ?? null;
    const pause = Math.min(RESTART_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
    this.failures += 1;
    this.logger.warn(`the Whisper process ended (${refusal ?? how}) and is started again in ${pause} ms`);
    this.timer = setTimeout(() => this.start(), pause);
  }
}
