import 'reflect-metadata';
import { start } from './app.start.js';
import { verifyFiles } from './app.verify.js';
import { loadEnv } from './config/env.js';

await start(loadEnv, async (env) => {
  const isWell = await verifyFiles(env, process.argv.includes('--repair'));
  process.exit(isWell ? 0 : 1);
});
