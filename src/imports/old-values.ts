import type { ForeignValue } from '../database/foreign-database.js';

const TEXT_TIME = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?/;
const TEXT_DATE = /^\d{4}-\d\d-\d\d$/;
/** Unix times above this are in milliseconds: in seconds it is the year 5138. */
const MILLISECONDS_ABOVE = 100_000_000_000;
const HALF_DAY_MS = 43_200_000;

/** A text of an old column as it may stand in one of ours: without NUL, and without halves of characters. */
export function oldText(value: ForeignValue | undefined): string {
  if (value === null || value === undefined) return '';
  const text = Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
  return text.replaceAll('\0', '').toWellFormed();
}

/** A key of an old row, as text; null where there is none. */
export function oldKey(value: ForeignValue | undefined): string | null {
  const text = oldText(value);
  return text === '' ? null : text;
}

/** Whether an old flag is set; a time counts as set. @param absent what it is where the column, or its value, is missing */
export function oldFlag(value: ForeignValue | undefined, absent: boolean): boolean {
  if (value === null || value === undefined) return absent;
  if (Buffer.isBuffer(value)) return value.some((byte) => byte !== 0);
  if (typeof value === 'number') return value !== 0;
  return (
    !['', '0', 'false', 'f', 'no', 'n'].includes(value.trim().toLowerCase()) &&
    !value.startsWith('0000-00-00')
  );
}

/**
 * A time of an old column; null where there is none, or a zero date. A number, or digits, is Unix time.
 * @param zone IANA name of the zone that the old backend wrote its times in
 */
export function oldTime(value: ForeignValue | undefined, zone: string): Date | null {
  const text = oldText(value).trim();
  if (/^\d{9,14}(\.\d+)?$/.test(text)) {
    const number = Number(text);
    return new Date(number > MILLISECONDS_ABOVE ? number : number * 1_000);
  }
  const parts = TEXT_TIME.exec(TEXT_DATE.test(text) ? `${text} 00:00:00` : text);
  if (!parts) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  if (year === 0 || month === 0 || day === 0) return null;
  const milliseconds = Number((parts[7] ?? '0').padEnd(3, '0').slice(0, 3));
  return inZone(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds), zone);
}

/** The moment at which the clocks of a zone show what UTC's show at `local`; twice a year there is none, or are two. */
function inZone(local: number, zone: string): Date {
  if (zone === 'UTC') return new Date(local);
  // The offset of the result is what counts: near a change of the clocks the first guess has another one.
  const guess = local - offsetAt(local, zone);
  return new Date(local - offsetAt(guess, zone));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
function offsetAt(moment: number, zone: string): number {
  const known = formats.get(zone);
  const format =
    known ??
    new Intl.DateTimeFormat('en-CA', {
      ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
    });
  formats.set(zone, format);
  const part = Object.fromEntries(
    format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute, second } = part as Record<string, number>;
  const shown = Date.UTC(year!, month! - 1, day, hour, minute, second);
  const offset = shown - Math.floor(moment / 1_000) * 1_000;
  return Math.abs(offset) > 2 * HALF_DAY_MS ? 0 : offset;
}

/** Whether a time zone of this name is known. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
