/** How often something may happen under one key. */
export interface RateRule {
  /** The rule's own name; keys of different rules do not meet. */
  name: string;
  /** How many times within the window, before the adapter's scale. */
  points: number;
  windowSeconds: number;
  /** How long the key is locked once the points are used up; the rest of the window when absent. */
  blockSeconds?: number;
}

/** What is left of a limit. */
export interface RateState {
  limit: number;
  remaining: number;
  /** Whole seconds until the limit is new again, at least 1. */
  resetSeconds: number;
}

/** How many points a rule of `points` has at this scale: at least one; null where 0 switches limits off. */
export function scaledPoints(points: number, scale: number): number | null {
  return scale === 0 ? null : Math.max(1, Math.round(points * scale));
}

/** The points of a key are used up. */
export class RateLimitedError extends Error {
  constructor(
    readonly rule: string,
    readonly state: RateState,
  ) {
    super(`rate limit ${rule}`);
    this.name = 'RateLimitedError';
  }

  /** Seconds until it is worth trying again. */
  get retryAfter(): number {
    return this.state.resetSeconds;
  }
}

/**
 * Port: counts what happens under a key and refuses what is too much.
 *
 * Points are taken before the deed, so that many at once cannot slip through together, and given back where the
 * deed turns out to be harmless. Keys are free text and may hold what a caller sent.
 */
export abstract class RateLimiter {
  /**
   * Takes one point and says what is left; undefined where limits are switched off.
   * @throws RateLimitedError when there is none left
   */
  abstract take(rule: RateRule, key: string): Promise<RateState | undefined>;
  /** Gives the last point back. */
  abstract giveBack(rule: RateRule, key: string): Promise<void>;
  /** Forgets what was counted, a lock as well. */
  abstract reset(rule: RateRule, key: string): Promise<void>;
}
