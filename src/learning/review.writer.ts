import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import { Answer } from '../conversations/answer.js';
import type { LanguageModel } from '../llm/language-model.js';
import { LanguageModels } from '../llm/language-models.js';
import { MAX_ANSWER_LENGTH } from '../llm/model-answer.js';
import type { ReviewCost } from './review.runs.js';
import type { ReviewTask } from './review.task.js';

/** What came of asking a model. */
export interface ReviewAnswer {
  /** JSON of what was read; null where it failed. */
  content: string | null;
  /** Why it failed. */
  errorCode: string | null;
  /** It may help to ask again. */
  mayPass: boolean;
  provider: string | null;
  model: string | null;
  cost: ReviewCost;
}

/** A model may think for long; what is not there by then does not come. */
const TIMEOUT_MS = 180_000;

/** Failures that are the same the next time. */
const FINAL = new Set([
  ...['llm_auth', 'llm_quota', 'llm_invalid_request', 'llm_context_length', 'llm_content_filter'],
  'llm_not_found',
]);

/** Asks a model for reviews: the server's own, and not a bot's, since a teacher does not play a part. */
@Injectable()
export class ReviewWriter {
  constructor(private readonly models: LanguageModels) {}

  /** The default one, or the first that can do more than repeat. @throws AppError no_language_model */
  model(): LanguageModel {
    const providers = [this.models.defaultProvider, ...this.models.providers()];
    const provider = providers.find((name) => name !== 'echo');
    if (provider === undefined) throw new AppError('no_language_model');
    return this.models.resolve(provider);
  }

  /** Never throws for what a model does. When `signal` aborts its socket is closed, and the answer is a failure. */
  async ask(task: ReviewTask, signal: AbortSignal): Promise<ReviewAnswer> {
    const { messages, maxOutputTokens } = task;
    const answer = new Answer();
    answer.request = { messages, maxOutputTokens };
    const clock = AbortSignal.timeout(TIMEOUT_MS);
    for await (const event of this.model().stream(answer.request, AbortSignal.any([signal, clock]))) {
      answer.take(event);
      if (answer.text.length > MAX_ANSWER_LENGTH) break;
    }
    const content = contentOf(task, answer);
    const errorCode = content === null ? (answer.error?.code ?? codeOf(answer, clock)) : null;
    const { usageEstimated: estimated, ...tokens } = answer.cost();
    return {
      ...{ content, errorCode, mayPass: errorCode !== null && !FINAL.has(errorCode) },
      ...{ provider: answer.provider, model: answer.model?.slice(0, 100) ?? null },
      cost: answer.provider === null ? undefined : { ...tokens, estimated },
    };
  }
}

/** Null where it cannot be read, or the echo model stood in, which can only repeat. */
function contentOf(task: ReviewTask, { text, done, error, provider, finishReason }: Answer): string | null {
  const isWhole = done || text.length > MAX_ANSWER_LENGTH;
  if (!isWhole || error !== undefined || provider === 'echo') return null;
  const found = task.read(text) ?? (finishReason === 'stop' ? null : task.salvage(text));
  return found === null ? null : JSON.stringify(found);
}

function codeOf({ done, provider }: Answer, clock: AbortSignal): string {
  if (provider === 'echo') return 'llm_unavailable';
  return clock.aborted && !done ? 'llm_timeout' : 'llm_protocol';
}
