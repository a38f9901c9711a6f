import type { ErrorEnvelope } from '../../common/error-envelope.js';

/** Errors of the surface `notebook`. */
export const notebookEnvelope: ErrorEnvelope = (_error, { status, detail }) => ({
  status,
  body: { error: detail },
});
