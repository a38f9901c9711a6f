import { describe, expect, it } from 'vitest';
import { requestedRange } from './byte-range.js';

describe('requestedRange', () => {
  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-9', 0, 9],
    ['bytes=3-5', 3, 5],
    ['bytes=3-', 3, 9],
    ['bytes=9-', 9, 9],
    ['bytes=0-999', 0, 9],
    [`bytes=5-${'9'.repeat(400)}`, 5, 9],
    ['bytes=-3', 7, 9],
    ['bytes=-10', 0, 9],
    ['bytes=-999', 0, 9],
    ['Bytes=1-2', 1, 2],
    [' bytes=1-2 ', 1, 2],
  ])('reads %s', (header, start, end) => {
    expect(requestedRange(header, 10)).toEqual({ start, end });
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])(
    'finds nothing at %s',
    (header) => {
      expect(requestedRange(header, 10)).toBeNull();
    },
  );

  it.each([
    undefined,
    ...[
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=a-b',
      'bytes=5-3',
      'bytes=0-1,3-4',
      'items=0-1',
      'bytes=1.5-2',
    ],
    ...['bytes=--1', 'bytes= 1-2', 'bytes=0x1-2', 'bytes=+1-2'],
  ])('takes %s for no range', (header) => {
    expect(requestedRange(header, 10)).toBeUndefined();
  });
});
