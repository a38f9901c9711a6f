import { describe, expect, it } from 'vitest';
import { localTime } from './local-time.js';

describe('localTime', () => {
  it.each([
    ['UTC', '2024-05-22T00:41:04.999Z', '2024-05-22T00:41:04'],
    ['Asia/Shanghai', '2024-05-21T16:41:04Z', '2024-05-22T00:41:04'],
    ['Asia/Kolkata', '2026-12-31T18:30:00Z', '2027-01-01T00:00:00'],
    ['America/New_York', '2026-07-01T04:00:59Z', '2026-07-01T00:00:59'],
    ['America/New_York', '2026-01-01T04:00:00Z', '2025-12-31T23:00:00'],
    ['UTC', '0999-01-02T03:04:05Z', '0999-01-02T03:04:05'],
  ])('in %s tells %s as %s', (zone, at, told) => {
    expect(localTime(new Date(at), zone)).toBe(told);
  });

  it("is the process's own zone where none is named", () => {
    const at = new Date(2026, 10, 21, 16, 30, 0);
    expect(localTime(at, undefined)).toBe('2026-11-21T16:30:00');
  });
});
