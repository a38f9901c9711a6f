import { envSchema } from './env.js';

/** What of this process's environment is not Parley's own: for programs that it starts, which get no secrets so. */
export function systemEnvironment(source: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const own = new Set(Object.keys(envSchema.shape));
  return Object.fromEntries(
    Object.entries(source).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !own.has(entry[0]),
    ),
  );
}
