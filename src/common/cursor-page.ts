import { AppError } from './errors.js';
import { fieldMessage } from './validation.js';

/** Packs the position of a list's last item into an opaque text. */
export function encodeCursor(position: readonly (number | string)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Reads a cursor of `length` numbers back; undefined for the first page.
 * @throws AppError invalid_input on the field `cursor` where it is not one of ours.
 */
export function decodeCursor(cursor: string | undefined, length: number): number[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (
      Array.isArray(position) &&
      position.length === length &&
      position.every((part) => Number.isSafeInteger(part))
    ) {
      return position as number[];
    }
  } catch {
    // Not JSON: answered like any other foreign cursor below.
  }
  throw new AppError('invalid_input', { errors: [{ field: 'cursor', message: fieldMessage('isCursor') }] });
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/**
 * Makes a page of `rows` that were read with a limit of `limit + 1`: the one too many tells that there is a next
 * page, which begins behind the last item shown.
 */
export function pageOf<T>(rows: T[], limit: number, position: (row: T) => number[]): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null,
  };
}

/** Every item of a list, page by page: no more of it than a page is held. */
export async function* everyItem<T>(
  page: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T> {
  for (let cursor: string | undefined; ;) {
    const { items, nextCursor } = await page(cursor);
    yield* items;
    if (nextCursor === null) return;
    cursor = nextCursor;
  }
}
