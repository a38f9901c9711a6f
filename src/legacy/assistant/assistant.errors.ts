import type { ErrorAnswer, ErrorEnvelope } from '../../common/error-envelope.js';
import type { AppError } from '../../common/errors.js';
import type { ProblemCode } from '../../common/problem-catalog.js';
import { SurfaceError } from '../surface-error.js';

/** Other statuses than the main API's: of what is uploaded the older backend knew 400, 413 and 415. */
const STATUSES: Partial<Record<ProblemCode, number>> = {
  file_empty: 400,
  too_many_files: 413,
  file_space_used_up: 413,
  username_taken: 400,
};

/** What this surface says in its own words. */
const TEXTS: Partial<Record<ProblemCode, string>> = {
  username_taken: '用户已存在',
  invalid_credentials: '密码错误',
};

/** What is not there, by the route that was asked for it. */
const MISSING: [route: string, text: string][] = [
  ['/api/conversations', '对话不存在'],
  ['/api/chat/next_suggest', '消息不存在'],
  ['/api/chat', '对话或文件不存在'],
];

const USER_ROUTES = '/api/user';

/** Errors of the surface `assistant`: `{error}`, and of accounts `{detail, message}`, the same text in both. */
export const assistantEnvelope: ErrorEnvelope = (error, { status, detail }, route) => {
  const isOfUsers = route.startsWith(USER_ROUTES);
  const text = textOf(error, route) ?? detail;
  const known = isOfUsers && error.code === 'invalid_input' ? 422 : STATUSES[error.code];
  return { status: known ?? status, body: isOfUsers ? userError(text) : { error: text } };
};

function textOf(error: AppError, route: string): string | undefined {
  const missing = MISSING.find(([prefix]) => route.startsWith(prefix));
  if (error.code === 'not_found') return missing?.[1];
  // Which field it is, and what is wrong with it: this surface has no other place for that.
  return TEXTS[error.code] ?? error.errors?.map(({ field, message }) => `${field}: ${message}`).join(' ');
}

function userError(text: string): object {
  return { detail: text, message: text };
}

/** An answer of the surface's contract. */
export function refused(status: number, text: string): SurfaceError {
  return new SurfaceError({ status, body: { error: text } } satisfies ErrorAnswer);
}

/** The same of a route of accounts. */
export function userRefused(status: number, text: string): SurfaceError {
  return new SurfaceError({ status, body: userError(text) } satisfies ErrorAnswer);
}
