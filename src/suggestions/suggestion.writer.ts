import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import type { Answer } from '../conversations/answer.js';
import type { ShownTurn } from '../conversations/aside.prompt.js';
import { AsidesService } from '../conversations/asides.service.js';
import type { PromptSetting } from '../conversations/turn.prompt.js';
import { countTokens } from '../llm/token-counter.js';
import type { SuggestionFailure } from './suggestion.entity.js';
import type { SuggestionEnding } from './suggestion.store.js';
import { readSuggestions, SUGGESTIONS_TASK } from './suggestion.text.js';

/** Models that think need some to think with. */
const MAX_OUTPUT_TOKENS = 1_000;

/** How long a failure stands: a page that asks again at once is not answered by the next one. */
const RETRY_MS = 10_000;

/** Asks a model what the user may ask next. */
@Injectable()
export class SuggestionWriter implements BeforeApplicationShutdown {
  private readonly logger = new Logger('SuggestionWriter');
  private readonly shutdown = new AbortController();

  constructor(
    private readonly asides: AsidesService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Whoever waits for a model gets his answer, and the next process asks anew. */
  beforeApplicationShutdown(): void {
    this.shutdown.abort();
  }

  /** The most that it costs to ask once. */
  tokens(setting: PromptSetting, turn: ShownTurn): number {
    const shown = this.asides.requestAbout(setting, SUGGESTIONS_TASK, turn);
    return shown.reduce((sum, { content }) => sum + countTokens(content), MAX_OUTPUT_TOKENS);
  }

  /** Never throws for what a model does. */
  async ask(setting: PromptSetting, turn: ShownTurn): Promise<SuggestionEnding> {
    const messages = this.asides.requestAbout(setting, SUGGESTIONS_TASK, turn);
    const clock = AbortSignal.timeout(this.env.SUGGESTIONS_TIMEOUT_MS);
    const signal = AbortSignal.any([clock, this.shutdown.signal]);
    const answer = await this.asides.ask(setting, { messages, maxOutputTokens: MAX_OUTPUT_TOKENS }, signal);
    const items = answer.done && !answer.error ? readSuggestions(answer.text, turn.question) : [];
    if (items.length > 0) return { status: 'done', items: JSON.stringify(items), reason: null, dueAt: null };
    const reason = failureOf(answer, clock);
    if (!this.shutdown.signal.aborted) this.logger.warn(`no suggestions: ${answer.error?.code ?? reason}`);
    const dueAt = new Date(Date.now() + (this.shutdown.signal.aborted ? 0 : RETRY_MS));
    return { status: 'failed', items: null, reason, dueAt };
  }
}

function failureOf({ done, error }: Answer, clock: AbortSignal): SuggestionFailure {
  return error?.code === 'llm_timeout' || (clock.aborted && !done) ? 'timeout' : 'model_failed';
}
