/** What one source gave: a batch, or that it has ended. */
export interface Given<Name, Item> {
  name: Name;
  /** Undefined: there is no more of this source. */
  batch: Item[] | undefined;
}

/**
 * Several sources of batches as one, each in its own order. A source is asked for its next batch when the last one was
 * taken, so that whoever reads slowly holds them up rather than filling the memory.
 */
export class MergedBatches<Name, Item> {
  private readonly sources = new Map<Name, AsyncIterator<Item[]>>();
  private readonly ready: Given<Name, Item>[] = [];
  private failure: { error: unknown } | undefined;
  private wake: (() => void) | undefined;

  add(name: Name, batches: AsyncIterable<Item[]>): void {
    this.sources.set(name, batches[Symbol.asyncIterator]());
    this.ask(name);
  }

  /** What comes next, of whichever source; undefined when all have ended. Throws what a source throws. */
  async next(): Promise<Given<Name, Item> | undefined> {
    for (;;) {
      if (this.failure) throw this.failure.error;
      const given = this.ready.shift();
      if (given) {
        if (given.batch) this.ask(given.name);
        return given;
      }
      if (this.sources.size === 0) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private ask(name: Name): void {
    this.sources
      .get(name)!
      .next()
      .then(
        ({ done, value }) => {
          if (done) this.sources.delete(name);
          this.ready.push({ name, batch: done ? undefined : value });
        },
        (error: unknown) => {
          this.sources.delete(name);
          this.failure ??= { error };
        },
      )
      .finally(() => this.wake?.());
  }
}
