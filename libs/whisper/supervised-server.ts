import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { basename, resolve as absolute } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { checkBinary, checkModel } from './engine-files.js';
import { statusOf } from './exchange.js';
import { GuardedProcess } from './guarded-process.js';
import { NAME_LENGTH, type WhisperServerPlace } from './whisper-server-place.js';

export interface SupervisedServerOptions {
  /** Where `whisper-server` is. */
  binary: string;
  /** A model in ggml format. */
  model: string;
  /** What the model's sha256 must be; not checked without it. */
  sha256?: string;
  /** The number of the one GPU that it sees, or `cpu` for none. Without it whisper.cpp takes the first GPU that it was built for. */
  device?: number | 'cpu';
  /** How many processor threads it uses; whisper.cpp takes up to 4 by itself. */
  threads?: number;
  /** All that the child's environment has beside its device; see `engineEnvironment`. */
  environment?: Record<string, string>;
}

const POLL_MS = 20;
/** A large model comes from a slow disk once. */
const LOAD_MS = 10 * 60_000;
const WATCH_MS = 5_000;
const WATCH_TIMEOUT_MS = 10_000;
/** So many questions about its health without an answer, and it hangs. */
const MISSES = 3;
/** The wait before a child that had been ready is started again; one that never was waits longer each time. */
const RESTART_MS = 50;
const LONGEST_PAUSE_MS = 30_000;

/**
 * A `whisper-server` as a child of this process. It is ready when its model is loaded, is started again when it ends or
 * hangs, and never outlives this process. It listens on the local address alone, under a path that nobody can guess, so
 * that no page in a browser on the machine can talk to it, and another program on its port is not taken for it.
 */
export class SupervisedServer implements WhisperServerPlace {
  readonly name: string;
  private readonly logger = new Logger('WhisperServer');
  private readonly closing = new AbortController();
  private running: Promise<void> | undefined;
  private child: GuardedProcess | undefined;
  private url: URL | null = null;

  constructor(private readonly options: SupervisedServerOptions) {
    this.name = `whisper.cpp ${basename(options.model, '.bin')}`.slice(0, NAME_LENGTH);
  }

  async start(): Promise<void> {
    await checkBinary(this.options.binary);
    await checkModel(this.options.model, this.options.sha256);
    this.running ??= this.supervise();
  }

  address(): URL | null {
    return this.url;
  }

  /** A server that works for nobody is ended: it cannot be told to stop in the middle of a step. */
  async doubt(trouble: 'broken' | 'stuck'): Promise<void> {
    if (trouble === 'broken') return;
    this.url = null;
    await this.child?.kill();
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.url = null;
    await this.child?.kill();
    await this.running;
  }

  private async supervise(): Promise<void> {
    for (let failures = 0; !this.closing.signal.aborted;) {
      failures = (await this.live()) ? 0 : failures + 1;
      const pause = failures === 0 ? RESTART_MS : Math.min(500 * 2 ** (failures - 1), LONGEST_PAUSE_MS);
      await sleep(pause, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
  }

  /** One child, from its start to its end. Returns whether it was ever ready. */
  private async live(): Promise<boolean> {
    const started = performance.now();
    const port = await freePort();
    if (this.closing.signal.aborted) return false;
    const url = new URL(`http://127.0.0.1:${port}/${randomUUID()}/`);
    const ended = new AbortController();
    let lastLine = '';
    const child = new GuardedProcess(absolute(this.options.binary), this.arguments(url), {
      environment: this.environment(),
      onLine: (line) => this.logger.debug((lastLine = line)),
    });
    this.child = child;
    void child.exited.then(() => ended.abort());
    const isReady = await untilHealthy(url, ended.signal);
    if (isReady && !this.closing.signal.aborted) {
      this.url = url;
      this.logger.log(`${this.name} is ready after ${Math.round(performance.now() - started)} ms`);
      await watch(url, ended.signal);
    }
    this.url = null;
    await child.kill();
    if (!this.closing.signal.aborted) this.tell(isReady, await child.exited, lastLine);
    return isReady;
  }

  /** Before it was ready it had heard nothing: then its last line can be told. */
  private tell(wasReady: boolean, how: string, lastLine: string): void {
    if (wasReady) this.logger.warn(`${this.name} ended (${how}) and is started again`);
    else this.logger.error(`${this.name} did not start (${how}): ${lastLine}`);
  }

  private arguments(url: URL): string[] {
    const { model, device, threads } = this.options;
    return [
      ...['--host', url.hostname, '--port', url.port, '--request-path', url.pathname.replace(/\/$/, '')],
      ...['-m', absolute(model)],
      ...(threads === undefined ? [] : ['-t', String(threads)]),
      ...(device === 'cpu' ? ['-ng'] : []),
    ];
  }

  private environment(): Record<string, string> {
    const { device, environment = {} } = this.options;
    if (typeof device !== 'number') return environment;
    const only = String(device);
    // Numbered as nvidia-smi numbers them.
    return {
      ...environment,
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: only,
      GGML_VK_VISIBLE_DEVICES: only,
    };
  }
}

/** Resolves with whether it got ready before it ended, and before a time is over that no model takes to load. */
async function untilHealthy(url: URL, ended: AbortSignal): Promise<boolean> {
  const health = new URL('health', url);
  for (const until = performance.now() + LOAD_MS; performance.now() < until && !ended.aborted;) {
    if ((await statusOf(health, { timeoutMs: WATCH_TIMEOUT_MS })) === 200) return !ended.aborted;
    await sleep(POLL_MS, undefined, { signal: ended }).catch(() => undefined);
  }
  return false;
}

/** Resolves when it has ended, or answers no more. */
async function watch(url: URL, ended: AbortSignal): Promise<void> {
  const health = new URL('health', url);
  for (let misses = 0; misses < MISSES && !ended.aborted;) {
    await sleep(WATCH_MS, undefined, { signal: ended }).catch(() => undefined);
    if (ended.aborted) return;
    misses = (await statusOf(health, { timeoutMs: WATCH_TIMEOUT_MS })) === 200 ? 0 : misses + 1;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const WANTED = /^(PATH|HOME|TMPDIR|LANG|LD_LIBRARY_PATH|(CUDA|NVIDIA|GGML|VK|HIP|ROCR|OMP)_.*)$/;

/** What of an environment an engine needs: where its libraries are and what it may use; no keys, no passwords. */
export function engineEnvironment(all: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const wanted = Object.entries(all).filter(([name, value]) => WANTED.test(name) && value !== undefined);
  return Object.fromEntries(wanted) as Record<string, string>;
}
