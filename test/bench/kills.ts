/**
 * Kills API processes with SIGKILL at a random piece of an answer, and looks at what became of each turn: the user's
 * message is there, at most 250 ms of the answer are missing, the turn is `interrupted` in time, and its events
 * replay as its row says. With two processes the other one takes over: readers go on there.
 *
 *     node test/bench/kills.ts [--kills 100] [--streams 3] [--lanes 4] [--processes 1] [--sqlite]
 *
 * Lanes are clusters of their own, side by side; `--streams` are the turns open at each kill. With one process the
 * time to `interrupted` counts from the moment when the process that was started again is ready (at most 5 s), with
 * more of them from the kill (lease and sweep: at most 7 s). Exits with 1 where a promise is broken.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { ApiClient } from '../support/client.ts';
import type { EventStream, SseEvent } from '../support/event-stream.ts';
import { startMariaDb } from '../support/mariadb.ts';
import { beginWith, eventually, textOf } from '../support/talk.ts';
import { Cluster } from './cluster.ts';
import { range } from './parallel.ts';
import { collect } from './reader.ts';
import { percentile, table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    streams: { type: 'string', default: '3' },
    lanes: { type: 'string', default: '4' },
    processes: { type: 'string', default: '1' },
    sqlite: { type: 'boolean', default: false },
  },
});
const [kills, streams, lanes, processes] = [values.kills, values.streams, values.lanes, values.processes].map(
  Number,
) as [number, number, number, number];

const MODEL = 'test:gap=10,never-ending';
const MAX_PIECES = 150;
const MISSING_MS = 250;
/** Longest wait for the last event of a turn whose process is gone. */
const ENDLESS_MS = 20_000;
const INTERRUPTED_MS = processes === 1 ? 5_000 : 7_000;

interface OpenTurn {
  prompt: string;
  conversationId: number;
  answerId: number;
  stream: EventStream;
}

/** What became of a turn. Times are milliseconds. */
interface Fate {
  messageThere: boolean;
  /** The row and what the client saw agree, as far as the shorter one goes. */
  partKept: boolean;
  /** Age, at the kill, of the oldest piece that the client had and the row has not. */
  missing: number;
  interruptedAfter: number;
  replayEqual: boolean;
  /** A reader that went on elsewhere got every event once, and the last one. */
  resumed: boolean;
}

async function open(client: ApiClient, number: number): Promise<OpenTurn> {
  const conversationId = await beginWith(client, { model: MODEL });
  const prompt = `Turn ${number} that is not to be lost`;
  const stream = await client.stream(`conversations/${conversationId}/messages`, {
    body: { content: prompt },
  });
  const answerId = (await stream.nextOf('message.created')).data.assistantMessage.id as number;
  return { prompt, conversationId, answerId, stream };
}

function oldestMissing(seen: SseEvent[], content: string, killedAt: number): number {
  let length = 0;
  for (const { event, data, at } of seen) {
    if (event === 'message.delta') length += (data.text as string).length;
    if (length > content.length) return Math.max(0, killedAt - at);
  }
  return 0;
}

/** Reads on at the other process, as the client of a process that went away does. */
async function resume(client: ApiClient, { answerId, stream }: OpenTurn): Promise<boolean> {
  const last = stream.received.at(-1)!.id;
  const headers = { 'last-event-id': String(last) };
  const events = await collect(await client.stream(`messages/${answerId}/events`, { headers }), ENDLESS_MS);
  const end = events.at(-1);
  const inOrder = events.every(({ id }, index) => id === last + 1 + index);
  return (
    inOrder &&
    end?.event === 'message.interrupted' &&
    textOf([...stream.received, ...events]).startsWith(end.data.message.content)
  );
}

