import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode } from '../../libs/audio/encode.js';
import { Slots } from '../../libs/audio/slots.js';
import { type Pcm, readWav } from '../../libs/audio/wav.js';
import { wavOf } from '../../libs/audio/wav-spool.js';
import { partsOf } from './sentences.js';
import { toldAsSpeech } from './spoken-pcm.js';
import { SpeechError, SpeechSynthesizer, type SynthesisRequest } from './synthesizer.js';

/** What is spoken: sentences, and how. */
export interface Spoken extends Omit<SynthesisRequest, 'text'> {
  sentences: readonly string[];
}

/** Clips that one process makes at a time: of one call each, and such as are joined, which need more memory. */
const AT_ONCE = 32;
const JOINED_AT_ONCE = 4;
/** Of a clip that is joined, the parts are held as samples until they are passed on: some two minutes each. */
const JOINED_CHARACTERS = 1_500;
/** A second attempt at a part that failed and may succeed. */
const PAUSE_MS = 300;
/** Whoever asks for a longer pause is not waited for. */
const LONGEST_PAUSE_MS = 2_000;
const ENCODER_TIMEOUT_MS = 30_000;

/**
 * Speaks sentences as one file. What the synthesizer takes in one call, it speaks in one; of longer texts the parts are
 * asked for as samples, joined, and encoded here, because files of MP3 that are put behind one another are no file.
 */
@Injectable()
export class ClipMaker {
  private readonly slots = new Slots(AT_ONCE);
  private readonly joinedSlots = new Slots(JOINED_AT_ONCE);

  constructor(private readonly synthesizer: SpeechSynthesizer) {}

  /** The file's bytes. @throws SpeechError, or the signal's reason */
  async *make(spoken: Spoken, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const [text, ...more] = partsOf(spoken.sentences, this.synthesizer.maxCharacters);
    const release = await (more.length === 0 ? this.slots : this.joinedSlots).take(signal);
    try {
      if (more.length === 0) yield* await this.part({ ...spoken, text: text! }, signal);
      else yield* toldAsSpeech(this.joined(spoken, signal), signal);
    } finally {
      release();
    }
  }

  private async *joined(spoken: Spoken, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const texts = partsOf(spoken.sentences, Math.min(this.synthesizer.maxCharacters, JOINED_CHARACTERS));
    const open = () => this.samplesOf(texts, spoken, signal);
    if (spoken.format === 'wav') yield* wavOf(await open());
    else yield* encode(open, { format: spoken.format, signal, timeoutMs: ENCODER_TIMEOUT_MS });
  }

  private async samplesOf(texts: string[], spoken: Spoken, signal: AbortSignal): Promise<Pcm> {
    const read = async (text: string) =>
      readWav(each(await this.part({ ...spoken, text, format: 'wav' }, signal)));
    const first = await read(texts[0]!);
    async function* samples(): AsyncGenerator<Uint8Array> {
      yield* first.samples;
      for (const text of texts.slice(1)) {
        const next = await read(text);
        if (next.sampleRate !== first.sampleRate || next.channels !== first.channels)
          throw new SpeechError('speech_protocol', false);
        yield* next.samples;
      }
    }
    return { ...first, samples: samples() };
  }

  /** One call's file, whole: so that a second attempt leaves no trace of the first. */
  private async part(request: SynthesisRequest, signal: AbortSignal): Promise<Uint8Array[]> {
    try {
      return await this.speak(request, signal);
    } catch (error) {
      if (!(error instanceof SpeechError) || !error.retryable) throw error;
      const pause = error.options.retryAfterMs ?? PAUSE_MS;
      if (error.code === 'speech_timeout' || pause > LONGEST_PAUSE_MS) throw error;
      await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      return this.speak(request, signal);
    }
  }

  private async speak(request: SynthesisRequest, signal: AbortSignal): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.synthesizer.synthesize(request, signal)) pieces.push(piece);
    return pieces;
  }
}

async function* each(pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
