/**
 * A time as older clients read it: `2026-11-21T16:30:00`, without a zone.
 * @param timeZone in which it is told (LEGACY_TIME_ZONE); undefined: the process's own
 */
export function localTime(at: Date, timeZone: string | undefined): string {
  const format = new Intl.DateTimeFormat('en', {
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
    timeZone,
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes, digits = 2) =>
    (parts.get(type) ?? '').padStart(digits, '0');
  const date = `${part('year', 4)}-${part('month')}-${part('day')}`;
  return `${date}T${part('hour')}:${part('minute')}:${part('second')}`;
}
