import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CallOutcome, type Circuit, Circuits } from './circuits.js';

const OPEN_MS = 10_000;

describe('Circuits', () => {
  let circuits: Circuits;
  let circuit: Circuit;
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const log = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    circuits = new Circuits(OPEN_MS);
    circuit = circuits.of('openai', 'gpt');
    warn.mockClear();
    log.mockClear();
  });
  afterEach(() => vi.useRealTimers());

  /** Makes so many calls; returns how many were let through. */
  async function call(count: number, outcome: CallOutcome, of = circuit): Promise<number> {
    let entered = 0;
    for (let i = 0; i < count; i += 1) {
      const pass = of.enter();
      if (pass) entered += 1;
      await pass?.tell(outcome);
    }
    return entered;
  }

  it('opens when half of thirty calls were outages, not before', async () => {
    await call(15, 'answered');
    expect(await call(14, 'outage')).toBe(14);
    expect(circuit.closed).toBe(true);
    await call(1, 'outage');
    expect(circuit.closed).toBe(false);
    expect(await call(5, 'answered')).toBe(0);
  });

  it('says that it refuses while it is open, and no more when a probe is due', async () => {
    expect(circuit.refuses).toBe(false);
    await call(30, 'outage');
    expect(circuit.refuses).toBe(true);
    vi.advanceTimersByTime(OPEN_MS - 1);
    expect(circuit.refuses).toBe(true);
    vi.advanceTimersByTime(1);
    expect([circuit.closed, circuit.refuses]).toEqual([false, false]);
    await call(1, 'outage');
    expect(circuit.refuses).toBe(true);
    vi.advanceTimersByTime(OPEN_MS);
    await call(1, 'answered');
    expect(circuit.refuses).toBe(false);
  });

  it('stays closed where less than half fails, however many', async () => {
    for (let i = 0; i < 200; i += 1) {
      await call(6, 'answered');
      await call(5, 'outage');
    }
    expect(circuit.closed).toBe(true);
  });

  it('stays closed with one failure in ten, in any order', async () => {
    // A generator of its own, so that a failure of this test can be repeated.
    let state = 7;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let i = 0; i < 20_000; i += 1) {
      vi.advanceTimersByTime(i % 2 === 0 ? 1_000 : 0);
      await call(1, random() < 0.1 ? 'outage' : 'answered');
      expect(circuit.closed).toBe(true);
    }
  });

  it('counts neither refusals nor calls that were withdrawn', async () => {
    await call(100, 'refused');
    await call(100, 'withdrawn');
    await call(29, 'outage');
    expect(circuit.closed).toBe(true);
    await call(1, 'outage');
    expect(circuit.closed).toBe(false);
  });

  it('forgets what is older than 30 seconds', async () => {
    for (let i = 0; i < 60; i += 1) {
      vi.advanceTimersByTime(1_100);
      await call(1, 'outage');
    }
    expect(circuit.closed).toBe(true);
  });

  describe('open', () => {
    beforeEach(() => call(30, 'outage'));

    it('lets one call through after its time, and closes when that is answered', async () => {
      vi.advanceTimersByTime(OPEN_MS - 1);
      expect(circuit.enter()).toBeUndefined();
      vi.advanceTimersByTime(1);
      const probe = circuit.enter();
      expect(probe).toBeDefined();
      expect(circuit.enter()).toBeUndefined();
      await probe?.tell('answered');
      expect(circuit.closed).toBe(true);
      // What was before does not count any more.
      expect(await call(29, 'outage')).toBe(29);
      expect(circuit.closed).toBe(true);
    });

    it('stays open for as long again when the probe fails', async () => {
      for (let i = 0; i < 3; i += 1) {
        vi.advanceTimersByTime(OPEN_MS);
        expect(await call(3, 'outage')).toBe(1);
        vi.advanceTimersByTime(OPEN_MS - 1);
        expect(circuit.enter()).toBeUndefined();
      }
    });

    it('closes when the probe is refused: the provider is there', async () => {
      vi.advanceTimersByTime(OPEN_MS);
      await call(1, 'refused');
      expect(circuit.closed).toBe(true);
    });

    it('makes the next call the probe when one is withdrawn', async () => {
      vi.advanceTimersByTime(OPEN_MS);
      for (let i = 0; i < 3; i += 1) {
        expect(await call(1, 'withdrawn')).toBe(1);
        expect(circuit.closed).toBe(false);
      }
      expect(await call(1, 'outage')).toBe(1);
      expect(circuit.enter()).toBeUndefined();
      vi.advanceTimersByTime(OPEN_MS);
      expect(await call(1, 'answered')).toBe(1);
      expect(circuit.closed).toBe(true);
    });

    it('is no concern of calls that were let through before', async () => {
      const other = circuits.of('openai', 'slow');
      const late = Array.from({ length: 40 }, () => other.enter());
      await call(30, 'outage', other);
      await Promise.all(late.map(async (pass, i) => pass?.tell(i % 2 === 0 ? 'answered' : 'outage')));
      expect(other.closed).toBe(false);
    });

    it('says so once, and once that it is over', async () => {
      for (let i = 0; i < 3; i += 1) {
        vi.advanceTimersByTime(OPEN_MS);
        await call(1, i === 1 ? 'withdrawn' : 'outage');
      }
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/^the circuit of openai "gpt" opens: /)]]);
      vi.advanceTimersByTime(OPEN_MS);
      await call(1, 'answered');
      expect(log.mock.calls).toEqual([[expect.stringMatching(/^the circuit of openai "gpt" closes: /)]]);
    });

    it('is open for this model of this provider alone', async () => {
      expect(circuits.of('openai', 'gpt').closed).toBe(false);
      expect(circuits.of('openai', 'gpt-2').closed).toBe(true);
      expect(circuits.of('bailian', 'gpt').closed).toBe(true);
    });

    it('is kept while it is asked for, and forgotten when a thousand others were', () => {
      for (let i = 0; i < 2_500; i += 1) {
        circuits.of('openai', `other-${i}`);
        if (i % 900 === 0) expect(circuits.of('openai', 'gpt')).toBe(circuit);
      }
      for (let i = 0; i < 1_000; i += 1) circuits.of('openai', `another-${i}`);
      expect(circuits.of('openai', 'gpt').closed).toBe(true);
    });
  });
});
