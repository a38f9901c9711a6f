/** Samples a second of everything that an engine hears: one channel of signed 16-bit little-endian PCM. */
export const SAMPLE_RATE = 16_000;
/** The longest piece in seconds: what Whisper looks at in one go. */
export const MAX_PIECE_SECONDS = 30;
/** The longest piece in bytes. */
export const MAX_PIECE_BYTES = MAX_PIECE_SECONDS * SAMPLE_RATE * 2;

/** `transcribe` writes down what was said, `translate` says it in English. */
export type WhisperTask = 'transcribe' | 'translate';

/** A piece of a recording, and what is wanted of it. */
export interface WhisperPiece {
  /** 16 kHz mono s16le without a header; 2 to MAX_PIECE_BYTES bytes, an even number. */
  pcm: Buffer;
  task: WhisperTask;
  /** ISO 639-1 code such as `zh`; without it the engine finds out, which takes it a second look at the sound. */
  language?: string;
  /** Words that are likely to come, in the language that is spoken: names, vocabulary. */
  prompt?: string;
  /** Whether words with their times and probabilities are wanted. */
  words: boolean;
}

/** A word (in Chinese: a character or a few). Times in seconds from the beginning of the piece. */
export interface WhisperWord {
  text: string;
  start: number;
  end: number;
  /** How sure the engine is of it, 0 to 1; null where it does not say. */
  probability: number | null;
}

/** A stretch of speech. Times in seconds from the beginning of the piece. */
export interface WhisperSegment {
  start: number;
  end: number;
  /** Without spaces around it. */
  text: string;
  /** How sure the engine is on average, 0 to 1; null where it does not say. */
  probability: number | null;
  /** How likely it is that nobody speaks here, 0 to 1; null where the engine does not say. */
  noSpeech: number | null;
  /** Empty unless they were wanted. */
  words: WhisperWord[];
}

export interface WhisperResult {
  /** ISO 639-1 code of what is spoken: the one that was asked for, or the one that was found; null where the engine does not say. */
  language: string | null;
  /** In their order; none where nothing was heard. */
  segments: WhisperSegment[];
}

/**
 * `engine_unavailable`: it cannot be reached, has died or is not loaded: try elsewhere or later.
 * `engine_busy`: all its places are taken and its queue is full: the same.
 * `engine_failed`: it said no or nonsense; the same piece may work a second time.
 * `engine_refused`: it will never take this (key refused, piece out of its limits).
 */
export type EngineErrorCode = 'engine_unavailable' | 'engine_busy' | 'engine_failed' | 'engine_refused';

/** An engine could not do its work. Messages hold no text that was heard, no prompt and no key. */
export class EngineError extends Error {
  constructor(
    readonly code: EngineErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'EngineError';
  }
}

/**
 * Port: something that turns a piece of speech into text. It keeps nothing between two pieces.
 *
 * An engine works on at most `slots` pieces at once; who sends more waits in no particular order, or is told
 * `engine_busy`. Less than a tenth of a second is nothing heard. When `signal` aborts, `transcribe` rejects with the
 * signal's reason, and the engine stops within a second; where it can only be stopped by ending its process, it is not
 * ready until that is back. An engine whose process dies, or whose server goes away, is not ready until it is
 * back, which it sees to itself.
 */
export abstract class WhisperEngine {
  /** Technology and model, for people and rows: `whisper.cpp ggml-large-v3-turbo-q5_0`; at most 60 characters. */
  abstract readonly name: string;
  /** How many pieces it works on at once. */
  abstract readonly slots: number;

  /**
   * Checks what it needs, which takes seconds for a large model with a sha256, and begins to get ready.
   *
   * @throws EngineError engine_refused where it can never be: no binary, no model, a wrong sha256; its message is one
   * line that says what to do
   */
  abstract start(): Promise<void>;

  /** Whether a piece sent now would be worked on: its model is loaded. */
  abstract ready(): boolean;

  /** @throws EngineError, or the signal's reason */
  abstract transcribe(piece: WhisperPiece, signal: AbortSignal): Promise<WhisperResult>;

  /** Lets go of processes and connections; pieces under way fail with engine_unavailable. */
  abstract close(): Promise<void>;
}
