import { lookup } from 'node:dns/promises';
import { type Pcm, readWav } from '../../libs/audio/wav.js';
import { fetchLink, isPrivateAddress } from './fetch-link.js';
import { PatientCall } from './patient-call.js';
import { refusalOf, reportedFailure } from './provider-refusal.js';
import { soundOf } from './sound-check.js';
import { asFile, toldAsSpeech } from './spoken-pcm.js';
import { SpeechError, SpeechSynthesizer, type SynthesisRequest, type Voice } from './synthesizer.js';

export interface QwenSpeechOptions {
  apiKey: string;
  /** The host, without a path. */
  baseURL: string;
  model: string;
  voices: readonly string[];
  /** Longest wait for the answer, for the sound behind its link, and longest silence in it. */
  timeoutMs: number;
}

interface Answer {
  code?: unknown;
  output?: { audio?: { url?: unknown } | null } | null;
}

/** Six hundred characters are two minutes: some 6 MB. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_ANSWER = 1024 * 1024;
const PATH = '/api/v1/services/aigc/multimodal-generation/generation';
const LANGUAGES: Record<string, string> = { en: 'English', zh: 'Chinese' };

/**
 * `SpeechSynthesizer` over Qwen-TTS of DashScope. Its answer is a link to a WAV file, which lasts a day: the sound is
 * fetched at once.
 */
export class QwenSynthesizer extends SpeechSynthesizer {
  readonly name = 'qwen';
  readonly maxCharacters = 600;

  constructor(private readonly options: QwenSpeechOptions) {
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
      const link = await this.ask(request, call);
      yield* asFile(() => this.fetch(link, call), { format: request.format, signal, timeoutMs });
    } finally {
      call.release();
    }
  }

  private async ask(request: SynthesisRequest, call: PatientCall): Promise<unknown> {
    const response = await call.within(this.open(request, call.signal));
    if (!response.ok) throw await call.within(refusalOf(response));
    const parts: Uint8Array[] = [];
    for await (const part of call.read(response.body, MAX_ANSWER)) parts.push(part);
    const answer = answerOf(Buffer.concat(parts).toString());
    const link = answer.output?.audio?.url;
    if (typeof link === 'string' && link !== '') return link;
    throw answer.code === undefined ? new SpeechError('speech_protocol', true) : reportedFailure(answer.code);
  }

  private open({ text, voice, language }: SynthesisRequest, signal: AbortSignal): Promise<Response> {
    const { apiKey, baseURL, model } = this.options;
    const languageType = LANGUAGES[(language ?? '').split('-')[0]!];
    const input = { text, voice, ...(languageType && { language_type: languageType }) };
    return fetch(baseURL + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model, input }),
      redirect: 'error',
      signal,
    });
  }

  private async fetch(link: unknown, call: PatientCall): Promise<Pcm> {
    const allowPrivate = await isPrivateHost(this.options.baseURL);
    const message = await call.within(fetchLink(link, { signal: call.signal, allowPrivate }));
    return readWav(soundOf('wav', call.read(message, MAX_BYTES)));
  }
}

function answerOf(text: string): Answer {
  try {
    return (JSON.parse(text) as Answer | null) ?? {};
  } catch {
    throw new SpeechError('speech_protocol', true);
  }
}

/** Whether the provider that was configured is in the private network itself, as a stand-in is. */
async function isPrivateHost(baseURL: string): Promise<boolean> {
  const { hostname } = new URL(baseURL);
  try {
    const { address } = await lookup(hostname.replace(/^\[|\]$/g, ''));
    return isPrivateAddress(address);
  } catch {
    return false;
  }
}
