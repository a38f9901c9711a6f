import { EngineError, type WhisperEngine } from './whisper-engine.js';

/** An engine, and how many of its places are taken. */
export interface Seat {
  readonly engine: WhisperEngine;
  busy: number;
}

interface Waiter {
  /** Whom it does not want. */
  readonly not: Seat | undefined;
  readonly take: (seat: Seat) => void;
  readonly fail: (error: unknown) => void;
}

interface Wish {
  signal: AbortSignal;
  /** An engine that it does not want. */
  not?: Seat;
  /** Goes before all who wait already. */
  first?: boolean;
}

/** The places at some engines, and the line of those who wait for one. Whoever takes a place leaves it. */
export class Seats {
  readonly all: readonly Seat[];
  private readonly line: Waiter[] = [];

  constructor(engines: readonly WhisperEngine[]) {
    this.all = engines.map((engine) => ({ engine, busy: 0 }));
  }

  get busy(): number {
    return this.all.reduce((sum, { busy }) => sum + busy, 0);
  }

  get waiting(): number {
    return this.line.length;
  }

  isReady(not?: Seat): boolean {
    return this.all.some((seat) => seat !== not && seat.engine.ready());
  }

  /** Whether somebody who comes now need not wait. */
  isFree(): boolean {
    return this.line.length === 0 && this.leastBusy() !== undefined;
  }

  /** Rejects with the signal's reason, or with what everybody in the line is refused with. */
  take({ signal, not, first = false }: Wish): Promise<Seat> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        not,
        take: (seat) => {
          signal.removeEventListener('abort', abort);
          resolve(seat);
        },
        fail: (error) => {
          signal.removeEventListener('abort', abort);
          reject(error as Error);
        },
      };
      const abort = () => {
        this.line.splice(this.line.indexOf(waiter), 1);
        waiter.fail(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      if (first) this.line.unshift(waiter);
      else this.line.push(waiter);
      this.serve();
    });
  }

  leave(seat: Seat): void {
    seat.busy -= 1;
    this.serve();
  }

  /** Gives free places to those who wait; also to be called now and then, since engines get ready without a word. */
  serve(): void {
    for (const waiter of [...this.line]) {
      const seat = this.leastBusy(waiter.not);
      if (seat) {
        this.line.splice(this.line.indexOf(waiter), 1);
        // At once, not when the waiter goes on: the next one must see it.
        seat.busy += 1;
        waiter.take(seat);
      } else if (!this.isReady(waiter.not)) {
        this.line.splice(this.line.indexOf(waiter), 1);
        waiter.fail(new EngineError('engine_unavailable', 'no engine is ready'));
      }
    }
  }

  refuse(error: EngineError): void {
    for (const waiter of this.line.splice(0)) waiter.fail(error);
  }

  private leastBusy(not?: Seat): Seat | undefined {
    const free = this.all.filter(
      (seat) => seat !== not && seat.busy < seat.engine.slots && seat.engine.ready(),
    );
    return free.toSorted((a, b) => a.busy / a.engine.slots - b.busy / b.engine.slots)[0];
  }
}
