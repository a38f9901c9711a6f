import type { ErrorEnvelope } from '../../common/error-envelope.js';

/** Errors of the surface `companion`. */
export const companionEnvelope: ErrorEnvelope = (_error, { status, detail }) => ({
  status,
  body: { error: detail },
});
