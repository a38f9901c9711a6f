import { describe, expect, it } from 'vitest';
import { isTimeZone, oldFlag, oldKey, oldText, oldTime } from './old-values.js';

describe('old times', () => {
  it.each([
    ['2024-05-22 00:41:04', 'UTC', '2024-05-22T00:41:04.000Z'],
    ['2024-05-22 00:41:04.250123', 'UTC', '2024-05-22T00:41:04.250Z'],
    ['2024-05-22T00:41:04', 'Asia/Shanghai', '2024-05-21T16:41:04.000Z'],
    ['2024-07-01 12:00:00', 'Europe/Berlin', '2024-07-01T10:00:00.000Z'],
    ['2024-01-01 12:00:00', 'Europe/Berlin', '2024-01-01T11:00:00.000Z'],
    // On these days the clocks change.
    ['2024-03-31 01:59:59', 'Europe/Berlin', '2024-03-31T00:59:59.000Z'],
    ['2024-03-31 03:00:00', 'Europe/Berlin', '2024-03-31T01:00:00.000Z'],
    ['2024-10-27 04:00:00', 'Europe/Berlin', '2024-10-27T03:00:00.000Z'],
    ['2024-05-22 00:00:00', 'Pacific/Kiritimati', '2024-05-21T10:00:00.000Z'],
    ['2024-05-22', 'UTC', '2024-05-22T00:00:00.000Z'],
    [1_716_338_464, 'Asia/Shanghai', '2024-05-22T00:41:04.000Z'],
    [1_716_338_464_250, 'UTC', '2024-05-22T00:41:04.250Z'],
    ['1716338464', 'UTC', '2024-05-22T00:41:04.000Z'],
    [Buffer.from('2024-05-22 00:41:04'), 'UTC', '2024-05-22T00:41:04.000Z'],
  ])('%s in %s is %s', (value, zone, expected) => {
    expect(oldTime(value, zone)?.toISOString()).toBe(expected);
  });

  it.each([
    [null],
    [undefined],
    [''],
    ['0000-00-00 00:00:00'],
    ['2024-00-10 00:00:00'],
    ['0000-00-00'],
    ['soon'],
    [7],
  ])('there is none in %s', (value) => {
    expect(oldTime(value, 'UTC')).toBeNull();
  });

  it('are of zones that there are', () => {
    expect(['UTC', 'Asia/Shanghai', 'Mars/Base', ''].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});

describe('other old values', () => {
  it('flags are set, or not, or not there', () => {
    const set = [1, '1', 'true', 'yes', Buffer.from([1]), '2024-01-01 00:00:00'];
    const unset = [0, '0', '', 'False', ' no ', Buffer.from([0]), '0000-00-00 00:00:00'];
    expect(set.map((value) => oldFlag(value, false))).toEqual(set.map(() => true));
    expect(unset.map((value) => oldFlag(value, true))).toEqual(unset.map(() => false));
    expect([oldFlag(null, true), oldFlag(undefined, false)]).toEqual([true, false]);
  });

  it('texts lose what cannot stand in a text', () => {
    expect(oldText('a\0b')).toBe('ab');
    expect(oldText('a\ud800b')).toBe('a\ufffdb');
    expect(oldText(Buffer.from('é'))).toBe('é');
    expect([oldText(null), oldText(7), oldKey(''), oldKey(null), oldKey(7)]).toEqual([
      '',
      '7',
      null,
      null,
      '7',
    ]);
  });
});
