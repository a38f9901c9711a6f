import { EngineError } from '../libs/whisper/whisper-engine.js';
import { ConfigError } from './config/config-error.js';

/**
 * Starts a process of Parley. What stops the start is said in one line, and the exit code is 1.
 * @param load reads and checks the environment
 */
export async function start<Env>(load: () => Env, run: (env: Env) => Promise<void>): Promise<void> {
  try {
    await run(load());
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    const { code } = error as { code?: string };
    const isWhole = error instanceof ConfigError || error instanceof EngineError;
    process.stderr.write(`Parley cannot start: ${reason}${code && !isWhole ? ` (${code})` : ''}\n`);
    process.exit(1);
  }
}
