/**
 * How long it takes from a stop call at one process to the end of the upstream's socket of a turn that runs in
 * another one, by the upstream's own log, while other turns run.
 *
 *     node test/bench/stop-elsewhere.ts [--trials 200] [--others 20] [--limit 200]
 *
 * The row must keep what the client saw. Exits with 1 where p99 is above `--limit` milliseconds or a part was lost.
 */
import { parseArgs } from 'node:util';
import type { ApiClient } from '../support/client.ts';
import { beginWith, eventually, textOf } from '../support/talk.ts';
import { Cluster } from './cluster.ts';
import { range } from './parallel.ts';
import { collect } from './reader.ts';
import { percentile, table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '200' },
    others: { type: 'string', default: '20' },
    limit: { type: 'string', default: '200' },
  },
});
const trials = Number(values.trials);

const cluster = await Cluster.start();
const here = await cluster.register();
const elsewhere = here.at(cluster.url(1));

const open = async (client: ApiClient, model: string) => {
  const id = await beginWith(client, { model });
  return client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
};
const others = await Promise.all(
  range(Number(values.others)).map((n) => open(n % 2 ? here : elsewhere, 'other:gap=20,never-ending')),
);

/** Milliseconds from the call to the end of the upstream's socket, and to the call's own answer. */
const closed: number[] = [];
const answered: number[] = [];
let kept = 0;
for (const trial of range(trials)) {
  const stream = await open(here, `trial-${trial}:gap=5,never-ending`);
  const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
  await stream.nextOf('message.delta');
  const askedAt = Date.now();
  const stopped = await elsewhere.post(`messages/${answerId}/stop`, undefined, { expect: 200 });
  answered.push(Date.now() - askedAt);
  const text = textOf(await collect(stream));
  const call = cluster.upstream.callsTo(`trial-${trial}:`)[0]!;
  await eventually(async () => call.closedAt !== null, 10_000);
  closed.push(call.closedByClient ? call.closedAt! - askedAt : Infinity);
  const { body: row } = await elsewhere.get(`messages/${answerId}`);
  if (stopped.body.status === 'stopped' && row.status === 'stopped' && row.content === text) kept += 1;
}
for (const stream of others) stream.close();
await cluster.stop();

const row = (name: string, times: number[]) => [
  name,
  ...[percentile(times, 0.5), percentile(times, 0.99), Math.max(...times)].map((time) => `${time} ms`),
];
console.log(
  `${trials} stops from another process beside ${values.others} other turns\n\n` +
    table([['', 'p50', 'p99', 'max'], row('upstream socket closed', closed), row('stop answered', answered)]),
);
console.log('');
const verdict = new Verdict();
verdict.check(
  `upstream socket closed within ${values.limit} ms at p99`,
  percentile(closed, 0.99) <= Number(values.limit),
);
verdict.check(`the row keeps what the client saw: ${kept} of ${trials}`, kept === trials);
verdict.exit();
