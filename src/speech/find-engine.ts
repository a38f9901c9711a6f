import type { WhisperEnv } from '../config/whisper-env.js';

export type FoundEngine = { binary: string; model: string } | { missing: string };

export function findEngine(env: WhisperEnv): Promise<FoundEngine> {
  if (env.WHISPER_SERVER_BIN && env.WHISPER_MODEL)
    return Promise.resolve({ binary: env.WHISPER_SERVER_BIN, model: env.WHISPER_MODEL });
  return Promise.resolve({ missing: 'no engine' });
}
