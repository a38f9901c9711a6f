/** Where a `whisper-server` is, and whether it is there. */
export interface WhisperServerPlace {
  /** Technology and model, at most 60 characters. */
  readonly name: string;

  /** Checks what it needs and begins to get ready. @throws EngineError engine_refused where that can never be */
  start(): Promise<void>;

  /** What its paths begin with, with a slash at the end; null while it is not ready. */
  address(): URL | null;

  /** A connection broke, or the server works on something that nobody waits for any more, and does not stop. */
  doubt(trouble: 'broken' | 'stuck'): Promise<void>;

  close(): Promise<void>;
}

/** The longest name of an engine. */
export const NAME_LENGTH = 60;
