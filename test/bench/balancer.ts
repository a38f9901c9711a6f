import { connect, createServer, type AddressInfo } from 'node:net';

// One port before several processes: each new connection goes to the next of them. It knows nothing of HTTP, so that
// it costs as little as can be.

const targets = process.argv.slice(2).map((url) => new URL(url));
if (targets.length === 0) throw new Error('node test/bench/balancer.ts URL...');
let next = 0;

const server = createServer({ noDelay: true }, (client) => {
  const { hostname, port } = targets[(next += 1) % targets.length]!;
  const target = connect({ host: hostname, port: Number(port), noDelay: true });
  client.pipe(target).pipe(client);
  for (const [one, other] of [
    [client, target],
    [target, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
});

server.listen(0, '127.0.0.1', 4096, () => {
  console.log(`Balancer at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once('SIGTERM', () => process.exit(0));
