import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { loadEnv } from './env.js';

const load = (source: NodeJS.ProcessEnv) => loadEnv({ JWT_SECRET: 'x'.repeat(32), ...source });

describe('the variables of voices', () => {
  it.each<[expected: string, source: NodeJS.ProcessEnv]>([
    ['espeak', {}],
    ['openai', { OPENAI_API_KEY: 'k' }],
    ['openai', { OPENAI_API_KEY: 'k', DASHSCOPE_API_KEY: 'k' }],
    ['openai', { TTS_BASE_URL: 'http://tts:8880/v1' }],
    ['espeak', { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://llm:8000/v1' }],
    ['qwen', { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://llm:8000/v1', API_KEY: 'k' }],
    ['qwen', { DASHSCOPE_API_KEY: 'k' }],
    ['espeak', { OPENAI_API_KEY: 'k', TTS_PROVIDER: 'espeak' }],
    ['qwen', { OPENAI_API_KEY: 'k', TTS_PROVIDER: 'qwen', TTS_API_KEY: 'k' }],
  ])('have %s speak for %j', (expected, source) => {
    expect(load(source).TTS_PROVIDER).toBe(expected);
  });

  it.each<[source: NodeJS.ProcessEnv, complaint: string]>([
    [{ TTS_PROVIDER: 'bing' }, 'TTS_PROVIDER must be openai, qwen or espeak'],
    [{ TTS_PROVIDER: 'openai' }, 'TTS_API_KEY or OPENAI_API_KEY is needed by the voices of openai'],
    [{ TTS_PROVIDER: 'qwen' }, 'TTS_API_KEY or DASHSCOPE_API_KEY is needed by the voices of qwen'],
    [
      { TTS_PROVIDER: 'qwen', DASHSCOPE_API_KEY: 'k', TTS_BASE_URL: 'http://tts' },
      'TTS_API_KEY is needed by the voices of qwen where TTS_BASE_URL is set',
    ],
    [{ TTS_VOICE: '-x y' }, 'TTS_VOICE must have 1 to 60 letters, digits, and . _ + -'],
    [
      { TTS_VOICES: 'a,b c' },
      'TTS_VOICES must be a comma-separated list; each must have 1 to 60 letters, digits, and . _ + -',
    ],
    [{ TTS_BASE_URL: 'tts' }, 'TTS_BASE_URL must be an http or https URL'],
    [{ TTS_TIMEOUT_MS: '5' }, 'TTS_TIMEOUT_MS must be a whole number from 100 to 240000'],
  ])('refuse %j', (source, complaint) => {
    expect(() => load(source)).toThrow(ConfigError);
    expect(() => load(source)).toThrow(complaint);
  });
});
