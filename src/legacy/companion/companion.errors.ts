import type { ErrorAnswer, ErrorEnvelope } from '../../common/error-envelope.js';
import type { AppError } from '../../common/errors.js';
import type { ProblemCode } from '../../common/problem-catalog.js';
import { SurfaceError } from '../surface-error.js';

/** What a request about chats and bots is told that was understood, and cannot be done: with the status 200. */
const REFUSALS: Partial<Record<ProblemCode, string>> = {
  not_found: 'ChatbotNotFound',
  chatbot_deleted: 'ChatbotNotFound',
};

/** The names that this surface has for a chatbot's fields. */
const BOT_FIELDS: Record<string, string> = {
  name: 'chatbot_name',
  kind: 'chatbot_type',
  persona: 'chatbot_persona',
};

/** Accounts are told of taken names in the older service's own words. */
const TAKEN: Partial<Record<ProblemCode, Record<string, string[]>>> = {
  username_taken: { username: ['A user with that username already exists.'] },
  email_taken: { email: ['A user with that email already exists.'] },
};

const NO_ACCOUNT = 'No active account found with the given credentials';
const NO_LOGIN = 'Authentication credentials were not provided.';

/**
 * Errors of the surface `companion`: `{code, msg, data}` where chats and bots are spoken of, and where accounts are a list
 * of messages for each field, or `{detail}`.
 */
export const companionEnvelope: ErrorEnvelope = (error, { status, detail }, route) =>
  /^\/(chat|bots)\//.test(route) ? ofChats(error, status, detail, route) : ofAccounts(error, status, detail);

function ofChats(error: AppError, status: number, detail: string, route: string): ErrorAnswer {
  const isDetail = error.code === 'not_found' && route.startsWith('/bots/detail');
  const refusal = isDetail ? 'DetailsNotFound' : REFUSALS[error.code];
  if (refusal !== undefined) return { status: 200, body: refused(refusal) };
  if (error.code === 'invalid_input') return { status: 200, body: refused(whatIsWrong(error, detail)) };
  return { status, body: refused(detail) };
}

function ofAccounts(error: AppError, status: number, detail: string): ErrorAnswer {
  const taken = TAKEN[error.code];
  if (taken) return { status: 400, body: taken };
  if (error.code === 'invalid_input') return { status: 400, body: byField(error) };
  if (error.code === 'invalid_credentials') return { status: 401, body: { detail: NO_ACCOUNT } };
  if (error.code === 'unauthenticated') return { status: 401, body: { detail: NO_LOGIN } };
  // Somebody else's account is as one that is not there.
  const isMissing = error.code === 'caller_mismatch' || error.code === 'not_found';
  return isMissing ? { status: 404, body: { detail: 'Not found.' } } : { status, body: { detail } };
}

function byField({ errors = [] }: AppError): Record<string, string[]> {
  const fields = Object.groupBy(errors, ({ field }) => field);
  return Object.fromEntries(
    Object.entries(fields).map(([field, wrong = []]) => [field, wrong.map(({ message }) => message)]),
  );
}

function whatIsWrong({ errors = [] }: AppError, detail: string): string {
  const wrong = errors.map(({ field, message }) => `${BOT_FIELDS[field] ?? field} ${message}`);
  return wrong.length > 0 ? wrong.join('; ') : detail;
}

function refused(msg: string) {
  return { code: -1, msg, data: [] };
}

/** An answer of the contract's own: what was asked for cannot be done. */
export function refusal(msg: string, status = 200): SurfaceError {
  return new SurfaceError({ status, body: refused(msg) });
}

/** A field of an account that is missing, in the older service's own words. */
export function missing(...fields: string[]): SurfaceError {
  const body = Object.fromEntries(fields.map((field) => [field, ['This field is required.']]));
  return new SurfaceError({ status: 400, body });
}
