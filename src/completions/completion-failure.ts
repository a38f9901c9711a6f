import { AppError } from '../common/errors.js';
import type { LlmErrorKind } from '../llm/language-model.js';

/** Why there is no answer, or only a part of one. */
export type CompletionFailure =
  | LlmErrorKind
  /** The model ended without a word. */
  | 'empty'
  /** It did not come to an end within what one answer may have. */
  | 'too_long'
  /** This process ends. */
  | 'shutdown';

/** A completion without an answer, or that broke off. The provider's own message is not carried. */
export class CompletionFailedError extends AppError {
  /** @param retryAfterMs how long the provider wants to be left alone, in milliseconds */
  constructor(
    readonly kind: CompletionFailure,
    retryAfterMs?: number,
  ) {
    super('completion_failed', retryAfterMs === undefined ? {} : { retryAfter: retryAfterMs / 1_000 });
    this.name = 'CompletionFailedError';
  }
}
