import { randomUUID } from 'node:crypto';
import type { Signals } from '../../libs/streams/signals.js';
import { Transcriber, type TranscriberState } from '../../libs/whisper/transcriber.js';
import { EngineError } from '../../libs/whisper/whisper-engine.js';

const TOPIC = 'speech.transcriber';
const ANNOUNCE_MS = 2_000;
const LOOK_MS = 250;
/** So long without a word, and a worker is gone. */
const SILENCE_MS = 7_000;
/** The best first. */
const CONDITIONS = ['ready', 'starting', 'down', 'not_set_up'] as const;

interface Announcement {
  from: string;
  state: TranscriberState;
}

/** Tells the other processes how the transcriber of this one is: when that changes, and every two seconds. */
export function announce(transcriber: Transcriber, signals: Signals): () => void {
  const from = randomUUID();
  let told = '';
  let at = -Infinity;
  const look = () => {
    const state = transcriber.state();
    const news = `${state.condition} ${state.places}`;
    if (news === told && performance.now() - at < ANNOUNCE_MS) return;
    [told, at] = [news, performance.now()];
    void signals.send(TOPIC, { from, state } satisfies Announcement);
  };
  look();
  const timer = setInterval(look, LOOK_MS).unref();
  return () => clearInterval(timer);
}

/** Knows how the transcribers of the workers are, for a process that runs no jobs and so has none. */
export class AnnouncedTranscriber extends Transcriber {
  private readonly heard = new Map<string, { state: TranscriberState; at: number }>();
  private readonly since = performance.now();
  private readonly stop: () => void;

  constructor(signals: Signals) {
    super();
    this.stop = signals.on(TOPIC, (data) => {
      const { from, state } = data as Announcement;
      this.heard.set(from, { state, at: performance.now() });
    });
  }

  state(): TranscriberState {
    const now = performance.now();
    for (const [from, { at }] of this.heard) if (now - at > SILENCE_MS) this.heard.delete(from);
    const states = [...this.heard.values()].map(({ state }) => state);
    const best = CONDITIONS.map((one) => states.find(({ condition }) => condition === one)).find(Boolean);
    if (!best) return nobody(now - this.since < SILENCE_MS);
    return {
      ready: best.ready,
      places: states.reduce((sum, { places }) => sum + places, 0),
      services: states.flatMap(({ services }) => services),
      condition: best.condition,
      reason: best.reason,
    };
  }

  transcribe(): Promise<never> {
    return Promise.reject(new EngineError('engine_unavailable', 'pieces are transcribed by workers'));
  }

  close(): Promise<void> {
    this.stop();
    return Promise.resolve();
  }
}

function nobody(isEarly: boolean): TranscriberState {
  const nothing = { ready: false, places: 0, services: [] };
  if (isEarly) return { ...nothing, condition: 'starting', reason: null };
  return { ...nothing, condition: 'down', reason: 'no worker is there' };
}
