import 'reflect-metadata';
import { createApp, listen } from './app.setup.js';
import { start } from './app.start.js';

await start(async (env) => {
  const app = await createApp(env);
  await listen(app, env);
});
