const DAY_MS = 86_400_000;

/** The day in UTC, `2026-11-21`. */
export function utcDay(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** The next midnight in UTC. */
export function nextMidnight(time: Date): Date {
  return new Date((Math.floor(time.getTime() / DAY_MS) + 1) * DAY_MS);
}

/** Whole seconds until the next midnight in UTC, at least 1. */
export function secondsToMidnight(time: Date): number {
  return Math.ceil((nextMidnight(time).getTime() - time.getTime()) / 1_000);
}

/** The first of `days` days that end with the one of `time`. */
export function firstDayOf(days: number, time: Date): string {
  return utcDay(new Date(time.getTime() - (days - 1) * DAY_MS));
}
