import type { ErrorAnswer, ErrorEnvelope } from '../../common/error-envelope.js';
import type { AppError, FieldError } from '../../common/errors.js';
import { SurfaceError } from '../surface-error.js';

/** Fields of an account: what is wrong with them comes as a list for each. */
const ACCOUNT_FIELDS = new Set(['username', 'password', 'email']);

/** An answer of the surface's own. */
export function refused(status: number, error: string): SurfaceError {
  return new SurfaceError({ status, body: { error } });
}

/** What is wrong with the fields of an account. */
export function refusedFields(errors: readonly FieldError[]): SurfaceError {
  return new SurfaceError({ status: 400, body: listsOf(errors) });
}

/** Errors of the surface `tutor`. */
export const tutorEnvelope: ErrorEnvelope = (error, { status, detail }, route) => {
  if (error.code === 'caller_unknown') return strangerTo(error, route);
  const { errors } = error;
  if (error.code === 'invalid_input' && errors?.every(({ field }) => ACCOUNT_FIELDS.has(field)))
    return { status, body: listsOf(errors) };
  return shaped(route, status, errors?.[0]?.message ?? detail);
};

/** Two routes have errors of a shape of their own. */
export function shaped(route: string, status: number, text: string): ErrorAnswer {
  if (isRoute(route, 'login')) return { status, body: { status: 'error', message: text } };
  if (isRoute(route, 'rerecord_voice')) return { status, body: { success: false, message: text } };
  return { status, body: { error: text } };
}

/** Whoever names nobody, or somebody who is not there, hears what the old service said of it. */
const STRANGERS: [string, { missing: ErrorAnswer; unknown: ErrorAnswer }][] = [
  ['change/info', both(404, 'User does not exist')],
  ['gettopics', both(400, 'Invalid user')],
  ['newtopic', both(400, 'Invalid user')],
  ['preset_topic', both(400, 'Invalid user')],
  ['customtopic', { ...both(400, 'Invalid user'), missing: said(400, 'The necessary data is missing!') }],
  [
    'change/theme',
    { missing: said(400, 'Missing topic_id or theme data'), unknown: said(404, 'Topic does not exist') },
  ],
  [
    'getdetails',
    { missing: said(400, 'Missing topic_id parameter'), unknown: { status: 200, body: { details: [] } } },
  ],
  ['tts', both(400, 'Invalid conversation')],
  ['get_audio_assessment', both(400, 'Invalid conversation')],
  ['get_expression_assessment', both(400, 'Invalid conversation')],
];

function strangerTo(error: AppError, route: string): ErrorAnswer {
  if (isRoute(route, 'rerecord_voice')) return shaped(route, 400, 'Invalid conversation ID');
  const isMissing = error.params['named'] === 'no';
  const known = STRANGERS.find(([name]) => isRoute(route, name))?.[1];
  if (known) return isMissing ? known.missing : known.unknown;
  return said(400, isMissing ? 'Missing required data!' : 'Invalid user');
}

function both(status: number, text: string): { missing: ErrorAnswer; unknown: ErrorAnswer } {
  return { missing: said(status, text), unknown: said(status, text) };
}

function said(status: number, error: string): ErrorAnswer {
  return { status, body: { error } };
}

function isRoute(route: string, name: string): boolean {
  return route.replace(/\/$/, '').endsWith(`/${name}`);
}

function listsOf(errors: readonly FieldError[]): Record<string, string[]> {
  const lists: Record<string, string[]> = {};
  for (const { field, message } of errors) (lists[field] ??= []).push(message);
  return lists;
}
