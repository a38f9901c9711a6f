import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { databaseDialect } from './database-url.js';
import { checkFiles, fileVariables } from './files-env.js';
import { resolveJwtSecret } from './jwt-secret.js';
import { checkLegacy, legacyVariables } from './legacy-env.js';
import { privacyVariables } from './privacy-env.js';
import { decimal, FALSE, flag, httpUrl, isOrigin, list, parseVariables, TRUE, whole } from './values.js';
import { checkVoices, type TtsProvider, voiceProvider, voiceVariables } from './voice-env.js';
import { checkWhisper, whisperVariables } from './whisper-env.js';
import { type WidgetSettings, widgetSettings, widgetVariables } from './widget-env.js';

export const LLM_PROVIDERS = ['openai', 'bailian', 'echo'] as const;
export type LlmProvider = (typeof LLM_PROVIDERS)[number];

/** Whether proxies are believed: yes or no, how many of them, or which addresses and networks. */
const trustProxy = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine(
    (text) =>
      TRUE.includes(text) || FALSE.includes(text) || /^\d{1,2}$|^[\da-f]*[.:][\da-f.:/, ]+$/.test(text),
    'must be true, false, a number of proxies, or their addresses',
  )
  .transform((text): boolean | number | string => {
    if (TRUE.includes(text) && text !== '1') return true;
    if (FALSE.includes(text)) return false;
    return /^\d+$/.test(text) ? Number(text) : text;
  });

/**
 * Every variable that Parley reads. Each is described in `.env.example` and docs/operations.md; a test holds the
 * three equal. An empty value counts as absent.
 */
export const envSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'must be development, production or test')
    .default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: whole(0, 65535).default(3000),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .refine((url) => databaseDialect(url) !== undefined, 'must begin with mysql://, mariadb:// or sqlite:')
    .optional(),
  DATABASE_POOL_SIZE: whole(1, 1000).default(20),
  DATABASE_STATEMENT_TIMEOUT_MS: whole(1_000, 3_600_000).default(30_000),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
    .optional(),
  JWT_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  ADMIN_USERNAME: z
    .string()
    .min(3, 'must have 3 to 50 characters')
    .max(50, 'must have 3 to 50 characters')
    .optional(),
  ADMIN_PASSWORD: z.string().min(8, 'must have at least 8 characters').optional(),
  CORS_ORIGINS: list
    .refine(
      (items) => items.every(isOrigin),
      'must be a comma-separated list of origins such as https://app.example.com',
    )
    .default([]),
  TRUST_PROXY: trustProxy.default(false),
  AUDIT_RETENTION_DAYS: whole(1, 36_500).default(365),
  RATE_LIMIT_SCALE: decimal(0, 1_000_000).default(1),
  REQUESTS_PER_MINUTE: whole(1, 1_000_000).default(600),
  ADDRESS_REQUESTS_PER_MINUTE: whole(1, 1_000_000).default(1_200),
  TURNS_PER_MINUTE: whole(1, 1_000_000).default(60),
  TURNS_AT_ONCE: whole(1, 1_000_000).default(20),
  PROMPTS_PER_USER: whole(1, 1_000_000).default(10_000),
  QUOTA_REQUESTS_PER_DAY: whole(1, 1_000_000_000).optional(),
  QUOTA_TOKENS_PER_DAY: whole(1, 999_999_999_999_999).optional(),
  QUOTA_AUDIO_SECONDS_PER_DAY: whole(1, 1_000_000_000).optional(),
  SPEECH_MAX_BYTES: whole(1, 10_000_000_000).default(104_857_600),
  SPEECH_MAX_SECONDS: whole(1, 86_400).default(1_800),
  SPEECH_JOBS_PER_USER: whole(1, 1_000_000).default(5),
  SPEECH_CONCURRENCY: whole(1, 1_000).default(4),
  SPEECH_PATIENCE_SECONDS: whole(1, 86_400).default(900),
  FFMPEG_BIN: z.string().default('ffmpeg'),
  DOCUMENTS_CONCURRENCY: whole(1, 100).default(2),
  DOCUMENTS_TIMEOUT_SECONDS: whole(1, 3_600).default(60),
  DOCUMENTS_MEMORY_MB: whole(128, 65_536).default(512),
  AUTO_TITLES: flag(true),
  SUGGESTIONS_TIMEOUT_MS: whole(1_000, 120_000).default(20_000),
  DISCONNECT_GRACE_MS: whole(0, 600_000).default(10_000),
  SHUTDOWN_GRACE_MS: whole(0, 6_000).default(5_000),
  LLM_PROVIDER: z.enum(LLM_PROVIDERS, 'must be openai, bailian or echo').optional(),
  LLM_FALLBACK: list
    .refine(
      (items) => items.every((item) => isProvider(item)),
      'must be a comma-separated list of openai, bailian, echo',
    )
    .transform((items) => items as LlmProvider[])
    .default([]),
  LLM_MAX_RETRIES: whole(0, 10).default(2),
  LLM_FIRST_TOKEN_TIMEOUT_MS: whole(100, 600_000).default(30_000),
  LLM_IDLE_TIMEOUT_MS: whole(100, 600_000).default(30_000),
  LLM_CIRCUIT_OPEN_MS: whole(100, 600_000).default(10_000),
  LLM_CONTEXT_TOKENS: whole(256, 10_000_000).optional(),
  LLM_MAX_OUTPUT_TOKENS: whole(1, 1_000_000).optional(),
  LLM_VISION_MODELS: list.default([]),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: httpUrl.default('https://api.openai.com/v1'),
  OPENAI_MODEL: z.string().default('gpt-4o-mini'),
  DASHSCOPE_API_KEY: z.string().optional(),
  API_KEY: z.string().optional(),
  APP_ID: z.string().optional(),
  BAILIAN_BASE_URL: httpUrl.default('https://dashscope.aliyuncs.com'),
  BAILIAN_MODEL: z.string().default('qwen-plus'),
  SYSTEM_PROMPT: z.string().optional(),
  TEMPERATURE: decimal(0, 2).optional(),
  DEBUG: flag(false),
  ...fileVariables,
  ...legacyVariables,
  ...privacyVariables,
  ...voiceVariables,
  ...whisperVariables,
  ...widgetVariables,
});

