import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, pageOf } from './cursor-page.js';

describe('a cursor', () => {
  it.each([[[7]], [[0]], [[1_795_000_000_000, 7]], [[Number.MAX_SAFE_INTEGER, -1]]])(
    'gives %j back',
    (position) => {
      expect(decodeCursor(encodeCursor(position), position.length)).toEqual(position);
    },
  );

  it('can stand in a URL as it is', () => {
    for (let n = 0; n < 1_000; n += 1) expect(encodeCursor([n * 7_919, n])).toMatch(/^[\w-]+$/);
  });

  it('is absent for the first page', () => {
    expect(decodeCursor(undefined, 1)).toBeUndefined();
  });

  it.each([
    ['empty', ''],
    ['no JSON', 'hello'],
    ['no base64', '***'],
    ['of another list', encodeCursor([1, 2])],
    ['no list', Buffer.from('{"0":1,"length":1}').toString('base64url')],
    ['text', encodeCursor(['1'])],
    ['a fraction', encodeCursor([1.5])],
    ['too large', Buffer.from('[9007199254740993]').toString('base64url')],
    ['infinite', Buffer.from('[1e999]').toString('base64url')],
    ['null', Buffer.from('[null]').toString('base64url')],
    ['nested', Buffer.from('[[1]]').toString('base64url')],
  ])('that is %s is refused as a wrong field', (_, cursor) => {
    const refused = expect.objectContaining({
      code: 'invalid_input',
      errors: [{ field: 'cursor', message: 'is not a cursor of this list' }],
    });
    expect(() => decodeCursor(cursor, 1)).toThrow(refused);
  });
});

describe('pageOf', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: 100 - index }));
  const page = (count: number, limit: number) => pageOf(rows(count), limit, ({ id }) => [id]);

  it('is the last page where no row too many was read', () => {
    expect(page(0, 3)).toEqual({ items: [], nextCursor: null });
    expect(page(3, 3)).toEqual({ items: rows(3), nextCursor: null });
  });

  it('goes on behind the last item shown, not behind the one too many', () => {
    const { items, nextCursor } = page(4, 3);
    expect(items).toEqual(rows(3));
    expect(decodeCursor(nextCursor!, 1)).toEqual([98]);
  });

  it('shows every row once, whatever the limit', () => {
    const all = rows(23);
    for (let limit = 1; limit <= 24; limit += 1) {
      const seen: number[] = [];
      let cursor: string | undefined;
      do {
        const before = decodeCursor(cursor, 1)?.[0] ?? Infinity;
        const read = all.filter(({ id }) => id < before).slice(0, limit + 1);
        const { items, nextCursor } = pageOf(read, limit, ({ id }) => [id]);
        seen.push(...items.map(({ id }) => id));
        cursor = nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(all.map(({ id }) => id));
    }
  });
});
