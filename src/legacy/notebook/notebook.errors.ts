import type { ErrorEnvelope } from '../../common/error-envelope.js';
import type { AppError } from '../../common/errors.js';

/** What is wrong with a request is said with status 200, as the older backend did. */
const SAID_WITH_200 = new Set([400, 404, 409, 422]);

/** What is wrong with the request: the first field of which something is. Null where it is something else. */
export function wrongField({ errors }: AppError): string | null {
  const [wrong] = errors ?? [];
  return wrong ? `${wrong.field}: ${wrong.message}` : null;
}

/** Errors of the surface `notebook`. Who has to log in, ask less often or come back later is told by the status, too. */
export const notebookEnvelope: ErrorEnvelope = (error, { status, detail }) => ({
  status: SAID_WITH_200.has(status) ? 200 : status,
  body: { code: -3, msg: wrongField(error) ?? detail },
});