type Parsed = z.infer<typeof envSchema>;

/** The configuration, checked and completed: the only place where the process's environment is known. */
export interface Env extends Omit<Parsed, 'LLM_PROVIDER' | 'TTS_PROVIDER' | 'JWT_SECRET' | 'API_KEY'> {
  LLM_PROVIDER: LlmProvider;
  TTS_PROVIDER: TtsProvider;
  JWT_SECRET: string;
  /** How the widget of websites looks, by its variables and by WIDGET_CONFIG_FILE. */
  WIDGET: WidgetSettings;
  /** Tells installations that share a Redis apart; the same in all processes of one, as JWT_SECRET is. */
  INSTALLATION: string;
  /** `sqlite` where no database server is named. */
  DIALECT: 'sqlite' | 'mysql';
}

/** Injection token of `Env`. */
export const ENV = Symbol('Env');

/**
 * Reads and checks the environment. Where JWT_SECRET is missing on the embedded default, one is made and kept in
 * DATA_DIR.
 * @throws ConfigError with one line that names the first wrong variable; values of secrets are never repeated.
 */
export function loadEnv(source: NodeJS.ProcessEnv = process.env): Env {
  const parsed = parseVariables(envSchema, source);
  const DASHSCOPE_API_KEY = parsed.DASHSCOPE_API_KEY ?? parsed.API_KEY;
  const env = {
    ...parsed,
    DASHSCOPE_API_KEY,
    LLM_PROVIDER: parsed.LLM_PROVIDER ?? defaultProvider(parsed.OPENAI_API_KEY, DASHSCOPE_API_KEY),
    TTS_PROVIDER: voiceProvider({ ...parsed, DASHSCOPE_API_KEY }),
    WIDGET: widgetSettings(parsed),
    DIALECT: parsed.DATABASE_URL ? databaseDialect(parsed.DATABASE_URL)! : ('sqlite' as const),
  };
  checkTogether(env);
  const JWT_SECRET = parsed.JWT_SECRET ?? resolveJwtSecret(env.DIALECT, parsed.DATA_DIR);
  const INSTALLATION = createHmac('sha256', JWT_SECRET).update('installation').digest('hex').slice(0, 12);
  return { ...env, JWT_SECRET, INSTALLATION };
}

function defaultProvider(openAiKey?: string, dashScopeKey?: string): LlmProvider {
  if (openAiKey) return 'openai';
  return dashScopeKey ? 'bailian' : 'echo';
}

/** Rules that concern more than one variable. */
function checkTogether(env: Omit<Env, 'JWT_SECRET' | 'INSTALLATION'> & { JWT_SECRET?: string }): void {
  for (const provider of [env.LLM_PROVIDER, ...env.LLM_FALLBACK]) {
    if (provider === 'openai' && !env.OPENAI_API_KEY)
      throw new ConfigError('OPENAI_API_KEY', 'is needed by the provider openai');
    if (provider === 'bailian' && !env.DASHSCOPE_API_KEY)
      throw new ConfigError('DASHSCOPE_API_KEY', 'is needed by the provider bailian');
  }
  if ((env.ADMIN_USERNAME === undefined) !== (env.ADMIN_PASSWORD === undefined)) {
    throw new ConfigError(
      env.ADMIN_USERNAME ? 'ADMIN_PASSWORD' : 'ADMIN_USERNAME',
      'is needed: the two go together',
    );
  }
  checkFiles(env);
  checkVoices(env);
  checkWhisper(env);
  if (env.NODE_ENV !== 'production') return;
  if (env.DIALECT === 'sqlite')
    throw new ConfigError('DATABASE_URL', 'must name a MySQL or MariaDB server when NODE_ENV=production');
  if (env.LLM_PROVIDER === 'echo' || env.LLM_FALLBACK.includes('echo')) {
    throw new ConfigError(
      'LLM_PROVIDER',
      'must be openai or bailian (and its key set) when NODE_ENV=production: echo is no language model',
    );
  }
  if (env.JWT_SECRET === undefined)
    throw new ConfigError('JWT_SECRET', 'must be set when NODE_ENV=production');
  checkLegacy(env);
  if (env.RATE_LIMIT_SCALE === 0)
    throw new ConfigError('RATE_LIMIT_SCALE', 'must not be 0 when NODE_ENV=production');
}

function isProvider(text: string): text is LlmProvider {
  return (LLM_PROVIDERS as readonly string[]).includes(text);
}
