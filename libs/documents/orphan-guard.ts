import { workerData } from 'node:worker_threads';

const EVERY_MS = 500;

/**
 * A thread of the child process that looks whether its parent is still there: a reader that runs in circles would not
 * notice by itself. Who that is it was told: by the time it could ask, the parent may be gone already.
 */
setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);
