import type { LlmErrorKind, LlmEvent } from './language-model.js';

export type LlmErrorEvent = Extract<LlmEvent, { type: 'error' }>;

/** A failure that the provider reports itself, by a status or inside a stream whose head said 200. */
export class ReportedFailure extends Error {
  constructor(readonly event: LlmErrorEvent) {
    super('The provider reported a failure');
    this.name = 'ReportedFailure';
  }
}

interface Verdict {
  kind: LlmErrorKind;
  retryable: boolean;
}

/** What is known of a provider's refusal. */
export interface ProviderFailure {
  /** The provider's own words for it, the most exact first; anything that is not a code is passed over. */
  codes?: unknown[];
  /** HTTP status, also where it came inside a stream. */
  status?: number | undefined;
  headers?: Headers | undefined;
}

const final = (kind: LlmErrorKind): Verdict => ({ kind, retryable: false });
const again = (kind: LlmErrorKind): Verdict => ({ kind, retryable: true });

/** Codes decide, not statuses: 429 alone means both "too fast" and "your money is used up". Keys are lower case. */
const BY_CODE: Record<string, Verdict> = {
  // OpenAI, and the compatible mode of others
  invalid_api_key: final('auth'),
  authentication_error: final('auth'),
  permission_error: final('auth'),
  permission_denied: final('auth'),
  access_terminated: final('auth'),
  account_deactivated: final('auth'),
  unsupported_country_region_territory: final('auth'),
  insufficient_quota: final('quota'),
  billing_hard_limit_reached: final('quota'),
  billing_not_active: final('quota'),
  rate_limit_exceeded: again('rate_limit'),
  rate_limit_error: again('rate_limit'),
  limit_requests: again('rate_limit'),
  requests: again('rate_limit'),
  tokens: again('rate_limit'),
  context_length_exceeded: final('context_length'),
  string_above_max_length: final('context_length'),
  content_filter: final('content_filter'),
  content_policy_violation: final('content_filter'),
  data_inspection_failed: final('content_filter'),
  model_not_found: final('not_found'),
  invalid_parameter_error: final('invalid_request'),
  server_error: again('unavailable'),
  internal_error: again('unavailable'),
  internal_server_error: again('unavailable'),
  service_unavailable: again('unavailable'),
  overloaded_error: again('unavailable'),
  engine_overloaded: again('unavailable'),
  request_timeout: again('timeout'),
  // DashScope and Bailian applications
  invalidapikey: final('auth'),
  accessdenied: final('auth'),
  'accessdenied.unpurchased': final('quota'),
  'model.accessdenied': final('auth'),
  'workspace.accessdenied': final('auth'),
  arrearage: final('quota'),
  prepaidbilloverdue: final('quota'),
  postpaidbilloverdue: final('quota'),
  commoditynotpurchased: final('quota'),
  'allocationquota.freetieronly': final('quota'),
  throttling: again('rate_limit'),
  // Tokens a minute, not money: the same call passes a little later.
  'throttling.allocationquota': again('rate_limit'),
  'throttling.ratequota': again('rate_limit'),
  limitrequests: again('rate_limit'),
  datainspectionfailed: final('content_filter'),
  modelnotfound: final('not_found'),
  invalidappid: final('not_found'),
  flownotpublished: final('not_found'),
  'badrequest.toolarge': final('context_length'),
  invalidparameter: final('invalid_request'),
  invalidurl: final('invalid_request'),
  unsupportedoperation: final('invalid_request'),
  requesttimeout: again('timeout'),
  internalerror: again('unavailable'),
  serviceunavailable: again('unavailable'),
};

/** Families of DashScope codes (`Throttling.BurstRate`, `InternalError.Algo`), for members not in the table. */
const BY_FAMILY: Record<string, Verdict> = {
  throttling: again('rate_limit'),
  internalerror: again('unavailable'),
  badrequest: final('invalid_request'),
  invalidparameter: final('invalid_request'),
  accessdenied: final('auth'),
  datainspectionfailed: final('content_filter'),
};

/** OpenAI's `type` of nearly every 4xx, a wrong key among them; it speaks only where there is no status. */
const GENERIC = 'invalid_request_error';

const BY_STATUS: Record<number, Verdict> = {
  401: final('auth'),
  402: final('quota'),
  403: final('auth'),
  404: final('not_found'),
  408: again('timeout'),
  409: again('unavailable'),
  425: again('unavailable'),
  429: again('rate_limit'),
  504: again('timeout'),
};

/**
 * The event for what a provider refused. The code decides, then the status; a failure that says nothing of itself
 * counts as an outage. The provider's message is never looked at: it may repeat keys and texts.
 */
export function providerError(failure: ProviderFailure): LlmErrorEvent {
  const codes = (failure.codes ?? []).filter(isCode);
  const known = codes.map(byCode).find((verdict) => verdict !== undefined);
  const status = failure.status ?? codesAsStatus(failure.codes);
  const unknown =
    status === undefined && codes.includes(GENERIC) ? final('invalid_request') : byStatus(status);
  const retryAfterMs = failure.headers && retryAfter(failure.headers);
  return {
    type: 'error',
    ...(known ?? unknown),
    ...(codes[0] !== undefined && { providerCode: codes[0] }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Milliseconds of `retry-after-ms` or `retry-after` (seconds or a date); undefined where neither is readable. */
export function retryAfter(headers: Headers, now = Date.now()): number | undefined {
  const exact = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (Number.isFinite(exact)) return Math.max(0, exact);
  const value = headers.get('retry-after') ?? '';
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number.parseFloat(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function byCode(code: string): Verdict | undefined {
  const key = code.toLowerCase();
  if (Object.hasOwn(BY_CODE, key)) return BY_CODE[key];
  const family = key.split('.')[0] ?? '';
  return Object.hasOwn(BY_FAMILY, family) ? BY_FAMILY[family] : undefined;
}

function byStatus(status: number | undefined): Verdict {
  if (status === undefined) return again('unavailable');
  return (
    BY_STATUS[status] ?? (status >= 400 && status < 500 ? final('invalid_request') : again('unavailable'))
  );
}

/** Some gateways put the HTTP status where the code belongs: `{"error":{"code":502}}`. */
function codesAsStatus(codes: unknown[] = []): number | undefined {
  return codes.map(Number).find((code) => code >= 400 && code < 600);
}

/** A code goes into logs and answers, so it must look like one: no spaces, no sentences. Keys begin with `sk-`. */
function isCode(code: unknown): code is string {
  return typeof code === 'string' && /^[A-Za-z][\w.]{1,63}$/.test(code);
}
