import 'reflect-metadata';
import { createApp, listen } from './app.setup.js';
import { start } from './app.start.js';
import { loadEnv } from './config/env.js';

await start(loadEnv, async (env) => {
  const app = await createApp(env);
  await listen(app, env);
});
