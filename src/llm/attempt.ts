import type { LanguageModel, LlmEvent, LlmRequest } from './language-model.js';
import { LinkedAbort } from './linked-abort.js';
import { protocolError } from './network-errors.js';
import type { LlmErrorEvent } from './provider-errors.js';
import { Watchdog } from './watchdog.js';

export interface AttemptLimits {
  /** Longest wait for the first piece of text or thinking, in milliseconds. */
  firstTokenTimeoutMs: number;
  /** Longest silence after that. There is no limit on the whole. */
  idleTimeoutMs: number;
}

const TIMEOUT: LlmErrorEvent = { type: 'error', kind: 'timeout', retryable: true };

/**
 * One call of a model, under a watchdog. `begin` reads its head: everything up to the first piece, on which hangs
 * whether there will be another attempt. `next` gives what comes after it. Neither ever throws. Must be closed, which
 * ends the call where it has not ended.
 */
export class Attempt {
  /** What `begin` has read, when it says that the answer has begun. */
  readonly head: LlmEvent[] = [];
  private readonly link: LinkedAbort;
  private readonly watchdog: Watchdog;
  private events: AsyncIterator<LlmEvent> | undefined;
  private begun = false;
  private ended = false;

  constructor(
    private readonly model: LanguageModel,
    private readonly request: LlmRequest,
    private readonly signal: AbortSignal,
    private readonly limits: AttemptLimits,
  ) {
    this.link = new LinkedAbort(signal);
    this.watchdog = new Watchdog(limits.firstTokenTimeoutMs, () => this.link.abort());
  }

  /** `begun`, the failure that came instead, or `aborted` where the caller's signal ended it. */
  async begin(): Promise<'begun' | 'aborted' | LlmErrorEvent> {
    for (;;) {
      const event = await this.next();
      if (event === undefined) return 'aborted';
      if (event.type === 'error') return event;
      this.head.push(event);
      if (event.type !== 'usage') break;
    }
    this.head.unshift({
      type: 'start',
      provider: this.model.provider,
      model: this.request.model ?? this.model.defaultModel,
    });
    this.begun = true;
    return 'begun';
  }

  /** The next event after the head; undefined after the last one, and when the caller's signal ended the call. */
  async next(): Promise<LlmEvent | undefined> {
    if (this.ended) return undefined;
    const { firstTokenTimeoutMs, idleTimeoutMs } = this.limits;
    this.watchdog.wait(this.begun ? idleTimeoutMs : firstTokenTimeoutMs);
    let event: LlmEvent | undefined;
    try {
      this.events ??= this.model.stream(this.request, this.link.signal)[Symbol.asyncIterator]();
      const item = await this.events.next();
      if (item.done !== true) event = item.value;
    } catch {
      // Adapters promise not to throw; one that does must not take the turn down with it.
    }
    this.watchdog.rest();
    event ??= this.failure();
    this.ended = event === undefined || event.type === 'done' || event.type === 'error';
    return event;
  }

  close(): void {
    this.watchdog.release();
    this.link.abort();
    this.link.release();
    // Adapters promise not to throw, and nobody waits for the end of one that was told to end.
    Promise.resolve(this.events?.return?.()).catch(() => undefined);
  }

  /** Why nothing more comes, where the adapter does not say it. */
  private failure(): LlmErrorEvent | undefined {
    if (this.signal.aborted) return undefined;
    return this.watchdog.barked ? TIMEOUT : protocolError();
  }
}
