import { serveReading } from '../libs/documents/reading-process.js';

/** The child process that reads one file of a user's: a worker, or an API that does its own jobs, starts one for each. */
await serveReading(async () => (await import('./llm/token-counter.js')).countTokens);
