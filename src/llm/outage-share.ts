import { CircuitState, type IBreaker } from 'cockatiel';

const WINDOW_MS = 30_000;
const SLICE_MS = 1_000;

/**
 * Fewer calls than this say nothing. A provider that fails one call in ten fails half of thirty once in thirty
 * million such windows, and of more calls hardly ever.
 */
const MIN_CALLS = 30;

const SHARE = 0.5;

interface Slice {
  beganAt: number;
  calls: number;
  outages: number;
}

/**
 * Says when a circuit opens: at least half of the calls that ended within the last 30 seconds were outages, of at
 * least thirty. Cockatiel's `SamplingBreaker` drops one old slice a call at most, so that on a quiet model it would
 * add up the failures of hours.
 */
export class OutageShare implements IBreaker {
  /** Oldest first. */
  state: Slice[] = [];

  success(state: CircuitState): void {
    // The probe succeeded: what was before it does not count any more.
    if (state === CircuitState.HalfOpen) this.state = [];
    else this.count(0);
  }

  failure(state: CircuitState): boolean {
    if (state !== CircuitState.Closed) return true;
    this.count(1);
    const sum = (key: 'calls' | 'outages') => this.state.reduce((total, slice) => total + slice[key], 0);
    return sum('calls') >= MIN_CALLS && sum('outages') >= SHARE * sum('calls');
  }

  private count(outages: 0 | 1): void {
    const now = Date.now();
    while (this.state[0] && this.state[0].beganAt <= now - WINDOW_MS) this.state.shift();
    let slice = this.state.at(-1);
    if (!slice || slice.beganAt <= now - SLICE_MS) {
      slice = { beganAt: now, calls: 0, outages: 0 };
      this.state.push(slice);
    }
    slice.calls += 1;
    slice.outages += outages;
  }
}
