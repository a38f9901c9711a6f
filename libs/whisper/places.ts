/** A number of places that are taken and given back; who finds none waits in line. */
export class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Resolves when a place is the caller's, with what gives it back. Rejects with the signal's reason, and is then out of the line. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.free > 0) this.free -= 1;
    else await this.turn(signal);
    let taken = true;
    return () => {
      if (taken) this.next();
      taken = false;
    };
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const come = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(come), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(come);
    });
  }

  /** Gives a place to the first in line, or back. */
  private next(): void {
    const first = this.waiting.shift();
    if (first) first();
    else this.free += 1;
  }
}
