import type { WhisperPiece, WhisperResult } from './whisper-engine.js';

/** A Whisper service, as it was a moment ago. */
export interface ServiceState {
  /** `host:port`. */
  address: string;
  /** Whether a piece sent now would be worked on. */
  ready: boolean;
  /** Technology and model; null while they are not known. */
  engine: string | null;
  /** Pieces that it works on, or that wait there. */
  busy: number;
  /** How many it works on at once. */
  slots: number;
}

export interface TranscriberState {
  /** Whether any service is ready now. */
  ready: boolean;
  /** How many pieces all ready services work on at once. */
  places: number;
  services: ServiceState[];
  /**
   * `ready`; `starting`: a service is there, or about to be, and loads its model; `down`: none can be reached;
   * `not_set_up`: there is none, and will be none before somebody sets it up.
   */
  condition: 'ready' | 'starting' | 'down' | 'not_set_up';
  /** Why it is down or not set up, in one line for people; null otherwise, or where that is not known. */
  reason: string | null;
}

/**
 * Port: turns a piece of speech into text, wherever there is an engine for it. What is transcribed is kept nowhere,
 * so a piece can be sent again at any time.
 */
export abstract class Transcriber {
  /** What is known now, at no cost; at most a few seconds old. */
  abstract state(): TranscriberState;

  /**
   * Goes to the service that is least busy, and to the others where that is gone or full.
   * @returns the text, and the name of the engine
   * @throws EngineError (engine_unavailable when none is ready after trying each, engine_busy when all are full,
   * engine_failed, engine_refused), or the signal's reason, at once; the engine is then free within a second
   */
  abstract transcribe(piece: WhisperPiece, signal: AbortSignal): Promise<WhisperResult & { engine: string }>;

  /** Lets go of connections and processes. */
  abstract close(): Promise<void>;
}
