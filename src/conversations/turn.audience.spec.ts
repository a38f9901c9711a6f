import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Signals } from '../../libs/streams/signals.js';
import type { Env } from '../config/env.js';
import { TurnAudience } from './turn.audience.js';

// The fake clock does not reach the promised timers of Node by itself.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

const GRACE_MS = 1_000;
const ANSWER_MS = 300;

/** What joins the processes of a test. */
class Wires extends Signals {
  private readonly listeners: [string, (data: unknown) => void][] = [];

  send(topic: string, data: unknown): Promise<void> {
    for (const [wanted, listener] of this.listeners) if (wanted === topic) listener(data);
    return Promise.resolve();
  }

  on(topic: string, listener: (data: unknown) => void): () => void {
    this.listeners.push([topic, listener]);
    return () => undefined;
  }
}

describe('TurnAudience', () => {
  const wires = new Wires();
  const abandoned: number[] = [];
  const process = () => new TurnAudience(wires, { DISCONNECT_GRACE_MS: GRACE_MS } as Env);
  let here: TurnAudience;
  let id = 0;

  beforeEach(() => {
    vi.useFakeTimers();
    abandoned.length = 0;
    id += 1;
    here = process();
    here.listen((messageId) => abandoned.push(messageId));
  });
  afterEach(() => vi.useRealTimers());

  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  it('takes a turn for abandoned when nobody has come for the time of grace, and not before', async () => {
    here.watch(id);
    await pass(GRACE_MS - 1);
    expect(abandoned).toEqual([]);
    await pass(ANSWER_MS + 1);
    expect(abandoned).toEqual([id]);
  });

  it('waits for the last of several listeners, and begins anew when one comes back', async () => {
    here.join(id);
    here.watch(id);
    here.join(id);
    here.leave(id);
    await pass(GRACE_MS * 3);
    here.leave(id);
    await pass(GRACE_MS - 1);
    here.join(id);
    await pass(GRACE_MS * 3);
    here.leave(id);
    await pass(GRACE_MS - 1);
    expect(abandoned).toEqual([]);
    await pass(ANSWER_MS + 1);
    expect(abandoned).toEqual([id]);
  });

  it('leaves a turn alone that somebody comes back to while the others are asked', async () => {
    here.watch(id);
    await pass(GRACE_MS + ANSWER_MS / 2);
    here.join(id);
    await pass(GRACE_MS * 3);
    expect(abandoned).toEqual([]);
  });

  it('asks the other processes, again and again while somebody listens there', async () => {
    const there = process();
    there.join(id);
    here.watch(id);
    await pass((GRACE_MS + ANSWER_MS) * 3);
    expect(abandoned).toEqual([]);
    there.leave(id);
    await pass(GRACE_MS + ANSWER_MS);
    expect(abandoned).toEqual([id]);
  });

  it('forgets a turn that has ended, also while the others are asked', async () => {
    here.watch(id);
    here.unwatch(id);
    await pass(GRACE_MS * 3);
    here.watch(id);
    await pass(GRACE_MS + ANSWER_MS / 2);
    here.unwatch(id);
    await pass(GRACE_MS * 3);
    expect(abandoned).toEqual([]);
  });

  it('says nothing of turns that are not watched', async () => {
    here.join(id);
    here.leave(id);
    await pass(GRACE_MS * 3);
    expect(abandoned).toEqual([]);
  });
});
