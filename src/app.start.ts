import { ConfigError } from './config/config-error.js';
import { type Env, loadEnv } from './config/env.js';

/** Starts a process of Parley. What stops the start is said in one line, and the exit code is 1. */
export async function start(run: (env: Env) => Promise<void>): Promise<void> {
  try {
    await run(loadEnv());
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    const { code } = error as { code?: string };
    process.stderr.write(
      `Parley cannot start: ${reason}${code && !(error instanceof ConfigError) ? ` (${code})` : ''}\n`,
    );
    process.exit(1);
  }
}
