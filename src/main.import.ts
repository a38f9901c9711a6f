import 'reflect-metadata';
import { createInterface } from 'node:readline/promises';
import { readOptions, USAGE, UsageError } from './imports/import-options.js';

const output = {
  isTerminal: process.stdout.isTTY,
  write: (text: string) => void process.stdout.write(text),
};

/** The first line of the standard input. */
async function readLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}

async function optionsOrEnd() {
  try {
    return await readOptions(process.argv.slice(2), readLine);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(2);
  }
}

const options = await optionsOrEnd();
if (options === 'help') {
  output.write(`${USAGE}\n`);
} else {
  // What follows takes a while to load: whoever has mistyped is told before.
  const { start } = await import('./app.start.js');
  const { loadEnv } = await import('./config/env.js');
  const { importOld } = await import('./app.import.js');
  await start(loadEnv, async (env) => {
    const isComplete = await importOld(env, options, output);
    process.exit(isComplete ? 0 : 1);
  });
}
