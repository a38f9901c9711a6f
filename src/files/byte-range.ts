import type { ByteRange } from './file-storage.js';

/**
 * The one range that a `Range` header asks for, within a file of `size` bytes; null where there is nothing of it in
 * the file; undefined where the whole file is to be sent: without a header, with several ranges, or with what is none.
 */
export function requestedRange(header: string | undefined, size: number): ByteRange | null | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec((header ?? '').trim()) ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start < size ? { start, end } : null;
}
