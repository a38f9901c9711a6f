import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { loadWhisperEnv, usesOpenAi } from './whisper-env.js';

/** The one line that stops the start; fails where nothing does. */
function refusal(source: NodeJS.ProcessEnv): string {
  try {
    loadWhisperEnv(source);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the environment was accepted');
}

describe('loadWhisperEnv', () => {
  it('needs nothing of what the API needs, in production either', () => {
    expect(
      loadWhisperEnv({ NODE_ENV: 'production', DATABASE_URL: 'postgres://no', JWT_SECRET: 'x' }),
    ).toEqual({
      DATA_DIR: './data',
      DEBUG: false,
      WHISPER_URL: [],
      WHISPER_HOST: '127.0.0.1',
      WHISPER_PORT: 50_051,
      WHISPER_QUEUE: 4,
      WHISPER_DEVICES: [],
      WHISPER_SERVER_URL: [],
      WHISPER_OPENAI_MODEL: 'whisper-1',
      WHISPER_OPENAI_SLOTS: 4,
    });
  });

  it('reads lists', () => {
    const env = loadWhisperEnv({
      WHISPER_DEVICES: '0, 1,cpu',
      WHISPER_URL: 'grpc://gpu-1:50051, grpcs://gpu-2:443,10.0.0.3:1',
      WHISPER_SERVER_URL: 'http://127.0.0.1:8080,http://127.0.0.1:8081/whisper',
    });
    expect(env.WHISPER_DEVICES).toEqual([0, 1, 'cpu']);
    expect(env.WHISPER_URL).toEqual(['grpc://gpu-1:50051', 'grpcs://gpu-2:443', '10.0.0.3:1']);
    expect(env.WHISPER_SERVER_URL).toEqual(['http://127.0.0.1:8080', 'http://127.0.0.1:8081/whisper']);
  });

  it.each([
    ['WHISPER_URL', 'http://gpu-1:50051'],
    ['WHISPER_URL', 'grpc://gpu-1'],
    ['WHISPER_PORT', '65536'],
    ['WHISPER_METRICS_PORT', 'none'],
    ['WHISPER_QUEUE', '-1'],
    ['WHISPER_MODEL_SHA256', 'abc'],
    ['WHISPER_DEVICES', 'gpu0'],
    ['WHISPER_DEVICES', '0;1'],
    ['WHISPER_THREADS', '0'],
    ['WHISPER_SERVER_URL', '127.0.0.1:8080'],
    ['WHISPER_OPENAI_BASE_URL', 'faster-whisper'],
    ['WHISPER_OPENAI_SLOTS', '0'],
  ])('%s=%s is refused', (name, value) => {
    expect(refusal({ [name]: value })).toMatch(new RegExp(`^${name} must `));
  });

  it('takes one kind of engine', () => {
    const servers = { WHISPER_SERVER_URL: 'http://127.0.0.1:8080' };
    expect(refusal({ ...servers, WHISPER_OPENAI_API_KEY: 'a-secret-key' })).toMatch(/^WHISPER_SERVER_URL /);
    expect(refusal({ ...servers, WHISPER_OPENAI_API_KEY: 'a-secret-key' })).not.toContain('a-secret-key');
    expect(usesOpenAi(loadWhisperEnv(servers))).toBe(false);
    expect(usesOpenAi(loadWhisperEnv({ WHISPER_OPENAI_API_KEY: 'key' }))).toBe(true);
    expect(usesOpenAi(loadWhisperEnv({ WHISPER_OPENAI_BASE_URL: 'http://faster-whisper:8000/v1/' }))).toBe(
      true,
    );
  });
});
