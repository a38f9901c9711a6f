import { whole } from './values.js';

/** What concerns people's data, and how long it is kept. */
export const privacyVariables = {
  EXPORTS_PER_DAY: whole(1, 1_000).default(5),
  EXPORT_LIFETIME_HOURS: whole(1, 8_760).default(72),
  RETENTION_DAYS: whole(1, 36_500).optional(),
};
