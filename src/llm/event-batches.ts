/**
 * The items of `batches` one by one. What came in one batch is given out without waiting: an async generator that
 * yields item by item costs several turns of the microtask queue for each. To be iterated by one reader.
 */
export class EventBatches<T> implements AsyncIterableIterator<T> {
  private batch: readonly T[] = [];
  private at = 0;

  constructor(private readonly batches: AsyncGenerator<readonly T[], void>) {}

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.at >= this.batch.length) return this.nextBatch();
    return Promise.resolve({ done: false, value: this.batch[this.at++] as T });
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.batch = [];
    await this.batches.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async nextBatch(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const { done, value } = await this.batches.next();
      if (done === true) return { done: true, value: undefined };
      if (value.length === 0) continue;
      this.batch = value;
      this.at = 1;
      return { done: false, value: value[0] as T };
    }
  }
}
