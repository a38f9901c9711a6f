import { ConfigError } from '../config/config-error.js';
import type { Env } from '../config/env.js';
import { EspeakSynthesizer } from './espeak.synthesizer.js';
import { MuteSynthesizer } from './mute.synthesizer.js';
import { OpenAiSynthesizer } from './openai.synthesizer.js';
import { QwenSynthesizer } from './qwen.synthesizer.js';
import type { SpeechSynthesizer } from './synthesizer.js';

const OPENAI_VOICES = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'fable',
  'nova',
  'onyx',
  'sage',
  'shimmer',
  'verse',
];
const QWEN_VOICES = [
  'Cherry',
  'Ethan',
  'Serena',
  'Chelsie',
  'Jennifer',
  'Ryan',
  'Katerina',
  'Elias',
  'Nofish',
];

/** Who speaks here, as the environment says. @throws ConfigError where the program that it names is not as it says */
export async function makeSynthesizer(env: Env): Promise<SpeechSynthesizer> {
  if (env.TTS_PROVIDER === 'openai') return openAi(env);
  if (env.TTS_PROVIDER === 'qwen') return qwen(env);
  const espeak = await EspeakSynthesizer.find(env.TTS_TIMEOUT_MS);
  if (espeak && env.TTS_VOICE && !espeak.voices().some(({ id }) => id === env.TTS_VOICE))
    throw new ConfigError('TTS_VOICE', 'is no voice of espeak-ng; see espeak-ng --voices');
  return espeak ?? new MuteSynthesizer();
}

function openAi(env: Env): SpeechSynthesizer {
  return new OpenAiSynthesizer({
    apiKey: keyOf(env, env.OPENAI_API_KEY),
    baseURL: env.TTS_BASE_URL ?? env.OPENAI_BASE_URL,
    model: env.TTS_MODEL ?? 'gpt-4o-mini-tts',
    voices: voicesOf(env, OPENAI_VOICES),
    instructions: env.TTS_INSTRUCTIONS,
    timeoutMs: env.TTS_TIMEOUT_MS,
  });
}

function qwen(env: Env): SpeechSynthesizer {
  return new QwenSynthesizer({
    apiKey: keyOf(env, env.DASHSCOPE_API_KEY)!,
    baseURL: env.TTS_BASE_URL ?? env.BAILIAN_BASE_URL,
    model: env.TTS_MODEL ?? 'qwen3-tts-flash',
    voices: voicesOf(env, QWEN_VOICES),
    timeoutMs: env.TTS_TIMEOUT_MS,
  });
}

/** A language model's key is for its own provider: it is shown to no other server. */
function keyOf({ TTS_API_KEY: own, TTS_BASE_URL: elsewhere }: Env, model?: string): string | undefined {
  return own ?? (elsewhere === undefined ? model : undefined);
}

/** TTS_VOICE is one of them, whatever else is: the first, where none of them is named. */
function voicesOf({ TTS_VOICES: named, TTS_VOICE: standard }: Env, usual: readonly string[]): string[] {
  const voices = named.length > 0 ? named : usual;
  return [...new Set([...(standard === undefined ? [] : [standard]), ...voices])];
}
