/**
 * Limits how long one waits for the next item of something. Only waiting counts: a consumer that is slow itself must
 * not make its provider look idle. One timer serves a whole stream; it is set anew when it goes off, not at each item,
 * so that an item costs a look at the clock.
 */
export class Watchdog {
  /** The limit was exceeded. */
  barked = false;
  private timer: NodeJS.Timeout | undefined;
  private waitingSince: number | undefined;

  /** @param bark must end the waiting, as aborting its signal does; called once */
  constructor(
    /** Milliseconds; a new value holds from the next item on. */
    private limit: number,
    private readonly bark: () => void,
  ) {}

  /** The wait for an item begins; with another limit than before, where one is named. */
  wait(limit = this.limit): void {
    if (limit !== this.limit) {
      this.limit = limit;
      clearTimeout(this.timer);
      this.timer = undefined;
    }
    this.waitingSince = performance.now();
    this.timer ??= this.timerOf(this.limit);
  }

  /** It is over. */
  rest(): void {
    this.waitingSince = undefined;
  }

  /** Nothing will be waited for any more. */
  release(): void {
    this.rest();
    clearTimeout(this.timer);
  }

  private timerOf(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.timer = undefined;
      if (this.waitingSince === undefined) return;
      const left = this.limit - (performance.now() - this.waitingSince);
      if (left > 0) {
        // Timers may go off a fraction of a millisecond early.
        this.timer = this.timerOf(Math.ceil(left));
        return;
      }
      this.barked = true;
      this.bark();
    }, ms);
  }
}
