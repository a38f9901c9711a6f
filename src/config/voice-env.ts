import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { httpUrl, list, whole } from './values.js';

export const TTS_PROVIDERS = ['openai', 'qwen', 'espeak'] as const;
export type TtsProvider = (typeof TTS_PROVIDERS)[number];

const VOICE = /^[\p{L}\p{N}][\p{L}\p{N}_.+-]{0,59}$/u;
const VOICE_RULE = 'must have 1 to 60 letters, digits, and . _ + -';

/** What concerns voices. */
export const voiceVariables = {
  TTS_PROVIDER: z.enum(TTS_PROVIDERS, 'must be openai, qwen or espeak').optional(),
  TTS_BASE_URL: httpUrl.optional(),
  TTS_API_KEY: z.string().optional(),
  TTS_MODEL: z.string().optional(),
  TTS_VOICE: z.string().regex(VOICE, VOICE_RULE).optional(),
  TTS_VOICES: list
    .refine(
      (items) => items.every((item) => VOICE.test(item)),
      `must be a comma-separated list; each ${VOICE_RULE}`,
    )
    .default([]),
  TTS_INSTRUCTIONS: z.string().optional(),
  TTS_TIMEOUT_MS: whole(100, 240_000).default(30_000),
  CLIPS_PER_MINUTE: whole(1, 1_000_000).default(240),
};

type Voices = z.infer<z.ZodObject<typeof voiceVariables>>;

/** Keys of language models, which pay for voices as well. */
interface Keys {
  OPENAI_API_KEY?: string | undefined;
  OPENAI_BASE_URL: string;
  DASHSCOPE_API_KEY?: string | undefined;
}

/**
 * Who speaks where nobody is named: whom a URL or a key is there for, and else espeak-ng. A key for something that is
 * only compatible with OpenAI says nothing: most such servers have no voice.
 */
export function voiceProvider(env: Voices & Keys): TtsProvider {
  if (env.TTS_PROVIDER !== undefined) return env.TTS_PROVIDER;
  const isOpenAi =
    env.OPENAI_API_KEY !== undefined && new URL(env.OPENAI_BASE_URL).hostname === 'api.openai.com';
  if (env.TTS_BASE_URL !== undefined || isOpenAi) return 'openai';
  return env.DASHSCOPE_API_KEY === undefined ? 'espeak' : 'qwen';
}

/** Rules that concern more than one variable. @throws ConfigError */
export function checkVoices(env: Voices & Keys): void {
  const { TTS_PROVIDER: provider, TTS_API_KEY: own, TTS_BASE_URL: elsewhere } = env;
  // Behind a URL of one's own there may be a server that wants no key.
  if (provider === 'openai' && !own && !env.OPENAI_API_KEY && elsewhere === undefined)
    throw new ConfigError('TTS_API_KEY', 'or OPENAI_API_KEY is needed by the voices of openai');
  if (provider === 'qwen' && !own && (!env.DASHSCOPE_API_KEY || elsewhere !== undefined))
    throw new ConfigError(
      'TTS_API_KEY',
      elsewhere === undefined
        ? 'or DASHSCOPE_API_KEY is needed by the voices of qwen'
        : 'is needed by the voices of qwen where TTS_BASE_URL is set',
    );
}
