/** One for all: making the default reason, stack and all, for each call is not free. */
const ABORTED = new DOMException('This operation was aborted', 'AbortError');

/**
 * An abort controller of one upstream call that follows the caller's signal. It is not `AbortSignal.any`, because
 * the link must be taken off again: a caller's signal may outlive a thousand calls.
 */
export class LinkedAbort {
  private readonly controller = new AbortController();
  private readonly follow = () => this.controller.abort(ABORTED);
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parent: AbortSignal) {
    if (parent.aborted) this.controller.abort(ABORTED);
    else parent.addEventListener('abort', this.follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(): void {
    this.controller.abort(ABORTED);
  }

  /** Aborts after `ms`, counted from the first call of this method. */
  abortAfter(ms: number): void {
    this.timer ??= setTimeout(this.follow, ms);
  }

  /** Unlinks from the caller's signal and drops a pending timer; the call itself is left as it is. */
  release(): void {
    clearTimeout(this.timer);
    this.parent.removeEventListener('abort', this.follow);
  }
}
