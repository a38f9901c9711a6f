import { startWhisperService } from '../libs/whisper/whisper-service.js';
import { JsonLogger } from './common/json-logger.js';
import type { WhisperEnv } from './config/whisper-env.js';
import { whisperEngines } from './speech/whisper-engines.js';

/** How long pieces under way may go on at a shutdown; what is not done then is done again elsewhere. */
const GRACE_MS = 15_000;

/** A Whisper machine, listening when this returns; a signal ends it in order. Returns `host:port`. */
export async function startWhisper(env: WhisperEnv): Promise<string> {
  const parent = process.connected ? process : undefined;
  // Whoever started it for himself is gone: nobody else knows of it.
  parent?.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  const { address, app } = await startWhisperService({
    engines: await whisperEngines(env),
    host: env.WHISPER_HOST,
    port: env.WHISPER_PORT,
    metricsPort: env.WHISPER_METRICS_PORT,
    queue: env.WHISPER_QUEUE,
    token: env.WHISPER_TOKEN,
    graceMs: GRACE_MS,
    logger: new JsonLogger(env.DEBUG),
  });
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  parent?.send?.({ address });
  return address;
}
