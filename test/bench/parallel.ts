/** The numbers from 0, `count` of them. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Does the work for each item, at most `limit` at a time; results in the order of the items. */
export async function parallel<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!);
  };
  await Promise.all(range(Math.min(limit, items.length)).map(worker));
  return results;
}
