import type { ErrorEnvelope } from '../../common/error-envelope.js';

/** Errors of the surface `widget`. */
export const widgetEnvelope: ErrorEnvelope = (_error, { status, detail }) => ({
  status,
  body: { error: detail },
});
