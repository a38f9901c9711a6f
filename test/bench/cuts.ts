/**
 * Cuts the connections of readers at random bytes, 1,000 times, and has them go on behind the last event that they
 * have whole, half of the times at the other process. In the end each has the upstream's text to the byte, every
 * event once, and the upstream was called once a turn.
 *
 *     node test/bench/cuts.ts [--cuts 1000] [--readers 10] [--pieces 100] [--gap 10] [--sqlite]
 *
 * With `--sqlite` there is one process. A reader that was cut before it knew its turn's id repeats its request with the same `Idempotency-Key`. `--readers`
 * run side by side, each over several cuts a turn. Exits with 1 where a promise is broken.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { ApiClient } from '../support/client.ts';
import { begin, textOf } from '../support/talk.ts';
import { PIECES, take } from '../support/upstream/pieces.ts';
import { Cluster } from './cluster.ts';
import { range } from './parallel.ts';
import { TurnReader } from './reader.ts';
import { table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '1000' },
    readers: { type: 'string', default: '10' },
    pieces: { type: 'string', default: '100' },
    gap: { type: 'string', default: '10' },
    sqlite: { type: 'boolean', default: false },
  },
});
const ANSWER = take(PIECES, Number(values.pieces)).join('');

/** Bytes of one connection; a piece takes about sixty, the first event a thousand. */
const MAX_BYTES = 1_500;
/** Connections of one reader, above which it gives up. */
const MAX_CONNECTIONS = 500;

interface Outcome {
  name: string;
  reader: TurnReader;
  /** Connections that were not cut and did not bring the end either. */
  failures: string[];
  textEqual: boolean;
}

const processes = values.sqlite ? 1 : 2;
const cluster = await Cluster.start({ sqlite: values.sqlite, processes });
let cutsLeft = Number(values.cuts);
let [elsewhere, midStream, turns] = [0, 0, 0];

/** Reads a turn to its end. */
async function readCut(client: ApiClient): Promise<Outcome> {
  const name = `cut-${(turns += 1)}`;
  const model = `${name}:gap=${values.gap},count=${values.pieces}`;
  const chatbotId = (await client.post('chatbots', { name: 'Bot', model }, { expect: 201 })).body.id;
  const conversationId = await begin(client, { chatbotId });
  const reader = new TurnReader({ conversationId, content: 'Go', token: client.token! });
  const failures: string[] = [];
  for (let place = randomInt(processes), connection = 0; !reader.end; connection += 1) {
    if (connection === MAX_CONNECTIONS) break;
    const cutAfter = cutsLeft > 0 ? randomInt(1, MAX_BYTES) : Infinity;
    const { status, code, how } = await reader.read(cluster.url(place), cutAfter);
    if (how !== 'cut') {
      if (!reader.end) failures.push(`${status} ${code ?? how}`);
      continue;
    }
    cutsLeft -= 1;
    if (cluster.upstream.callsTo(`${name}:`)[0]?.finished === false) midStream += 1;
    const moves = randomInt(processes);
    elsewhere += moves;
    place += moves;
  }
  const textEqual = textOf(reader.events) === ANSWER && reader.end?.data.message.content === ANSWER;
  return { name, reader, failures, textEqual };
}

async function readAll(): Promise<Outcome[]> {
  const client = await cluster.register();
  const outcomes: Outcome[] = [];
  while (cutsLeft > 0) outcomes.push(await readCut(client));
  return outcomes;
}

const outcomes = (await Promise.all(range(Number(values.readers)).map(readAll))).flat();
const calls = outcomes.map(({ name }) => cluster.upstream.callsTo(`${name}:`).length);
await cluster.stop();

const cuts = Number(values.cuts) - cutsLeft;
console.log(
  table([
    ['turns', 'cuts', 'while the upstream sent', 'gone on elsewhere'],
    [outcomes.length, cuts, midStream, elsewhere].map(String),
  ]),
);
console.log('');
const verdict = new Verdict();
const all = (promise: string, kept: (outcome: Outcome, index: number) => boolean) => {
  const count = outcomes.filter(kept).length;
  verdict.check(`${promise}: ${count} of ${outcomes.length}`, count === outcomes.length);
};
all('text equal to the upstream’s, to the byte', ({ textEqual }) => textEqual);
all('ids without gaps or doubles', ({ reader }) => reader.jumps.length === 0);
all('turn read to message.completed', ({ reader }) => reader.end?.event === 'message.completed');
all('no connection refused or broken', ({ failures }) => failures.length === 0);
all('one upstream call', (_, index) => calls[index] === 1);
for (const { name, reader, failures } of outcomes.filter(({ textEqual }) => !textEqual).slice(0, 5))
  console.log(
    `${name}: ${textOf(reader.events).length} of ${ANSWER.length} characters`,
    failures.slice(0, 3),
  );
verdict.exit();
