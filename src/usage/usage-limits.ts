import { scaledPoints } from '../../libs/limits/rate-limiter.js';
import type { Env } from '../config/env.js';

/** What one user may use; null where there is no limit. */
export interface UsageLimits {
  tokensPerDay: number | null;
  requestsPerDay: number | null;
  turnsAtOnce: number | null;
  turnsPerMinute: number | null;
  /** Seconds of recordings that are transcribed. */
  audioPerDay: number | null;
  /** On their way at a time. */
  transcriptionsAtOnce: number | null;
}

type Settings = Pick<
  Env,
  | 'RATE_LIMIT_SCALE'
  | 'QUOTA_TOKENS_PER_DAY'
  | 'QUOTA_REQUESTS_PER_DAY'
  | 'TURNS_AT_ONCE'
  | 'TURNS_PER_MINUTE'
  | 'QUOTA_AUDIO_SECONDS_PER_DAY'
  | 'SPEECH_JOBS_PER_USER'
>;

/**
 * The limits that the environment sets. RATE_LIMIT_SCALE multiplies how often something may happen; tokens and audio are
 * money and not scaled, and how many turns run at once is no rate: 0 only switches that off.
 */
export function usageLimits(env: Settings): UsageLimits {
  const { RATE_LIMIT_SCALE: scale, QUOTA_REQUESTS_PER_DAY: requests } = env;
  return {
    tokensPerDay: env.QUOTA_TOKENS_PER_DAY ?? null,
    requestsPerDay: requests === undefined ? null : scaledPoints(requests, scale),
    turnsAtOnce: scale === 0 ? null : env.TURNS_AT_ONCE,
    turnsPerMinute: scaledPoints(env.TURNS_PER_MINUTE, scale),
    audioPerDay: env.QUOTA_AUDIO_SECONDS_PER_DAY ?? null,
    transcriptionsAtOnce: scale === 0 ? null : env.SPEECH_JOBS_PER_USER,
  };
}
