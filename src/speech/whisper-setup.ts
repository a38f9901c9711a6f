import { randomBytes } from 'node:crypto';
import { systemEnvironment } from '../config/system-environment.js';
import { usesOpenAi, type WhisperEnv, whisperEnvSchema } from '../config/whisper-env.js';
import { findEngine } from './find-engine.js';

/** What a Whisper machine of this process's own needs to be told, or why there is nothing to start. */
export type WhisperSetup = { environment: Record<string, string>; token: string } | Missing;

interface Missing {
  missing: string;
}

/** Looks for an engine. What a child is told is the same as here, but where it listens: nobody else may call it. */
export async function findSetup(env: WhisperEnv): Promise<WhisperSetup> {
  const engine = hasServer(env) ? {} : await ownEngine(env);
  if (isMissing(engine)) return engine;
  const token = randomBytes(32).toString('base64url');
  const own = {
    WHISPER_HOST: '127.0.0.1',
    WHISPER_PORT: '0',
    WHISPER_METRICS_PORT: '',
    WHISPER_TOKEN: token,
  };
  return { environment: { ...systemEnvironment(), ...variablesOf(env), ...engine, ...own }, token };
}

async function ownEngine(env: WhisperEnv): Promise<Record<string, string> | Missing> {
  const found = await findEngine(env);
  if ('missing' in found) return found;
  return { WHISPER_SERVER_BIN: found.binary, WHISPER_MODEL: found.model };
}

function isMissing(engine: Record<string, string> | Missing): engine is Missing {
  return 'missing' in engine;
}

function hasServer(env: WhisperEnv): boolean {
  return usesOpenAi(env) || env.WHISPER_SERVER_URL.length > 0;
}

/** What a Whisper machine reads, written as it is read. */
function variablesOf(env: WhisperEnv): Record<string, string> {
  const names = Object.keys(whisperEnvSchema.shape) as (keyof WhisperEnv)[];
  return Object.fromEntries(
    names.filter((name) => env[name] !== undefined).map((name) => [name, String(env[name])]),
  );
}
