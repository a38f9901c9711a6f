/**
 * Limits how long an iteration may be silent. Only the time that is spent waiting for the next item counts: a
 * consumer that is slow itself must not make its provider look idle.
 */
export class Watchdog {
  /** The limit was exceeded. */
  barked = false;

  /** @param bark must end the iteration, as aborting its signal does; called once */
  constructor(
    /** Milliseconds; a new value holds from the next item on. */
    public limit: number,
    private readonly bark: () => void,
  ) {}

  /** The items of `source`. */
  async *watch<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = source[Symbol.asyncIterator]();
    let ended = false;
    try {
      for (;;) {
        const { done, value } = await this.time(iterator);
        if (done) {
          ended = true;
          return;
        }
        yield value;
      }
    } catch (error) {
      ended = true;
      throw error;
    } finally {
      if (!ended) await iterator.return?.();
    }
  }

  private async time<T>(iterator: AsyncIterator<T>): Promise<IteratorResult<T>> {
    const timer = setTimeout(() => {
      this.barked = true;
      this.bark();
    }, this.limit);
    try {
      return await iterator.next();
    } finally {
      clearTimeout(timer);
    }
  }
}
