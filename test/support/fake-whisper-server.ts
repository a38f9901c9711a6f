import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './child.ts';

/**
 * A program in whisper-server's place that answers about its health and nothing else, and that does not see when a
 * caller goes: as whisper-server does with a large model on a processor.
 *
 * @param first run before it listens, with `args` at hand
 */
export function fakeWhisperServer(first = ''): string {
  const file = join(temporaryFolder('fake-whisper'), 'whisper-server');
  writeFileSync(
    file,
    `#!${process.execPath}
const http = require('node:http');
const args = Object.fromEntries(process.argv.slice(2).map((arg, n, all) => [arg, all[n + 1]]));
${first}
const server = http.createServer((request, response) => {
  console.error('heard: a secret');
  if (request.url === args['--request-path'] + '/health') response.end('{"status":"ok"}');
});
server.httpAllowHalfOpen = true;
server.listen(Number(args['--port']), args['--host']);
`,
  );
  chmodSync(file, 0o755);
  return file;
}
