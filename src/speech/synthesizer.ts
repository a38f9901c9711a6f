/** What a clip comes as: MP3, WAV of 16 bits, or Opus in Ogg. */
export const SPEECH_FORMATS = ['mp3', 'wav', 'opus'] as const;
export type SpeechFormat = (typeof SPEECH_FORMATS)[number];

export interface Voice {
  /** What a request names it by. At most 60 characters. */
  id: string;
  /** For people. */
  name: string;
  /** The language that it speaks, as a tag; null where it follows the text. */
  language: string | null;
}

export interface SynthesisRequest {
  /** What is spoken: plain text with something to say in it, at most `maxCharacters`. */
  text: string;
  /** One of `voices`. */
  voice: string;
  format: SpeechFormat;
  /** The text's language as a tag, where it is known. */
  language?: string;
}

/**
 * - `voice_unknown`: the voice is not one of `voices`
 * - `voice_not_set_up`: a program or a key is missing on this machine
 * - `speech_refused`: the provider will not speak this text
 * - `speech_auth`: the provider refused our key, or has no such model
 * - `speech_quota`: the money or quota there is used up
 * - `speech_timeout`: it took too long
 * - `speech_protocol`: what came is no sound
 * - `speech_unavailable`: it cannot be reached, has too much to do, or is out of order
 */
export type SpeechErrorCode =
  | 'voice_unknown'
  | 'voice_not_set_up'
  | 'speech_refused'
  | 'speech_auth'
  | 'speech_quota'
  | 'speech_timeout'
  | 'speech_protocol'
  | 'speech_unavailable';

/** Why nothing was spoken. Neither the text nor the provider's message is in it. */
export class SpeechError extends Error {
  constructor(
    readonly code: SpeechErrorCode,
    /** The same request may succeed later. */
    readonly retryable: boolean,
    readonly options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(code, { cause: options.cause });
    this.name = 'SpeechError';
  }
}

/**
 * Port: speaks texts.
 *
 * Each call is one attempt and gives one whole, valid file of the asked format, in pieces as they are made; a WAV file
 * says its true length, so that it begins when all of it is there. What was given before an error is of no use. The
 * iteration throws `SpeechError`, or the signal's reason: aborting ends the provider's work at once (its socket is
 * closed, its process killed), and so does a reader that leaves.
 */
export abstract class SpeechSynthesizer {
  /** The provider's name, for people and logs. */
  abstract readonly name: string;
  /** The longest text of one call, in code points. */
  abstract readonly maxCharacters: number;
  /** What it can speak with; of those for a language, and of all, the first is the best to begin with. */
  abstract voices(): Voice[];
  abstract synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
