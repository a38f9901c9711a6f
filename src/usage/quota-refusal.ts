import { AppError } from '../common/errors.js';
import { noteRateLimit } from '../common/rate-limits.js';
import { nextMidnight, secondsToMidnight } from './utc-day.js';

/** Says which quota is used up, and notes it for the answer's headers. */
export function quotaRefusal(quota: string, limit: number, used: number, now: Date): AppError {
  const retryAfter = secondsToMidnight(now);
  noteRateLimit({ limit, remaining: 0, resetSeconds: retryAfter });
  const resetsAt = nextMidnight(now).toISOString();
  return new AppError('quota_exceeded', {
    retryAfter,
    params: { quota, resetsAt },
    extensions: { quota, limit, used, resetsAt },
  });
}
