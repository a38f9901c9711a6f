import type { ErrorEnvelope } from '../../common/error-envelope.js';

/** Errors of the surface `tutor`. */
export const tutorEnvelope: ErrorEnvelope = (_error, { status, detail }) => ({
  status,
  body: { error: detail },
});
