/**
 * How long it takes from a stop call to the end of the upstream's socket, by the upstream's own log, while other
 * turns run.
 *
 *     node test/bench/stop.ts [--trials 200] [--others 20]
 */
import { parseArgs } from 'node:util';
import { startApi } from '../support/api-process.ts';
import { ApiClient } from '../support/client.ts';
import { beginWith, textOf } from '../support/talk.ts';
import { startUpstream } from '../support/upstream/upstream.ts';

const { values } = parseArgs({
  options: { trials: { type: 'string', default: '200' }, others: { type: 'string', default: '20' } },
});

const upstream = await startUpstream();
const api = await startApi({ env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: `${upstream.url}/v1` } });
const client = await new ApiClient(api.url).register();

const open = async (model: string) => {
  const id = await beginWith(client, { model });
  return client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
};
const others = await Promise.all(
  Array.from({ length: Number(values.others) }, () => open('other:gap=20,never-ending')),
);

const took: number[] = [];
let kept = 0;
for (let trial = 0; trial < Number(values.trials); trial += 1) {
  const stream = await open(`trial-${trial}:gap=5,never-ending`);
  const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id;
  await stream.nextOf('message.delta');
  const askedAt = Date.now();
  await client.post(`messages/${answerId}/stop`);
  const [call] = upstream.callsTo(`trial-${trial}`);
  took.push(call!.closedByClient ? call!.closedAt! - askedAt : Number.POSITIVE_INFINITY);
  const text = textOf(await stream.collect());
  const { body: row } = await client.get(`messages/${answerId}`);
  if (row.status === 'stopped' && row.content === text) kept += 1;
}
for (const stream of others) stream.close();
took.sort((a, b) => a - b);
const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
console.log(
  `${took.length} stops beside ${values.others} other turns: upstream socket closed after ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${took.at(-1)} ms; part kept on the row: ${kept} of ${took.length}`,
);
await api.stop();
await upstream.close();
