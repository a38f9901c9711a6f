/** A picture as the model is shown it. */
export interface LlmImage {
  mediaType: string;
  data: Buffer;
  /** What it takes of the model's context, by `imageTokens`. */
  tokens: number;
}

/** One message of the conversation as the model sees it. */
export interface LlmMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
  /** Of a user's message, before its text; only models that see are given any. */
  images?: LlmImage[];
}

/** What one answer is asked for. */
export interface LlmRequest {
  /** System text first (if any), then turns oldest first; the last one is the user's current prompt, once. */
  messages: LlmMessage[];
  /** Model name as the provider knows it; the adapter's configured model when absent. */
  model?: string;
  /** 0 to 2; the provider's own default when absent. */
  temperature?: number;
  /** Upper bound of tokens to write; the provider's own default when absent. */
  maxOutputTokens?: number;
}

/** Why a model call failed, in Parley's words; `providerCode` beside it keeps the provider's own word. */
export type LlmErrorKind =
  /** Key missing, wrong or without access. Final. */
  | 'auth'
  /** Money or quota is used up, a bill is overdue. Final. */
  | 'quota'
  /** Too many requests just now. Can be tried again. */
  | 'rate_limit'
  /** The request itself is refused. Final. */
  | 'invalid_request'
  /** The input is longer than the model's context. Final. */
  | 'context_length'
  /** The provider's moderation refused input or output. Final. */
  | 'content_filter'
  /** No such model or application. Final. */
  | 'not_found'
  /** The provider is broken or overloaded (5xx). Can be tried again. */
  | 'unavailable'
  /** No connection, or it broke. Can be tried again. */
  | 'network'
  /** No first token, or no next one, within the configured time. Can be tried again. */
  | 'timeout'
  /** The provider's bytes do not follow its protocol, or its stream ended without an end. */
  | 'protocol';

/**
 * What a model says while it answers. Exactly one `done` or `error` comes, and it comes last; only a call that was
 * aborted ends without either.
 */
export type LlmEvent =
  /**
   * Who answers. Only `ResilientLanguageModel` says it: once, just before the first event of the attempt that is
   * passed on. An error that comes without it means that nobody answered.
   */
  | { type: 'start'; provider: string; model: string }
  /** A non-empty piece of the answer, to be appended to the pieces before it. */
  | { type: 'delta'; text: string }
  /** A non-empty piece of the model's thinking; never part of the answer. */
  | { type: 'thinking'; text: string }
  /** Tokens as the provider counted them; when it comes twice the later one holds. */
  | { type: 'usage'; inputTokens: number; outputTokens: number }
  /** The answer is whole (`stop`), or was cut by the model's own limits. `model` is what really answered. */
  | { type: 'done'; reason: 'stop' | 'length' | 'content_filter'; model?: string }
  /**
   * The call failed. `retryable` speaks of this very call: another try may succeed. `providerCode` is the
   * provider's own code (`insufficient_quota`, `DataInspectionFailed`), `retryAfterMs` its wish, if it gave one.
   * The provider's message is not carried: it may hold keys or texts.
   */
  | { type: 'error'; kind: LlmErrorKind; retryable: boolean; providerCode?: string; retryAfterMs?: number };

/**
 * Port: a language model that streams.
 *
 * `stream` never throws for a provider's failure: it yields an `error` event and ends. When `signal` aborts, the
 * upstream socket is closed at once (not drained, not pooled) and the iteration ends without a further event, or
 * with whatever was already parsed; the caller knows why it aborted. Leaving the iteration early (`return()`)
 * closes the socket as well. One call makes one upstream request: retries belong to `ResilientLanguageModel`.
 */
export abstract class LanguageModel {
  /** The provider's name as configured: `openai`, `bailian`, `echo`. */
  abstract readonly provider: string;
  /** The model used when the request names none. */
  abstract readonly defaultModel: string;
  abstract stream(request: LlmRequest, signal: AbortSignal): AsyncIterable<LlmEvent>;
}
