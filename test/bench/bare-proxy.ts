import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

// The least that could stand between a client and a model: bytes are passed on as they come, and nothing is kept.
// What Parley takes beyond this is the price of what Parley does.

const upstream = new URL(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
  const { method, url: path, headers } = incoming;
  const call = request({ agent, host: upstream.hostname, port: upstream.port, method, path, headers });
  call.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.destroy());
  });
  call.on('error', () => outgoing.destroy());
  outgoing.on('close', () => call.destroy());
  incoming.pipe(call);
});

server.listen(0, '127.0.0.1', () => {
  console.log(`Bare proxy at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once('SIGTERM', () => process.exit(0));
