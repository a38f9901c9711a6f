import { CompletionFailedError, type CompletionFailure } from '../../completions/completion-failure.js';
import type { ErrorEnvelope } from '../../common/error-envelope.js';
import type { AppError } from '../../common/errors.js';
import type { ProblemCode } from '../../common/problem-catalog.js';

/** The path whose errors have an empty answer as well. */
export const WHOLE_ANSWER_PATH = '/myapi/v1/chat-bot';

const FAILURES: Record<CompletionFailure, string> = {
  auth: 'Authentication failed',
  not_found: 'App not found',
  timeout: 'Connection timeout',
  network: 'Connection failed',
  unavailable: 'Service unavailable',
  rate_limit: 'Service busy',
  quota: 'Quota exceeded',
  invalid_request: 'Request refused',
  context_length: 'Conversation too long',
  content_filter: 'Content refused',
  protocol: 'Invalid response',
  empty: 'Empty response',
  too_long: 'Response too long',
  shutdown: 'Service restarting',
};

/** Failures that pass by themselves; nothing else is worth asking again for. */
const PASSING: ReadonlySet<CompletionFailure> = new Set(['unavailable', 'rate_limit', 'shutdown']);

const MESSAGES: Partial<Record<ProblemCode, string>> = {
  malformed_json: 'Invalid JSON',
  payload_too_large: 'Request too large',
  unsupported_media_type: 'Unsupported media type',
  rate_limited: 'Too many requests',
  quota_exceeded: 'Daily limit reached',
  completions_busy: 'Service busy',
  cross_site_request: 'Origin not allowed',
  shutting_down: 'Service restarting',
  internal_error: 'Internal server error',
};

/** What is said of an answer that did not come, or broke off. */
export function failureMessage(error: unknown): string {
  return error instanceof CompletionFailedError ? FAILURES[error.kind] : 'Internal server error';
}

/** Errors of the surface `widget`. */
export const widgetEnvelope: ErrorEnvelope = (error, { status, title }, route) => {
  const message = isEmpty(error) ? 'No data provided' : messageOf(error, title);
  const more = route === WHOLE_ANSWER_PATH ? { result: '' } : {};
  return { status: statusOf(error, status), body: { success: false, message, ...more } };
};

/** `null`, and other things without fields, are nothing to their sender, and no mistake in one field. */
function isEmpty({ code, errors = [] }: AppError): boolean {
  return code === 'invalid_input' && errors[0]?.field === 'body';
}

/** Never 502 or 504: proxies and CDNs put pages of their own in the place of such answers. */
function statusOf(error: AppError, status: number): number {
  if (!(error instanceof CompletionFailedError)) return status;
  return PASSING.has(error.kind) ? 503 : 500;
}

function messageOf(error: AppError, title: string): string {
  if (error instanceof CompletionFailedError) return failureMessage(error);
  const [wrong] = error.errors ?? [];
  if (wrong) return `${wrong.field} ${wrong.message}`.trimStart();
  return MESSAGES[error.code] ?? title;
}
