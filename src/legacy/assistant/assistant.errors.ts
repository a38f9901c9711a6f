import type { ErrorEnvelope } from '../../common/error-envelope.js';

/** Errors of the surface `assistant`. */
export const assistantEnvelope: ErrorEnvelope = (_error, { status, detail }) => ({
  status,
  body: { error: detail },
});
