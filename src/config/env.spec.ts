import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { loadEnv } from './env.js';

const SECRET = 'a-signing-secret-of-more-than-32-characters';
const MYSQL = 'mysql://parley:database-password@db.example.com:3306/parley';

const WHISPER_DEFAULTS = {
  WHISPER_URL: [],
  ...{ WHISPER_HOST: '127.0.0.1', WHISPER_PORT: 50_051, WHISPER_QUEUE: 4 },
  ...{ WHISPER_DEVICES: [], WHISPER_SERVER_URL: [] },
  WHISPER_OPENAI_MODEL: 'whisper-1',
  WHISPER_OPENAI_SLOTS: 4,
};

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'parley-env-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const load = (source: NodeJS.ProcessEnv = {}) => loadEnv({ DATA_DIR: dir, ...source });

/** The one line that stops the start; fails where nothing does. */
function refusal(source: NodeJS.ProcessEnv): string {
  try {
    load(source);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the environment was accepted');
}

describe('loadEnv', () => {
  it('needs no variable', () => {
    expect(load()).toEqual({
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: 3000,
      DATA_DIR: dir,
      DIALECT: 'sqlite',
      DATABASE_POOL_SIZE: 20,
      INSTALLATION: expect.stringMatching(/^[0-9a-f]{12}$/),
      DATABASE_STATEMENT_TIMEOUT_MS: 30_000,
      JWT_SECRET: expect.stringMatching(/^[\w-]{64}$/),
      CORS_ORIGINS: [],
      TRUST_PROXY: false,
      AUDIT_RETENTION_DAYS: 365,
      ...{ RATE_LIMIT_SCALE: 1, REQUESTS_PER_MINUTE: 600, ADDRESS_REQUESTS_PER_MINUTE: 1_200 },
      ...{ TURNS_PER_MINUTE: 60, TURNS_AT_ONCE: 20, PROMPTS_PER_USER: 10_000 },
      SPEECH_MAX_BYTES: 104_857_600,
      SPEECH_MAX_SECONDS: 1_800,
      SPEECH_JOBS_PER_USER: 5,
      ...{ SPEECH_CONCURRENCY: 4, SPEECH_PATIENCE_SECONDS: 900 },
      FFMPEG_BIN: 'ffmpeg',
      ...{ FILES_MAX_BYTES: 104_857_600, FILES_BYTES_PER_USER: 1_073_741_824, FILES_PER_USER: 1_000 },
      ...{ DOCUMENTS_CONCURRENCY: 2, DOCUMENTS_TIMEOUT_SECONDS: 60, DOCUMENTS_MEMORY_MB: 512 },
      ...{ EXPORTS_PER_DAY: 5, EXPORT_LIFETIME_HOURS: 72 },
      ...{ S3_REGION: 'us-east-1', S3_PREFIX: 'files/' },
      ...{ AUTO_TITLES: true, SUGGESTIONS_TIMEOUT_MS: 20_000, DISCONNECT_GRACE_MS: 10_000 },
      SHUTDOWN_GRACE_MS: 5_000,
      LLM_PROVIDER: 'echo',
      LLM_FALLBACK: [],
      LLM_MAX_RETRIES: 2,
      LLM_FIRST_TOKEN_TIMEOUT_MS: 30_000,
      LLM_IDLE_TIMEOUT_MS: 30_000,
      LLM_CIRCUIT_OPEN_MS: 10_000,
      LLM_VISION_MODELS: [],
      ...{ OPENAI_BASE_URL: 'https://api.openai.com/v1', OPENAI_MODEL: 'gpt-4o-mini' },
      ...{ BAILIAN_BASE_URL: 'https://dashscope.aliyuncs.com', BAILIAN_MODEL: 'qwen-plus' },
      DEBUG: false,
      LEGACY_SURFACES: ['companion', 'tutor', 'notebook', 'assistant', 'widget'],
      ...{ LEGACY_TRUST_CALLER: false, LEGACY_MIN_PASSWORD: 6 },
      COMPANION_PERSONAS: ['Jay Chou', 'Jackie Chan', 'Defined by me'],
      ...{ TTS_PROVIDER: 'espeak', TTS_VOICES: [], TTS_TIMEOUT_MS: 30_000, CLIPS_PER_MINUTE: 240 },
      ...WHISPER_DEFAULTS,
      ...{ WIDGET: expect.objectContaining({ botStatus: 1, fontSize: '16' }), WIDGET_ORIGINS: [] },
      ...{ WIDGET_RATE: 20, WIDGET_ANSWERS_AT_ONCE: 100, WIDGET_ANSWERS_PER_ADDRESS: 5 },
    });
  });

  it('takes an empty or blank value for an absent one', () => {
    expect(load({ PORT: '', LLM_PROVIDER: ' ', OPENAI_API_KEY: '', LLM_FALLBACK: '' })).toEqual(load());
  });

  it('passes over variables that are not its own', () => {
    expect(load({ PATH: '/bin', SOMETHING: 'else' })).toEqual(load());
  });

  it('reads what is given', () => {
    const env = load({
      PORT: '0',
      CORS_ORIGINS: 'https://app.example.com, http://localhost:5173',
      TRUST_PROXY: 'Yes',
      RATE_LIMIT_SCALE: '0.5',
      OPENAI_BASE_URL: 'http://127.0.0.1:4010/v1/',
      TEMPERATURE: '0.7',
      DEBUG: '1',
    });
    expect(env).toMatchObject({
      PORT: 0,
      CORS_ORIGINS: ['https://app.example.com', 'http://localhost:5173'],
      TRUST_PROXY: true,
      RATE_LIMIT_SCALE: 0.5,
      OPENAI_BASE_URL: 'http://127.0.0.1:4010/v1',
      TEMPERATURE: 0.7,
      DEBUG: true,
    });
  });

  it.each([
    [MYSQL, 'mysql'],
    [MYSQL.replace('mysql:', 'mariadb:'), 'mysql'],
    ['sqlite:./x.db', 'sqlite'],
  ])('knows the dialect of %s', (DATABASE_URL, dialect) => {
    expect(load({ DATABASE_URL, JWT_SECRET: SECRET }).DIALECT).toBe(dialect);
  });
});

describe('loadEnv refuses, in one line that names the variable,', () => {
  it.each([
    ['NODE_ENV', 'staging'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '3000.5'],
    ['PORT', '0x10'],
    ['PORT', 'http'],
    ['DATABASE_URL', 'postgres://db/parley'],
    ['DATABASE_URL', 'mysql://'],
    ['DATABASE_URL', 'sqlite:'],
    ['DATABASE_POOL_SIZE', '0'],
    ['DATABASE_POOL_SIZE', '1001'],
    ['DATABASE_STATEMENT_TIMEOUT_MS', '0'],
    ['REDIS_URL', 'http://localhost:6379'],
    ['REDIS_URL', 'localhost:6379'],
    ['JWT_SECRET', 'short'],
    ['ADMIN_USERNAME', 'ab'],
    ['ADMIN_USERNAME', 'x'.repeat(51)],
    ['ADMIN_PASSWORD', '1234567'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', 'https://app.example.com,ftp://files.example.com'],
    ['TRUST_PROXY', 'maybe'],
    ['RATE_LIMIT_SCALE', '-1'],
    ['RATE_LIMIT_SCALE', '1e3'],
    ['SHUTDOWN_GRACE_MS', '6001'],
    ['SHUTDOWN_GRACE_MS', '5s'],
    ['LLM_PROVIDER', 'openia'],
    ['LLM_FALLBACK', 'echo,openia'],
    ['LLM_MAX_RETRIES', '11'],
    ['LLM_FIRST_TOKEN_TIMEOUT_MS', '99'],
    ['LLM_IDLE_TIMEOUT_MS', '600001'],
    ['LLM_CONTEXT_TOKENS', '255'],
    ['LLM_MAX_OUTPUT_TOKENS', '0'],
    ['OPENAI_BASE_URL', 'api.openai.com'],
    ['BAILIAN_BASE_URL', 'file:///etc/passwd'],
    ['TEMPERATURE', '2.1'],
    ['TEMPERATURE', 'hot'],
    ['DEBUG', 'verbose'],
  ])('%s=%s', (name, value) => {
    const line = refusal({ [name]: value });
    expect(line).toMatch(new RegExp(`^${name} must (be|have|begin|name) `));
    expect(line).not.toContain('\n');
  });

  it.each([
    [{ LLM_PROVIDER: 'openai' }, 'OPENAI_API_KEY'],
    [{ LLM_PROVIDER: 'bailian' }, 'DASHSCOPE_API_KEY'],
    [{ LLM_FALLBACK: 'bailian' }, 'DASHSCOPE_API_KEY'],
    [{ ADMIN_USERNAME: 'admin' }, 'ADMIN_PASSWORD'],
    [{ ADMIN_PASSWORD: 'correct horse battery' }, 'ADMIN_USERNAME'],
    [{ DATABASE_URL: MYSQL }, 'JWT_SECRET'],
  ])('%o: what belongs together', (source, missing) => {
    expect(refusal(source)).toMatch(new RegExp(`^${missing} is needed`));
  });

  it.each([
    { JWT_SECRET: 'hunter2' },
    { ADMIN_USERNAME: 'admin', ADMIN_PASSWORD: 'hunter2' },
    { DATABASE_URL: 'postgres://parley:hunter2@db/parley' },
    { REDIS_URL: 'http://:hunter2@redis:6379' },
    { OPENAI_BASE_URL: 'ftp://user:hunter2@proxy' },
    { LLM_PROVIDER: 'bailian', OPENAI_API_KEY: 'hunter2' },
  ])('%o without repeating a secret', (source) => {
    expect(refusal(source)).not.toContain('hunter2');
  });
});

describe('with NODE_ENV=production', () => {
  const good = {
    NODE_ENV: 'production',
    DATABASE_URL: MYSQL,
    JWT_SECRET: SECRET,
    OPENAI_API_KEY: 'sk-x',
  };

  it('starts where the variables that matter are set', () => {
    expect(load(good)).toMatchObject({ NODE_ENV: 'production', DIALECT: 'mysql', LLM_PROVIDER: 'openai' });
  });

  it.each([
    [{ DATABASE_URL: '' }, 'DATABASE_URL'],
    [{ DATABASE_URL: 'sqlite:./x.db' }, 'DATABASE_URL'],
    [{ OPENAI_API_KEY: '' }, 'LLM_PROVIDER'],
    [{ LLM_PROVIDER: 'echo' }, 'LLM_PROVIDER'],
    [{ LLM_FALLBACK: 'echo' }, 'LLM_PROVIDER'],
    [{ JWT_SECRET: '' }, 'JWT_SECRET'],
    [{ RATE_LIMIT_SCALE: '0' }, 'RATE_LIMIT_SCALE'],
  ])('refuses %o', (change, variable) => {
    const line = refusal({ ...good, ...change });
    expect(line).toMatch(new RegExp(`^${variable} must .*NODE_ENV=production`));
    expect(line).not.toContain('database-password');
  });

  it('makes no secret of its own', () => {
    refusal({ ...good, JWT_SECRET: '' });
    expect(readdirSync(dir)).toEqual([]);
  });
});
