import { availableParallelism } from 'node:os';
import { OpenAiTranscriptionEngine } from '../../libs/whisper/openai-transcription.engine.js';
import { engineEnvironment } from '../../libs/whisper/supervised-server.js';
import { EngineError, type WhisperEngine } from '../../libs/whisper/whisper-engine.js';
import { WhisperServerEngine } from '../../libs/whisper/whisper-server.engine.js';
import { systemEnvironment } from '../config/system-environment.js';
import { usesOpenAi, type WhisperEnv } from '../config/whisper-env.js';
import { findEngine } from './find-engine.js';

const OPENAI = 'https://api.openai.com/v1';

/** More of them gain little. */
const MOST_THREADS = 4;

/** An engine's threads wait for each other in loops: half of the processors are left to whoever else needs them. */
function usualThreads(): number {
  return Math.max(1, Math.min(MOST_THREADS, Math.floor(availableParallelism() / 2)));
}

/** The engines that the environment names. @throws EngineError engine_refused in one line where it names none */
export async function whisperEngines(env: WhisperEnv): Promise<WhisperEngine[]> {
  if (usesOpenAi(env)) return [openAiEngine(env)];
  if (env.WHISPER_SERVER_URL.length > 0)
    return env.WHISPER_SERVER_URL.map((address) => WhisperServerEngine.at({ address }));
  return ownEngines(env);
}

function openAiEngine(env: WhisperEnv): WhisperEngine {
  return new OpenAiTranscriptionEngine({
    baseUrl: env.WHISPER_OPENAI_BASE_URL ?? OPENAI,
    model: env.WHISPER_OPENAI_MODEL,
    slots: env.WHISPER_OPENAI_SLOTS,
    ...(env.WHISPER_OPENAI_API_KEY && { key: env.WHISPER_OPENAI_API_KEY }),
  });
}

/** One child process for each device. */
async function ownEngines(env: WhisperEnv): Promise<WhisperEngine[]> {
  const found = await findEngine(env);
  if ('missing' in found) throw new EngineError('engine_refused', found.missing);
  const { binary, model } = found;
  const devices = env.WHISPER_DEVICES.length > 0 ? env.WHISPER_DEVICES : [undefined];
  const environment = engineEnvironment(systemEnvironment());
  return devices.map((device) =>
    WhisperServerEngine.supervised({
      ...{ binary, model, environment },
      ...(device !== undefined && { device }),
      ...(env.WHISPER_MODEL_SHA256 && { sha256: env.WHISPER_MODEL_SHA256 }),
      threads: env.WHISPER_THREADS ?? usualThreads(),
    }),
  );
}
