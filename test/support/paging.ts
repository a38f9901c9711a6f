import type { ApiClient } from './client.ts';

/** Reads a list to its end, page by page; `between` runs after each page but the last. */
export async function readPages<T = any>(
  client: ApiClient,
  path: string,
  limit: number,
  between: (page: T[]) => Promise<unknown> = () => Promise.resolve(),
): Promise<T[][]> {
  const pages: T[][] = [];
  const separator = path.includes('?') ? '&' : '?';
  for (let cursor: string | null = ''; cursor !== null;) {
    const behind: string = cursor && `&cursor=${cursor}`;
    const { body } = await client.get(`${path}${separator}limit=${limit}${behind}`, { expect: 200 });
    pages.push(body.items);
    cursor = body.nextCursor as string | null;
    if (cursor !== null) await between(body.items);
    if (pages.length > 1_000) throw new Error(`${path} has no end`);
  }
  return pages;
}

export function idsOfPages(pages: { id: number }[][]): number[] {
  return pages.flat().map(({ id }) => id);
}
