import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { recent, type SaidBefore } from './completion.window.js';
import { CompletionsService } from './completions.service.js';
import { gathered } from './gathered-text.js';
import { VisitorLimits } from './visitor-limits.js';

/** What somebody asks who has no account. */
export interface VisitorQuestion {
  /** What was said before, oldest first, as his page remembers it; nobody vouches for it. */
  history: readonly SaidBefore[];
  prompt: string;
}

/** What of the history is looked at. */
const HISTORY = { messages: 20, characters: 16_000 };

/** Answers visitors of websites: people without an account, whose questions are paid for by whoever runs this. */
@Injectable()
export class VisitorsService {
  constructor(
    private readonly limits: VisitorLimits,
    private readonly completions: CompletionsService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** Whether an answer can be expected, see `CompletionsService`. */
  get available(): boolean {
    return this.completions.available;
  }

  /**
   * The pieces of an answer; what comes while one is looked at comes as one. Must be read to its end, which comes soon
   * when `signal` aborts.
   * @param address whose limits apply
   * @throws AppError rate_limited, quota_exceeded, completions_busy; CompletionFailedError
   */
  async *answer(
    question: VisitorQuestion,
    address: string,
    signal: AbortSignal,
  ): AsyncGenerator<string, void> {
    const leave = await this.limits.enter(address);
    try {
      const history = recent(question.history, question.prompt, HISTORY);
      const system = this.env.WIDGET_SYSTEM_PROMPT ?? this.env.SYSTEM_PROMPT ?? '';
      const asked = { system, history, prompt: question.prompt, temperature: this.env.TEMPERATURE };
      yield* gathered(this.completions.stream(asked, signal));
    } finally {
      leave();
    }
  }

  /** The whole answer; undefined where `signal` aborted. @throws as `answer` does */
  async wholeAnswer(
    question: VisitorQuestion,
    address: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    let text = '';
    for await (const piece of this.answer(question, address, signal)) text += piece;
    return signal.aborted ? undefined : text;
  }
}
