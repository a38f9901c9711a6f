interface Running<T> {
  result: Promise<T>;
  abort: AbortController;
  waiting: number;
}

/** Work that several may want at once: it is done once, for all of them, and given up when the last of them has left. */
export class SharedWork<T> {
  private readonly running = new Map<string, Running<T>>();

  /**
   * Does the work, or waits for whoever is doing it.
   * @throws what the work throws; the signal's reason where it is aborted before that
   */
  async join(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const shared = this.running.get(key) ?? this.begin(key, work);
    shared.waiting += 1;
    try {
      return await untilAborted(shared.result, signal);
    } finally {
      shared.waiting -= 1;
      if (shared.waiting === 0) this.giveUp(key, shared);
    }
  }

  private begin(key: string, work: (signal: AbortSignal) => Promise<T>): Running<T> {
    const abort = new AbortController();
    const result = work(abort.signal);
    const shared = { result, abort, waiting: 0 };
    this.running.set(key, shared);
    // Whoever waits hears of a failure; when nobody does, it is nobody's.
    result.catch(() => undefined);
    return shared;
  }

  /** Who comes from now on begins anew. */
  private giveUp(key: string, shared: Running<T>): void {
    if (this.running.get(key) === shared) this.running.delete(key);
    shared.abort.abort();
  }
}

function untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
