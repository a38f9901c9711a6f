import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Watchdog } from './watchdog.js';

describe('Watchdog', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('barks once, when one wait was too long', () => {
    const bark = vi.fn();
    const dog = new Watchdog(100, bark);
    for (let i = 0; i < 10; i += 1) {
      dog.wait();
      vi.advanceTimersByTime(90);
      dog.rest();
    }
    dog.wait();
    vi.advanceTimersByTime(99);
    expect(dog.barked).toBe(false);
    vi.advanceTimersByTime(2);
    expect(dog.barked).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(bark).toHaveBeenCalledTimes(1);
  });

  it('does not count the time between waits', () => {
    const dog = new Watchdog(100, () => undefined);
    dog.wait();
    dog.rest();
    vi.advanceTimersByTime(10_000);
    dog.wait();
    vi.advanceTimersByTime(99);
    expect(dog.barked).toBe(false);
  });

  it('takes another limit, shorter or longer, at once', () => {
    const dog = new Watchdog(10_000, () => undefined);
    dog.wait();
    dog.rest();
    dog.wait(50);
    vi.advanceTimersByTime(51);
    expect(dog.barked).toBe(true);
    const patient = new Watchdog(50, () => undefined);
    patient.wait();
    patient.wait(10_000);
    vi.advanceTimersByTime(9_990);
    expect(patient.barked).toBe(false);
  });

  it('is silent when released, and keeps no timer', () => {
    const dog = new Watchdog(100, () => undefined);
    dog.wait();
    dog.release();
    expect(vi.getTimerCount()).toBe(0);
  });
});
