import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { start } from './app.start.js';
import { startWhisper } from './app.whisper.js';
import { loadWhisperEnv } from './config/whisper-env.js';

await start(loadWhisperEnv, async (env) => {
  const address = await startWhisper(env);
  new Logger('Parley').log(`Parley Whisper listens on ${address}`);
});
