import { homedir } from 'node:os';
import { join } from 'node:path';
import { findWhisper } from '../../libs/whisper/find-whisper.js';
import { systemEnvironment } from '../config/system-environment.js';
import type { WhisperEnv } from '../config/whisper-env.js';

/** An engine's program and model, or in one line what is missing and which commands set it up. */
export type FoundEngine = { binary: string; model: string } | { missing: string };

/** Looks where the environment says, and where scripts/build-whisper and scripts/get-whisper-model put things. */
export async function findEngine(env: WhisperEnv): Promise<FoundEngine> {
  const { PATH: path = '', XDG_CACHE_HOME: cacheHome } = systemEnvironment();
  const { binary, model, missing } = await findWhisper({
    binary: env.WHISPER_SERVER_BIN,
    model: env.WHISPER_MODEL,
    models: join(env.DATA_DIR, 'models'),
    cacheHome: cacheHome || join(homedir(), '.cache'),
    path,
  });
  if (binary !== null && model !== null) return { binary, model };
  return { missing: missing ?? 'Speech is not set up' };
}
