import { describe, expect, it } from 'vitest';
import { firstDayOf, nextMidnight, secondsToMidnight, utcDay } from './utc-day.js';

describe('a day in UTC', () => {
  it.each([
    ['2026-11-21T00:00:00.000Z', '2026-11-21', '2026-11-22T00:00:00.000Z', 86_400],
    ['2026-11-21T08:30:00.000Z', '2026-11-21', '2026-11-22T00:00:00.000Z', 55_800],
    ['2026-11-21T23:59:59.000Z', '2026-11-21', '2026-11-22T00:00:00.000Z', 1],
    ['2026-11-21T23:59:59.999Z', '2026-11-21', '2026-11-22T00:00:00.000Z', 1],
    ['2026-12-31T23:00:00.000Z', '2026-12-31', '2027-01-01T00:00:00.000Z', 3_600],
    ['2028-02-28T12:00:00.000Z', '2028-02-28', '2028-02-29T00:00:00.000Z', 43_200],
    ['2026-11-22T01:00:00.000+02:00', '2026-11-21', '2026-11-22T00:00:00.000Z', 3_600],
  ])('of %s is %s, until %s', (time, day, midnight, seconds) => {
    const now = new Date(time);
    expect(utcDay(now)).toBe(day);
    expect(nextMidnight(now).toISOString()).toBe(midnight);
    expect(secondsToMidnight(now)).toBe(seconds);
  });

  it.each([
    [1, '2026-03-01'],
    [2, '2026-02-28'],
    [30, '2026-01-31'],
    [366, '2025-03-01'],
  ])('the first of %i days that end with 1 March 2026 is %s', (days, first) => {
    expect(firstDayOf(days, new Date('2026-03-01T23:59:59.999Z'))).toBe(first);
  });
});
