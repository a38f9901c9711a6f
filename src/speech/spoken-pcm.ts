import { ChildError } from '../../libs/audio/child-output.js';
import { encode } from '../../libs/audio/encode.js';
import { type Pcm, WavError, wavHeader } from '../../libs/audio/wav.js';
import { SpeechError, type SpeechFormat } from './synthesizer.js';

export interface Delivery {
  format: SpeechFormat;
  signal: AbortSignal;
  timeoutMs: number;
}

/** Samples as a whole file of a format: MP3 and Opus while they come, WAV when all of them are there. */
export async function* asFile(
  open: () => Promise<Pcm>,
  { format, signal, timeoutMs }: Delivery,
): AsyncGenerator<Uint8Array> {
  if (format === 'wav') yield* asWav(await open());
  else yield* encode(open, { format, signal, timeoutMs });
}

async function* asWav(pcm: Pcm): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of pcm.samples) {
    chunks.push(chunk);
    bytes += chunk.length;
  }
  yield wavHeader(pcm, bytes);
  yield* chunks;
}

/** What the programs and readers below us say, in the words of the port; the signal's reason stays what it is. */
export function speechError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof SpeechError) return error;
  if (error instanceof WavError) return new SpeechError('speech_protocol', true, { cause: error });
  if (!(error instanceof ChildError)) return new SpeechError('speech_unavailable', true, { cause: error });
  if (error.failure === 'missing') return new SpeechError('voice_not_set_up', false, { cause: error });
  const code = error.failure === 'timeout' ? 'speech_timeout' : 'speech_unavailable';
  return new SpeechError(code, true, { cause: error });
}

/** The same pieces; whatever goes wrong is told as the port tells it. */
export async function* toldAsSpeech(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    throw speechError(error, signal);
  }
}
