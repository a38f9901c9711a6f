import { EngineError, type EngineErrorCode } from './whisper-engine.js';

/** Codes of OpenAI and Alibaba that say that an account has nothing left, in answers whose status means "later". */
const FINAL = /insufficient_quota|billing|overdue|not_?purchased|arrearage|quota_exceeded/i;
/** What may be repeated of a server's answer: its messages may hold keys and texts, its codes do not. */
const CODE = /^[\w.-]{1,60}$/;

interface Problem {
  code: string | null;
  /** Which of the request's fields it is about. */
  field: string | null;
}

/** What a server's refusal means for the piece. */
export function refusal(status: number, body: string): EngineError {
  const { code } = problemOf(body);
  const said = code === null ? `${status}` : `${status} ${code}`;
  return new EngineError(codeOf(status, code ?? ''), `The transcription server answered ${said}`);
}

/** Whether a refusal may be about the form of the answer that was asked for. */
export function isAboutFormat(status: number, body: string): boolean {
  const { field } = problemOf(body);
  return (status === 400 || status === 422) && (field === null || /format|granularit/.test(field));
}

function codeOf(status: number, code: string): EngineErrorCode {
  if (FINAL.test(code)) return 'engine_refused';
  if (status === 429) return 'engine_busy';
  if (status >= 500 || status === 408 || status === 499) return 'engine_unavailable';
  return status >= 300 ? 'engine_refused' : 'engine_failed';
}

function problemOf(body: string): Problem {
  try {
    const answer = JSON.parse(body) as { error?: unknown } | null;
    const error = (answer?.error ?? answer) as { code?: unknown; type?: unknown; param?: unknown } | null;
    const code = [error?.code, error?.type].find((one) => typeof one === 'string' && CODE.test(one));
    return {
      code: (code as string | undefined) ?? null,
      field: typeof error?.param === 'string' ? error.param : null,
    };
  } catch {
    return { code: null, field: null };
  }
}
