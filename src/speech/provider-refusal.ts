import { SpeechError, type SpeechErrorCode } from './synthesizer.js';

interface Verdict {
  code: SpeechErrorCode;
  retryable: boolean;
}

const final = (code: SpeechErrorCode): Verdict => ({ code, retryable: false });
const again = (code: SpeechErrorCode): Verdict => ({ code, retryable: true });

/** The provider's code decides, then the status: 429 alone means both "too fast" and "your money is used up". */
const BY_CODE: Record<string, Verdict> = {
  insufficient_quota: final('speech_quota'),
  billing_hard_limit_reached: final('speech_quota'),
  billing_not_active: final('speech_quota'),
  arrearage: final('speech_quota'),
  prepaidbilloverdue: final('speech_quota'),
  postpaidbilloverdue: final('speech_quota'),
  commoditynotpurchased: final('speech_quota'),
  'accessdenied.unpurchased': final('speech_quota'),
  'allocationquota.freetieronly': final('speech_quota'),
  invalid_api_key: final('speech_auth'),
  invalidapikey: final('speech_auth'),
  accessdenied: final('speech_auth'),
  'model.accessdenied': final('speech_auth'),
  'workspace.accessdenied': final('speech_auth'),
  model_not_found: final('speech_auth'),
  modelnotfound: final('speech_auth'),
  datainspectionfailed: final('speech_refused'),
  data_inspection_failed: final('speech_refused'),
  content_filter: final('speech_refused'),
  content_policy_violation: final('speech_refused'),
  rate_limit_exceeded: again('speech_unavailable'),
  requesttimeout: again('speech_timeout'),
};

const BY_STATUS: Record<number, Verdict> = {
  401: final('speech_auth'),
  402: final('speech_quota'),
  403: final('speech_auth'),
  404: final('speech_auth'),
  408: again('speech_timeout'),
  409: again('speech_unavailable'),
  425: again('speech_unavailable'),
  429: again('speech_unavailable'),
  504: again('speech_timeout'),
};

/** Bodies of errors are some hundred bytes. */
const MAX_BODY = 64 * 1024;

/** The error for an answer that is none. The provider's message is not looked at: it may repeat keys and texts. */
export async function refusalOf(response: Response): Promise<SpeechError> {
  const { code, retryable } =
    (await codesOf(response)).map(byCode).find(Boolean) ?? byStatus(response.status);
  return new SpeechError(code, retryable, { retryAfterMs: retryAfterMs(response.headers) });
}

/** The code inside a body whose head said 200. */
export function reportedFailure(code: unknown): SpeechError {
  const verdict = typeof code === 'string' ? byCode(code) : undefined;
  return new SpeechError(verdict?.code ?? 'speech_unavailable', verdict?.retryable ?? true);
}

function byCode(code: string): Verdict | undefined {
  const key = code.toLowerCase();
  return Object.hasOwn(BY_CODE, key) ? BY_CODE[key] : undefined;
}

function byStatus(status: number): Verdict {
  const isOurFault = status >= 400 && status < 500;
  return BY_STATUS[status] ?? (isOurFault ? final('speech_refused') : again('speech_unavailable'));
}

async function codesOf(response: Response): Promise<string[]> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    parts.push(part as Uint8Array);
    size += (part as Uint8Array).length;
    if (size > MAX_BODY) return [];
  }
  try {
    const body = JSON.parse(Buffer.concat(parts).toString()) as {
      code?: unknown;
      error?: { code?: unknown; type?: unknown };
    } | null;
    const codes = [body?.error?.code, body?.error?.type, body?.code];
    return codes.filter((code) => typeof code === 'string');
  } catch {
    return [];
  }
}

function retryAfterMs(headers: Headers): number | undefined {
  const ms = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (Number.isFinite(ms)) return Math.max(0, ms);
  const seconds = Number.parseFloat(headers.get('retry-after') ?? '');
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : undefined;
}
