import { z } from 'zod';
import { parseAddress } from '../../libs/whisper/whisper-address.js';
import { ConfigError } from './config-error.js';
import { flag, httpUrl, isHttpUrl, list, parseVariables, whole } from './values.js';

/** What concerns Whisper: read by a Whisper machine, and by the API, which may have one of its own. */
export const whisperVariables = {
  WHISPER_URL: list
    .refine(
      (items) => items.every((item) => parseAddress(item) !== undefined),
      'must be a comma-separated list of grpc://host:port or grpcs://host:port',
    )
    .default([]),
  WHISPER_TOKEN: z.string().optional(),
  WHISPER_HOST: z.string().default('127.0.0.1'),
  WHISPER_PORT: whole(0, 65535).default(50051),
  WHISPER_METRICS_PORT: whole(0, 65535).optional(),
  WHISPER_QUEUE: whole(0, 1000).default(4),
  WHISPER_SERVER_BIN: z.string().optional(),
  WHISPER_MODEL: z.string().optional(),
  WHISPER_MODEL_SHA256: z
    .string()
    .regex(/^[\da-f]{64}$/i, 'must have 64 hexadecimal digits')
    .optional(),
  WHISPER_DEVICES: list
    .refine(
      (items) => items.every((item) => /^(?:cpu|\d{1,3})$/.test(item)),
      'must be a comma-separated list of GPU numbers, or cpu',
    )
    .transform((items) => items.map((item): number | 'cpu' => (item === 'cpu' ? 'cpu' : Number(item))))
    .default([]),
  WHISPER_THREADS: whole(1, 1024).optional(),
  WHISPER_SERVER_URL: list
    .refine((items) => items.every(isHttpUrl), 'must be a comma-separated list of http or https URLs')
    .default([]),
  WHISPER_OPENAI_BASE_URL: httpUrl.optional(),
  WHISPER_OPENAI_API_KEY: z.string().optional(),
  WHISPER_OPENAI_MODEL: z.string().default('whisper-1'),
  WHISPER_OPENAI_SLOTS: whole(1, 1000).default(4),
};

/** What a Whisper machine reads: no database, no secret of the API, also where NODE_ENV is production. */
export const whisperEnvSchema = z.object({
  DATA_DIR: z.string().default('./data'),
  DEBUG: flag(false),
  ...whisperVariables,
});

export type WhisperEnv = z.infer<typeof whisperEnvSchema>;

/** @throws ConfigError with one line that names the first wrong variable; values of secrets are never repeated */
export function loadWhisperEnv(source: NodeJS.ProcessEnv = process.env): WhisperEnv {
  const env = parseVariables(whisperEnvSchema, source);
  checkWhisper(env);
  return env;
}

/** Rules that concern more than one variable. @throws ConfigError */
export function checkWhisper(env: z.infer<z.ZodObject<typeof whisperVariables>>): void {
  if (env.WHISPER_SERVER_URL.length > 0 && usesOpenAi(env))
    throw new ConfigError(
      'WHISPER_SERVER_URL',
      'and WHISPER_OPENAI_* name two engines: only one can be used',
    );
}

/** Whether speech goes to a server with OpenAI's interface, or to OpenAI itself. */
export function usesOpenAi(
  env: Pick<WhisperEnv, 'WHISPER_OPENAI_BASE_URL' | 'WHISPER_OPENAI_API_KEY'>,
): boolean {
  return env.WHISPER_OPENAI_BASE_URL !== undefined || env.WHISPER_OPENAI_API_KEY !== undefined;
}
