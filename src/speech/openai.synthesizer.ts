import { readWav } from '../../libs/audio/wav.js';
import { PatientCall } from './patient-call.js';
import { refusalOf } from './provider-refusal.js';
import { soundOf } from './sound-check.js';
import { asFile, toldAsSpeech } from './spoken-pcm.js';
import { SpeechError, SpeechSynthesizer, type SynthesisRequest, type Voice } from './synthesizer.js';

export interface OpenAiSpeechOptions {
  /** None for a server that wants none. */
  apiKey?: string | undefined;
  /** Up to and with `/v1`. */
  baseURL: string;
  model: string;
  voices: readonly string[];
  /** How it shall be spoken, for models that can be told. */
  instructions?: string | undefined;
  /** Longest wait for the beginning, and longest silence after it. */
  timeoutMs: number;
}

/** Four thousand characters are five minutes: some 15 MB as WAV. */
const MAX_BYTES = 64 * 1024 * 1024;

/** `SpeechSynthesizer` over `audio/speech` of OpenAI and of everything that is compatible with it. */
export class OpenAiSynthesizer extends SpeechSynthesizer {
  readonly name = 'openai';
  readonly maxCharacters = 4_096;

  constructor(private readonly options: OpenAiSpeechOptions) {
    super();
  }

  override voices(): Voice[] {
    return this.options.voices.map((id) => ({ id, name: id, language: null }));
  }

  override synthesize(request: SynthesisRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return toldAsSpeech(this.speak(request, signal), signal);
  }

  private async *speak(request: SynthesisRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (!this.options.voices.includes(request.voice)) throw new SpeechError('voice_unknown', false);
    const { timeoutMs } = this.options;
    const call = new PatientCall(signal, timeoutMs);
    try {
      const response = await call.within(this.open(request, call.signal));
      if (!response.ok) throw await call.within(refusalOf(response));
      const bytes = soundOf(request.format, call.read(response.body, MAX_BYTES));
      // What is streamed does not know its own length: a WAV file gets a header of ours.
      if (request.format === 'wav') yield* asFile(() => readWav(bytes), { format: 'wav', signal, timeoutMs });
      else yield* bytes;
    } finally {
      call.release();
    }
  }

  private open({ text, voice, format }: SynthesisRequest, signal: AbortSignal): Promise<Response> {
    const { apiKey, baseURL, model, instructions } = this.options;
    const body = {
      model,
      input: text,
      voice,
      response_format: format,
      ...(instructions && { instructions }),
    };
    return fetch(`${baseURL}/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify(body),
      redirect: 'error',
      signal,
    });
  }
}
