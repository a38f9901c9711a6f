import type { ErrorEnvelope } from '../../common/error-envelope.js';
import type { AppError } from '../../common/errors.js';
import { CHAT_DELETED, exampleAnswer, NAME_TAKEN, NO_HISTORY, NOT_REGISTERED } from './notebook.answers.js';

/** What is wrong with a request is said with status 200, as the older backend did. */
const SAID_WITH_200 = new Set([400, 404, 409, 422]);

/** In a closed network a chat that is not there has no owner, either; or it goes while it is read. */
const THERE_IS_NONE = new Set(['not_found', 'caller_unknown']);

/** What is wrong with the request: the first field of which something is. Null where it is something else. */
export function wrongField({ errors }: AppError): string | null {
  const [wrong] = errors ?? [];
  return wrong ? `${wrong.field}: ${wrong.message}` : null;
}

/** Errors of the surface `notebook`. Who has to log in, ask less often or come back later is told by the status, too. */
export const notebookEnvelope: ErrorEnvelope = (error, { status, detail }, route) => {
  const own = ownAnswer(error, route);
  if (own) return { status: 200, body: own };
  const why = wrongField(error) ?? detail;
  const isSaidWith200 = SAID_WITH_200.has(status);
  const isOfExample = isSaidWith200 && route.endsWith('/add_prompt_fuction');
  return {
    status: isSaidWith200 ? 200 : status,
    body: isOfExample
      ? exampleAnswer(-3, { prompt_title: '', prompt_text: '' }, why)
      : { code: -3, msg: why },
  };
};

function ownAnswer({ code }: AppError, route: string): object | undefined {
  if (code === 'username_taken') return NAME_TAKEN;
  if (route.endsWith('/register') && (code === 'invalid_input' || code.startsWith('malformed_')))
    return NOT_REGISTERED;
  if (route.endsWith('/delete_chat') && THERE_IS_NONE.has(code)) return CHAT_DELETED;
  if (route.endsWith('/get_history_chat') && THERE_IS_NONE.has(code)) return NO_HISTORY;
  return undefined;
}
