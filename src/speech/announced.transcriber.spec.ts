import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InProcessSignals } from '../../libs/streams/in-process-signals.js';
import { Transcriber, type TranscriberState } from '../../libs/whisper/transcriber.js';
import { announce, AnnouncedTranscriber } from './announced.transcriber.js';

const STARTING: TranscriberState = {
  ready: false,
  places: 0,
  services: [],
  condition: 'starting',
  reason: null,
};
const READY: TranscriberState = {
  ready: true,
  places: 2,
  services: [{ address: '127.0.0.1:1', ready: true, engine: 'parrot', busy: 0, slots: 2 }],
  condition: 'ready',
  reason: null,
};
const MISSING: TranscriberState = { ...STARTING, condition: 'not_set_up', reason: 'no model' };

/** A worker's transcriber that is as a test says. */
class Worker extends Transcriber {
  constructor(private now: TranscriberState) {
    super();
  }

  become(state: TranscriberState): void {
    this.now = state;
  }

  state(): TranscriberState {
    return this.now;
  }

  transcribe(): Promise<never> {
    return Promise.reject(new Error('not here'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('AnnouncedTranscriber', () => {
  const signals = new InProcessSignals();
  let here: AnnouncedTranscriber;
  const stops: (() => void)[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    here = new AnnouncedTranscriber(signals);
  });

  afterEach(async () => {
    for (const stop of stops.splice(0)) stop();
    await here.close();
    vi.useRealTimers();
  });

  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  it('waits a while for a worker, then says that none is there', async () => {
    expect(here.state()).toEqual(STARTING);
    await pass(8_000);
    expect(here.state()).toEqual({ ...STARTING, condition: 'down', reason: 'no worker is there' });
  });

  it('hears at once of what changes, and again and again of what does not', async () => {
    const worker = new Worker(STARTING);
    stops.push(announce(worker, signals));
    await pass(0);
    expect(here.state()).toEqual(STARTING);
    worker.become(READY);
    await pass(300);
    expect(here.state()).toEqual(READY);
    await pass(60_000);
    expect(here.state()).toEqual(READY);
    stops.pop()!();
    await pass(8_000);
    expect(here.state().condition).toBe('down');
  });

  it('adds up what workers have, and tells the best of it', async () => {
    stops.push(announce(new Worker(MISSING), signals));
    await pass(0);
    expect(here.state()).toEqual(MISSING);
    stops.push(announce(new Worker(READY), signals), announce(new Worker(READY), signals));
    await pass(0);
    expect(here.state()).toEqual({ ...READY, places: 4, services: [...READY.services, ...READY.services] });
  });

  it('transcribes nothing itself', async () => {
    await expect(here.transcribe()).rejects.toMatchObject({ code: 'engine_unavailable' });
  });
});
