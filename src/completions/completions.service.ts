import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
} from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENV, type Env } from '../config/env.js';
import { answerTokensOf } from '../llm/context-size.js';
import type { LlmEvent, LlmRequest } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { CompletionFailedError, type CompletionFailure } from './completion-failure.js';
import { type SaidBefore, windowOf } from './completion.window.js';

/** What a completion is made of: all of it comes with the request. */
export interface CompletionRequest {
  /** Goes before everything; may be empty. */
  system: string;
  /** Oldest first; as much of its newest part as fits is shown to the model. */
  history: readonly SaidBefore[];
  /** Not in `history` as well. */
  prompt: string;
  /** 0 to 2; the provider's own where it is absent. */
  temperature?: number | undefined;
}

/** Longest answer in characters: nobody reads more, and a model that repeats itself has to end somewhere. */
const MAX_LENGTH = 100_000;
/** Longest time that one answer may take, in milliseconds. */
const MAX_MS = 600_000;
/** For how long one failure speaks for what will become of the next call, in milliseconds. */
const OUTAGE_MS = 30_000;

/** Failures that say that nobody gets an answer just now, whatever he asks. */
const OUTAGES: ReadonlySet<CompletionFailure> = new Set([
  ...(['auth', 'quota', 'not_found', 'unavailable', 'network', 'timeout', 'protocol'] as const),
]);

/** Answers that belong to no conversation: nothing is stored. Who may ask, and how often, is the caller's to say. */
@Injectable()
export class CompletionsService implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger('Completions');
  private readonly shutdown = new AbortController();
  private running = 0;
  private failedUntil = 0;
  private graceEnds = 0;

  constructor(
    private readonly models: LanguageModels,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Whether an answer can be expected: somebody is there to be asked, and the last completion did not find everybody
   * out of service within the last half minute. Nobody is asked for it.
   */
  get available(): boolean {
    return performance.now() >= this.failedUntil && this.models.hasSomebody();
  }

  /**
   * The pieces of an answer of the default provider, or of one that it falls back on. Ends without an error when
   * `signal` aborts, which closes the provider's socket at once.
   * @throws CompletionFailedError also behind the first pieces
   */
  async *stream(asked: CompletionRequest, signal: AbortSignal): AsyncGenerator<string, void> {
    const clock = AbortSignal.timeout(MAX_MS);
    const request = await this.requestOf(asked);
    let length = 0;
    this.running += 1;
    try {
      const until = AbortSignal.any([signal, clock, this.shutdown.signal]);
      for await (const event of this.models.resolve().stream(request, until)) {
        const text = this.textOf(event, length);
        length += text.length;
        if (text !== '') yield text;
        if (length > MAX_LENGTH) throw this.failure('too_long');
      }
    } finally {
      this.running -= 1;
    }
    if (signal.aborted) return;
    if (this.shutdown.signal.aborted) throw this.failure('shutdown');
    if (clock.aborted) throw this.failure('too_long');
    if (length === 0) throw this.failure('empty');
  }

  /** The time that answers get to end is the one that turns get: it begins here, before anybody waits for either. */
  onModuleDestroy(): void {
    this.graceEnds = performance.now() + this.env.SHUTDOWN_GRACE_MS;
  }

  async beforeApplicationShutdown(): Promise<void> {
    while (this.running > 0 && performance.now() < this.graceEnds) await sleep(50);
    this.shutdown.abort();
  }

  private async requestOf({ temperature, ...said }: CompletionRequest): Promise<LlmRequest> {
    const context = this.models.contextTokens();
    const maxOutputTokens = this.env.LLM_MAX_OUTPUT_TOKENS;
    const budget = context - answerTokensOf(context, maxOutputTokens);
    return {
      messages: await windowOf(said, budget),
      ...(temperature !== undefined && { temperature }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    };
  }

  /** @param length characters that were said before */
  private textOf(event: LlmEvent, length: number): string {
    if (event.type === 'error') {
      if (length === 0 && OUTAGES.has(event.kind)) this.failedUntil = performance.now() + OUTAGE_MS;
      throw this.failure(event.kind, event);
    }
    if (event.type === 'done' && event.reason === 'content_filter' && length === 0)
      throw this.failure('content_filter');
    if (event.type !== 'delta') return '';
    this.failedUntil = 0;
    return event.text;
  }

  private failure(
    kind: CompletionFailure,
    { providerCode, retryAfterMs }: { providerCode?: string; retryAfterMs?: number } = {},
  ): CompletionFailedError {
    this.logger.warn(`no whole answer: ${kind}${providerCode === undefined ? '' : ` (${providerCode})`}`);
    return new CompletionFailedError(kind, retryAfterMs);
  }
}
