import { Readable } from 'node:stream';

/** One document, for people to read. */
export function jsonDocument(value: unknown): Readable {
  return Readable.from([Buffer.from(`${JSON.stringify(value, null, 2)}\n`)], { objectMode: false });
}

/** A list that is read page by page while it is written: `head`, then each item on a line of its own, then `tail`. */
export function jsonList(pages: AsyncIterable<unknown[]>, head = '[', tail = ']\n'): Readable {
  return Readable.from(written(pages, head, tail), { objectMode: false });
}

/** The same pages, once the first one is there: what goes wrong before that is an error of its own. */
export async function begun<T>(pages: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = pages[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let next = first; !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

async function* written(pages: AsyncIterable<unknown[]>, head: string, tail: string): AsyncGenerator<Buffer> {
  let before = `${head}\n`;
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield Buffer.from(before + page.map((item) => JSON.stringify(item)).join(',\n'));
    before = ',\n';
  }
  yield Buffer.from(before === ',\n' ? `\n${tail}` : before + tail);
}
