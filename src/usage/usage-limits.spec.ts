import { describe, expect, it } from 'vitest';
import { usageLimits } from './usage-limits.js';

const SET = {
  TURNS_AT_ONCE: 20,
  TURNS_PER_MINUTE: 60,
  QUOTA_TOKENS_PER_DAY: 1_000,
  QUOTA_REQUESTS_PER_DAY: 10,
  QUOTA_AUDIO_SECONDS_PER_DAY: 3_600,
  SPEECH_JOBS_PER_USER: 5,
};

describe('usageLimits', () => {
  it('are what the environment says', () => {
    expect(usageLimits({ ...SET, RATE_LIMIT_SCALE: 1 })).toEqual({
      tokensPerDay: 1_000,
      requestsPerDay: 10,
      turnsAtOnce: 20,
      turnsPerMinute: 60,
      audioPerDay: 3_600,
      transcriptionsAtOnce: 5,
    });
  });

  it('are scaled where they say how often, not how much or how many at once', () => {
    expect(usageLimits({ ...SET, RATE_LIMIT_SCALE: 0.01 })).toEqual({
      tokensPerDay: 1_000,
      requestsPerDay: 1,
      turnsAtOnce: 20,
      turnsPerMinute: 1,
      audioPerDay: 3_600,
      transcriptionsAtOnce: 5,
    });
  });

  it('are switched off at 0, but for tokens and audio', () => {
    expect(usageLimits({ ...SET, RATE_LIMIT_SCALE: 0 })).toEqual({
      tokensPerDay: 1_000,
      requestsPerDay: null,
      turnsAtOnce: null,
      turnsPerMinute: null,
      audioPerDay: 3_600,
      transcriptionsAtOnce: null,
    });
  });

  it('has no quotas where none are set', () => {
    const { tokensPerDay, requestsPerDay, audioPerDay } = usageLimits({
      TURNS_AT_ONCE: 1,
      TURNS_PER_MINUTE: 1,
      SPEECH_JOBS_PER_USER: 1,
      RATE_LIMIT_SCALE: 1,
    });
    expect([tokensPerDay, requestsPerDay, audioPerDay]).toEqual([null, null, null]);
  });
});
