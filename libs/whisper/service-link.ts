import { ServiceClient } from './service-client.js';
import type { ServiceState } from './transcriber.js';
import type { WhisperAddress } from './whisper-address.js';
import type { StatusMessage } from './whisper-contract.js';
import { EngineError, type WhisperPiece, type WhisperResult } from './whisper-engine.js';

export interface LinkOptions {
  token?: string | undefined;
  /** Longest time of one piece, its wait for a place included. */
  deadlineMs: number;
  /** How often a machine is asked how it is; five times as often while it is not ready. */
  pollMs: number;
  /** A machine that leaves that without answer for so long is taken for gone, with what it works on. */
  silenceMs: number;
}

/** One machine: how it is, asked for again and again, and the pieces that were sent there from here. */
export class ServiceLink {
  private readonly client: ServiceClient;
  /** What ends a piece when its machine is taken for gone. */
  private readonly calls = new Set<AbortController>();
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<void> | undefined;
  private last: StatusMessage | undefined;
  /** Of the pieces that it told of last, those that were not sent from here. */
  private foreign = 0;
  private closed = false;
  private problem: string | null = null;

  constructor(
    readonly address: WhisperAddress,
    private readonly options: LinkOptions,
  ) {
    this.client = new ServiceClient(address, options.token);
    void this.poll();
  }

  get ready(): boolean {
    return this.last?.ready ?? false;
  }

  /** Whether it answers, ready or not; undefined before it was asked for the first time. */
  get answers(): boolean | undefined {
    return this.last ? true : this.problem === null ? undefined : false;
  }

  /** Why it does not answer. */
  get reason(): string | null {
    return this.problem;
  }

  /** How full it is: 1 when all places are taken. */
  get load(): number {
    return this.busy() / Math.max(1, this.last?.slots ?? 1);
  }

  state(): ServiceState {
    const { ready = false, engine, slots = 0 } = this.last ?? {};
    return { address: this.address.target, ready, engine: engine || null, busy: this.busy(), slots };
  }

  /** Asks now, or waits for the answer that is on its way. */
  ask(): Promise<void> {
    this.asking ??= this.look().finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** @throws EngineError, or the signal's reason */
  async transcribe(piece: WhisperPiece, signal: AbortSignal): Promise<WhisperResult & { engine: string }> {
    signal.throwIfAborted();
    const call = new AbortController();
    const abort = () => call.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.calls.add(call);
    try {
      return await this.client.transcribe(piece, call.signal, this.options.deadlineMs);
    } catch (error) {
      if (error instanceof EngineError && error.code === 'engine_unavailable') this.doubt();
      throw error;
    } finally {
      this.calls.delete(call);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Sends no more there; what is there may end. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.client.close();
  }

  private busy(): number {
    return this.foreign + this.calls.size;
  }

  private async poll(): Promise<void> {
    await this.ask();
    if (this.closed) return;
    const pause = this.ready ? this.options.pollMs : this.options.pollMs / 5;
    this.timer = setTimeout(() => void this.poll(), pause).unref();
  }

  private async look(): Promise<void> {
    const own = this.calls.size;
    try {
      const status = await this.client.status(this.options.silenceMs);
      this.last = status;
      this.problem = null;
      this.foreign = Math.max(0, status.busy + status.queued - Math.min(own, this.calls.size));
    } catch (error) {
      if (!this.closed) this.lose((error as Error).message);
    }
  }

  /** It said that it could not: nothing more goes there before it has been asked again. */
  private doubt(): void {
    if (this.last) this.last = { ...this.last, ready: false };
    if (!this.closed) void this.ask();
  }

  /** A machine that has nothing to say has nothing to finish either. */
  private lose(reason: string): void {
    this.last = undefined;
    this.foreign = 0;
    this.problem = reason;
    const lost = new EngineError('engine_unavailable', reason);
    for (const call of this.calls) call.abort(lost);
  }
}
