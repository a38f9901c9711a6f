import { Attempt, type AttemptLimits } from './attempt.js';
import type { CallOutcome, Circuits } from './circuits.js';
import { LanguageModel, type LlmErrorKind, type LlmEvent, type LlmRequest } from './language-model.js';
import type { LlmErrorEvent } from './provider-errors.js';
import { fits, hasImages } from './request-size.js';

export interface ResilienceOptions extends AttemptLimits {
  /** Further attempts at each model of the chain after the first one. */
  maxRetries: number;
  /** Wait before the first retry; doubled for each further one, and varied by up to a half to either side. */
  backoffMs?: number;
  maxBackoffMs?: number;
  /** A provider that asks for more patience than this is left for the next one in the chain. */
  maxRetryAfterMs?: number;
  /** Tokens that a model takes in one call, answer included; undefined where it is not known. */
  contextTokens?: (model: LanguageModel) => number | undefined;
  /** Whether a model takes pictures; they all do where nothing is said. */
  takesImages?: (model: LanguageModel) => boolean;
}

/** The request is at fault: every other provider would refuse it too, or should not be asked at all. */
const OWN_FAULT: ReadonlySet<LlmErrorKind> = new Set(['invalid_request', 'context_length', 'content_filter']);

/** The provider is at fault, and asking it again at once makes it worse. */
const OUTAGES: ReadonlySet<LlmErrorKind> = new Set(['unavailable', 'network', 'timeout']);

/** Nobody was asked. `retryable`, because the circuit closes again. */
const CIRCUIT_OPEN: LlmErrorEvent = {
  type: 'error',
  kind: 'unavailable',
  retryable: true,
  providerCode: 'circuit_open',
};

/**
 * The one place where model calls are tried again. It wraps a chain of models, the preferred one first, and is a
 * `LanguageModel` itself. Until something of an answer was passed on, a retryable failure leads to another attempt
 * at the same model and then to the next model of the chain; a failure that is final for this provider (key, quota,
 * unknown model) leads there at once; a failure that is the request's own is final. After the first piece every
 * failure is final and passed on as it is: nothing is ever said twice.
 *
 * Models are passed over without a call: one whose circuit is open (it was out of service just now), and one further
 * down the chain whose context is known to be too small for the request, or that does not take its pictures. With nobody left to ask, the failure is
 * `unavailable` with the code `circuit_open`.
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
    private readonly circuits: Circuits,
  ) {
    super();
    this.provider = chain[0].provider;
    this.defaultModel = chain[0].defaultModel;
  }

  override async *stream(request: LlmRequest, signal: AbortSignal): AsyncGenerator<LlmEvent> {
    const begun = await this.begin(request, signal);
    if (begun === undefined) return;
    if (!(begun instanceof Attempt)) return yield begun;
    try {
      yield* begun.head;
      for (let event = await begun.next(); event; event = await begun.next()) yield event;
    } finally {
      begun.close();
    }
  }

  /** The attempt that answers, to be closed by the caller; the failure of all of them; undefined when aborted. */
  private async begin(
    request: LlmRequest,
    signal: AbortSignal,
  ): Promise<Attempt | LlmErrorEvent | undefined> {
    let failure: LlmErrorEvent | undefined;
    for (const model of this.chain) {
      const preferred = model === this.chain[0];
      // A model's name means nothing to another provider.
      const { model: named, ...nameless } = request;
      const own = preferred && named !== undefined ? { ...nameless, model: named } : nameless;
      if (!preferred && !(await this.takes(model, own))) continue;
      const outcome = await this.tryModel(model, own, signal);
      if (outcome === undefined || outcome instanceof Attempt || OWN_FAULT.has(outcome.kind)) return outcome;
      failure ??= outcome;
    }
    return failure;
  }

  /** All attempts at one model: the one that answers, or the last failure; undefined when aborted. */
  private async tryModel(
    model: LanguageModel,
    request: LlmRequest,
    signal: AbortSignal,
  ): Promise<Attempt | LlmErrorEvent | undefined> {
    const circuit = this.circuits.of(model.provider, request.model ?? model.defaultModel);
    let failure = CIRCUIT_OPEN;
    for (let tries = 0; !signal.aborted; tries += 1) {
      const pass = circuit.enter();
      if (!pass) return failure;
      const attempt = new Attempt(model, request, signal, this.options);
      const outcome = await attempt.begin();
      await pass.tell(meaningOf(outcome));
      if (outcome === 'begun') return attempt;
      attempt.close();
      if (outcome === 'aborted') return undefined;
      failure = outcome;
      const wait = this.waitBeforeRetry(failure, tries);
      if (wait === undefined || !circuit.closed) return failure;
      await sleep(wait, signal);
    }
    return undefined;
  }

  /** Whether the model takes pictures where there are any, and the request fits into what is known of its context. */
  private async takes(model: LanguageModel, request: LlmRequest): Promise<boolean> {
    if (hasImages(request) && this.options.takesImages?.(model) === false) return false;
    const limit = this.options.contextTokens?.(model);
    return limit === undefined || fits(request, limit);
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

function meaningOf(outcome: 'begun' | 'aborted' | LlmErrorEvent): CallOutcome {
  if (outcome === 'begun') return 'answered';
  if (outcome === 'aborted') return 'withdrawn';
  return OUTAGES.has(outcome.kind) ? 'outage' : 'refused';
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
