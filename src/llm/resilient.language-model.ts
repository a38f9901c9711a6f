import { LanguageModel, type LlmErrorKind, type LlmEvent, type LlmRequest } from './language-model.js';
import { LinkedAbort } from './linked-abort.js';
import { protocolError } from './network-errors.js';
import type { LlmErrorEvent } from './provider-errors.js';
import { Watchdog } from './watchdog.js';

export interface ResilienceOptions {
  /** Longest wait of one attempt for its first piece of text or thinking. */
  firstTokenTimeoutMs: number;
  /** Longest silence after that. There is no limit on the whole. */
  idleTimeoutMs: number;
  /** Further attempts at each model of the chain after the first one. */
  maxRetries: number;
  /** Wait before the first retry; doubled for each further one, and varied by up to a half to either side. */
  backoffMs?: number;
  maxBackoffMs?: number;
  /** A provider that asks for more patience than this is left for the next one in the chain. */
  maxRetryAfterMs?: number;
}

/** The request is at fault: every other provider would refuse it too, or should not be asked at all. */
const OWN_FAULT: ReadonlySet<LlmErrorKind> = new Set(['invalid_request', 'context_length', 'content_filter']);

const TIMEOUT: LlmErrorEvent = { type: 'error', kind: 'timeout', retryable: true };

/**
 * The one place where model calls are tried again. It wraps a chain of models, the preferred one first, and is a
 * `LanguageModel` itself. Until something of an answer was passed on, a retryable failure leads to another attempt
 * at the same model and then to the next model of the chain; a failure that is final for this provider (key, quota,
 * unknown model) leads there at once; a failure that is the request's own is final. After the first piece every
 * failure is final and passed on as it is: nothing is ever said twice.
 *
 * An attempt that is silent for too long is aborted, which closes its socket, and counts as a failure of kind
 * `timeout`. When every attempt has failed, the preferred model's last failure is passed on. A `start` event comes
 * before everything else that is passed on of an answer.
 */
export class ResilientLanguageModel extends LanguageModel {
  readonly provider: string;
  readonly defaultModel: string;

  constructor(
    private readonly chain: readonly [LanguageModel, ...LanguageModel[]],
    private readonly options: ResilienceOptions,
  ) {
    super();
    this.provider = chain[0].provider;
    this.defaultModel = chain[0].defaultModel;
  }

  override async *stream(request: LlmRequest, signal: AbortSignal): AsyncGenerator<LlmEvent> {
    let failure: LlmErrorEvent | undefined;
    for (const model of this.chain) {
      // A model's name means nothing to another provider.
      const { model: named, ...nameless } = request;
      const own = model === this.chain[0] && named !== undefined ? { ...nameless, model: named } : nameless;
      const outcome = yield* this.tryModel(model, own, signal);
      if (outcome === 'over') return;
      failure ??= outcome;
      if (OWN_FAULT.has(outcome.kind)) {
        failure = outcome;
        break;
      }
    }
    if (failure) yield failure;
  }

  /** All attempts at one model; its last failure, unless the call is over (answered, failed for good, or aborted). */
  private async *tryModel(
    model: LanguageModel,
    request: LlmRequest,
    signal: AbortSignal,
  ): AsyncGenerator<LlmEvent, 'over' | LlmErrorEvent> {
    for (let attempt = 0; ; attempt += 1) {
      if (signal.aborted) return 'over';
      const outcome = yield* this.attempt(model, request, signal);
      if (outcome === 'over') return 'over';
      const wait = this.waitBeforeRetry(outcome, attempt);
      if (wait === undefined) return outcome;
      await sleep(wait, signal);
    }
  }

  /** One upstream call. A failure is returned as long as nothing was passed on, and passed on after that. */
  private async *attempt(
    model: LanguageModel,
    request: LlmRequest,
    signal: AbortSignal,
  ): AsyncGenerator<LlmEvent, 'over' | LlmErrorEvent> {
    const link = new LinkedAbort(signal);
    const watchdog = new Watchdog(this.options.firstTokenTimeoutMs, () => link.abort());
    const early: LlmEvent[] = [];
    let started = false;
    let failure: LlmErrorEvent | undefined;
    try {
      for await (const event of watchdog.watch(model.stream(request, link.signal))) {
        if (event.type === 'error') {
          failure = event;
          break;
        }
        if (!started && event.type === 'usage') {
          early.push(event);
          continue;
        }
        if (!started) yield* [startOf(model, request), ...early];
        started = true;
        watchdog.limit = this.options.idleTimeoutMs;
        yield event;
        if (event.type === 'done') return 'over';
      }
    } catch {
      // Adapters promise not to throw; one that does must not take the turn down with it.
    } finally {
      link.abort();
      link.release();
    }
    if (signal.aborted) return 'over';
    failure ??= watchdog.barked ? TIMEOUT : protocolError();
    if (!started) return failure;
    yield failure;
    return 'over';
  }

  /** Undefined: this model is not worth another attempt. */
  private waitBeforeRetry({ retryable, retryAfterMs }: LlmErrorEvent, attempt: number): number | undefined {
    const { maxRetries, backoffMs = 500, maxBackoffMs = 8_000, maxRetryAfterMs = 10_000 } = this.options;
    if (!retryable || attempt >= maxRetries) return undefined;
    if (retryAfterMs !== undefined && retryAfterMs > maxRetryAfterMs) return undefined;
    const backoff = Math.min(backoffMs * 2 ** attempt, maxBackoffMs) * (0.5 + Math.random());
    return Math.max(backoff, retryAfterMs ?? 0);
  }
}

function startOf(model: LanguageModel, request: LlmRequest): LlmEvent {
  return { type: 'start', provider: model.provider, model: request.model ?? model.defaultModel };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
