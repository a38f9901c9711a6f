/** So many at a time; the others wait in the order in which they came. */
export class Slots {
  private readonly waiting = new Set<() => void>();
  private taken = 0;

  constructor(private readonly size: number) {}

  /** Waits for a slot; returns what gives it back. @throws the signal's reason */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.taken >= this.size) await this.turn(signal);
    else this.taken += 1;
    let isMine = true;
    return () => {
      if (isMine) this.giveBack();
      isMine = false;
    };
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.waiting.delete(go);
        reject(signal.reason as Error);
      };
      this.waiting.add(go);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** A slot that somebody waits for is handed on. */
  private giveBack(): void {
    const [next] = this.waiting;
    if (!next) {
      this.taken -= 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