async function fateOf(client: ApiClient, turn: OpenTurn, killedAt: number, from: number): Promise<Fate> {
  const { prompt, conversationId, answerId, stream } = turn;
  const resumed = processes === 1 ? Promise.resolve(true) : resume(client, turn).catch(() => false);
  const row = await eventually(async () => {
    const { body } = await client.get(`messages/${answerId}`);
    return body.status === 'interrupted' && (body as { content: string });
  }, 60_000);
  const interruptedAfter = performance.now() - from;
  const { items } = (await client.get(`conversations/${conversationId}/messages`)).body;
  const replay = await collect(await client.stream(`messages/${answerId}/events`), ENDLESS_MS);
  const seen = textOf(stream.received);
  return {
    messageThere: items.length === 2 && items[0].content === prompt && items[0].status === 'completed',
    partKept: seen.startsWith(row.content) || row.content.startsWith(seen),
    missing: oldestMissing(stream.received, row.content, killedAt),
    interruptedAfter,
    replayEqual:
      textOf(replay) === row.content &&
      replay.at(-1)?.event === 'message.interrupted' &&
      replay.at(-1)?.data.message.content === row.content,
    resumed: await resumed,
  };
}

async function killOnce(lane: Cluster): Promise<Fate[]> {
  const client = await lane.register();
  const turns = await Promise.all(range(streams).map((number) => open(client, number)));
  const unlucky = turns[randomInt(turns.length)]!;
  for (let left = randomInt(1, MAX_PIECES); left > 0; left -= 1) await unlucky.stream.nextOf('message.delta');
  const killedAt = performance.now();
  await lane.apis[0]!.kill();
  await Promise.all(turns.map(({ stream }) => stream.collect().catch(() => undefined)));
  if (processes === 1) await lane.startAt(0);
  const from = processes === 1 ? performance.now() : killedAt;
  const other = client.at(lane.url(processes - 1));
  const fates = await Promise.all(turns.map((turn) => fateOf(other, turn, killedAt, from)));
  if (processes > 1) await lane.startAt(0);
  return fates;
}

let left = kills;
async function runLane(lane: Cluster): Promise<Fate[]> {
  const fates: Fate[] = [];
  while (left > 0) {
    left -= 1;
    fates.push(...(await killOnce(lane)));
  }
  await lane.stop();
  return fates;
}

const mariaDb = values.sqlite ? undefined : await startMariaDb();
const clusters: Cluster[] = [];
while (clusters.length < lanes)
  clusters.push(await Cluster.start({ processes, sqlite: values.sqlite, mariaDb }));
const fates = (await Promise.all(clusters.map(runLane))).flat();
await mariaDb?.stop();

const row = (name: string, times: number[]) => [
  name,
  ...[percentile(times, 0.5), percentile(times, 0.99), Math.max(...times)].map(
    (time) => `${time.toFixed(0)} ms`,
  ),
];
const missing = fates.map((fate) => fate.missing);
const interrupted = fates.map(({ interruptedAfter }) => interruptedAfter);
console.log(
  `${kills} kills, ${fates.length} turns, ${processes} process${processes === 1 ? '' : 'es'} (${values.sqlite ? 'sqlite' : 'mariadb'})\n\n` +
    table([
      ['', 'p50', 'p99', 'max'],
      row('oldest missing piece', missing),
      row('interrupted after', interrupted),
    ]),
);
const verdict = new Verdict();
const all = (key: 'messageThere' | 'partKept' | 'replayEqual' | 'resumed', promise: string) => {
  const kept = fates.filter((fate) => fate[key]).length;
  verdict.check(`${promise}: ${kept} of ${fates.length}`, kept === fates.length);
};
console.log('');
all('messageThere', "user's message there, once");
all('partKept', 'row has nothing that the client did not see in this order');
all('replayEqual', 'replayed events say what the row says');
if (processes > 1) all('resumed', 'reader went on at the other process, no event missed or doubled');
verdict.check(`at most ${MISSING_MS} ms of an answer missing`, Math.max(...missing) <= MISSING_MS);
verdict.check(
  `interrupted within ${INTERRUPTED_MS / 1_000} s of ${processes === 1 ? 'the start' : 'the kill'}`,
  Math.max(...interrupted) <= INTERRUPTED_MS,
);
verdict.exit();
