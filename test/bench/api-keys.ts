/**
 * The price of an API key: the same requests with a key and with an access token, in turns on one process, round by
 * round and each round in the other order.
 *
 *     node test/bench/api-keys.ts [--sqlite] [--rounds 8] [--requests 2000] [--clients 16] [--ratio 0.9]
 *
 * Exits with 1 where requests with a key come to less than `--ratio` of those with a token, in the median of the rounds.
 */
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { startApi } from '../support/api-process.ts';
import { makeKey } from '../support/api-keys.ts';
import { ApiClient } from '../support/client.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { parallel, range } from './parallel.ts';
import { CpuMeter } from './processes.ts';
import { ms, percentile, table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    sqlite: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '8' },
    requests: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '16' },
    ratio: { type: 'string', default: '0.9' },
  },
});

const mariaDb = values.sqlite ? undefined : await startMariaDb();
const api = await startApi({
  env: {
    DATABASE_URL: await mariaDb?.createDatabase(`bench_${randomBytes(6).toString('hex')}`),
    JWT_SECRET: randomBytes(32).toString('hex'),
    RATE_LIMIT_SCALE: '0',
  },
});
const client = await new ApiClient(api.url).register();
const { key } = await makeKey(client);
const ways = [
  {
    name: 'access token',
    token: client.token!,
    cpu: new CpuMeter({ parley: api.pid }),
    perSecond: [] as number[],
  },
  { name: 'API key', token: key, cpu: new CpuMeter({ parley: api.pid }), perSecond: [] as number[] },
];
const agent = new Agent({ keepAlive: true, maxSockets: Number(values.clients) });

/** One request, which has to succeed. */
function ask(token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request(new URL('/api/v1/users/me', api.url), { agent, headers }, (message) => {
      message.resume().once('end', resolve);
      if (message.statusCode !== 200) reject(new Error(`answered ${message.statusCode}`));
    });
    sent.once('error', reject).end();
  });
}

// The first round warms up.
for (let round = 0; round <= Number(values.rounds); round += 1) {
  for (const way of round % 2 ? ways : ways.toReversed()) {
    way.cpu.begin();
    const from = performance.now();
    await parallel(Number(values.clients), range(Number(values.requests)), () => ask(way.token));
    const taken = performance.now() - from;
    if (round === 0) continue;
    way.cpu.end();
    way.perSecond.push((Number(values.requests) * 1_000) / taken);
  }
}

const requests = Number(values.rounds) * Number(values.requests);
console.log(
  table([
    ['', 'requests/s (median)', 'processor time a request'],
    ...ways.map(({ name, perSecond, cpu }) => [
      ...[name, percentile(perSecond, 0.5).toFixed(0), ms(cpu.used['parley']! / requests)],
    ]),
  ]),
);
const [tokens, keys] = ways.map(({ perSecond }) => perSecond) as [number[], number[]];
const ratio = percentile(
  keys.map((perSecond, round) => perSecond / tokens[round]!),
  0.5,
);
const verdict = new Verdict();
verdict.check(
  `requests with a key: ${ratio.toFixed(2)} of those with a token`,
  ratio >= Number(values.ratio),
);
agent.destroy();
await api.stop();
await mariaDb?.stop();
verdict.exit();
