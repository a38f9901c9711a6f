import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { start } from './app.start.js';
import { startWorker } from './app.worker.js';
import { loadEnv } from './config/env.js';

const DAY_MS = 86_400_000;

await start(loadEnv, async (env) => {
  await startWorker(env);
  // Housekeeping's timers hold no process, and SQLite no socket: this one does, until a signal ends it.
  setInterval(() => undefined, DAY_MS);
  new Logger('Parley').log('Parley worker is at work');
});
