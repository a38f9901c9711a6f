/**
 * SIGTERM with 50 streams open, half of them short and half never-ending, while new sends arrive: each stream gets its
 * last event, the process ends within 15 s with code 0 and leaves no row running, and each send is answered or refused.
 *
 *     node test/bench/shutdown.ts [--streams 50] [--every 20] [--processes 2] [--rounds 3] [--sqlite]
 *
 * `--every` are the milliseconds between two sends. With several processes the first one is ended. Exits with 1 where
 * a promise is broken.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ApiClient } from '../support/client.ts';
import { begin } from '../support/talk.ts';
import { Cluster } from './cluster.ts';
import { parallel, range } from './parallel.ts';
import { type Part, TurnReader } from './reader.ts';
import { table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '50' },
    every: { type: 'string', default: '20' },
    processes: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    sqlite: { type: 'boolean', default: false },
  },
});
const [streams, every] = [Number(values.streams), Number(values.every)];
const EXIT_MS = 15_000;
/** Sends stop arriving when the process has ended; more than this are not prepared. */
const MAX_SENDS = Math.ceil(10_000 / every);

/** One shutdown. */
interface Round {
  code: number | null;
  ms: number;
  running: number;
  /** How many streams ended in which way. */
  ends: Map<string, number>;
  /** How many sends during the shutdown ended in which way. */
  sends: Map<string, number>;
  /** Sends that got no answer, though their turn was stored. */
  halfDone: number;
}

const cluster = await Cluster.start({ processes: Number(values.processes), sqlite: values.sqlite });

async function conversations(client: ApiClient, model: string, count: number): Promise<number[]> {
  const { body } = await client.post('chatbots', { name: 'Bot', model }, { expect: 201 });
  return parallel(4, range(count), () => begin(client, { chatbotId: body.id }));
}

function readers(client: ApiClient, ids: number[]): TurnReader[] {
  return ids.map((conversationId) => new TurnReader({ conversationId, content: 'Go', token: client.token! }));
}

function tally(words: string[]): Map<string, number> {
  const groups = Map.groupBy(words, (word) => word);
  return new Map([...groups].map(([word, list]) => [word, list.length]));
}

function refusalOf({ status, code, retryAfter, how }: Part): string {
  if (status === 0 || status === 200) return how;
  return `${status} ${code ?? 'without a code'}${retryAfter === undefined ? ', no Retry-After' : ''}`;
}

/** Sends one after the other, without waiting for answers, until `ended`. */
async function sendUntil(
  ended: Promise<unknown>,
  late: TurnReader[],
  url: string,
): Promise<Map<TurnReader, string>> {
  let over = false;
  void ended.then(() => (over = true));
  const sent: Promise<void>[] = [];
  const outcomes = new Map<TurnReader, string>();
  for (const reader of late) {
    if (over) break;
    sent.push(
      reader.read(url).then((part) => {
        outcomes.set(reader, reader.end?.event ?? refusalOf(part));
      }),
    );
    await sleep(every);
  }
  await Promise.all(sent);
  return outcomes;
}

/** Whether anything is stored in the conversation of a send that got no answer. */
async function isStored(conversationId: number): Promise<boolean> {
  const rows = await cluster.query('SELECT id FROM messages WHERE conversation_id = ?', [conversationId]);
  return rows.length > 0;
}

async function shutDown(): Promise<Round> {
  const client = await cluster.register();
  const half = Math.floor(streams / 2);
  const ids = [
    ...(await conversations(client, 'test:gap=20,count=50', half)),
    ...(await conversations(client, 'test:gap=20,never-ending', streams - half)),
  ];
  const lateIds = await conversations(client, 'test:gap=20,count=10', MAX_SENDS);
  const [open, late] = [readers(client, ids), readers(client, lateIds)];
  const url = cluster.url(0);
  const reading = Promise.all(open.map((reader) => reader.read(url)));
  while (open.some(({ events }) => events.length < 2)) await sleep(10);
  const ended = cluster.apis[0]!.stop();
  const sending = sendUntil(ended, late, url);
  const { code, ms } = await ended;
  const running = await cluster.runningRows();
  const parts = await reading;
  const outcomes = await sending;
  let halfDone = 0;
  for (const [index, reader] of late.entries())
    if (outcomes.has(reader) && !reader.end && (await isStored(lateIds[index]!))) halfDone += 1;
  await cluster.startAt(0);
  const ends = tally(open.map(({ end }, index) => end?.event ?? `none (${parts[index]!.how})`));
  return { code, ms, running, ends, sends: tally([...outcomes.values()]), halfDone };
}

const rounds: Round[] = [];
while (rounds.length < Number(values.rounds)) rounds.push(await shutDown());
await cluster.stop();

const ANSWERED = /^message\.|^503 |^ECONNREFUSED$/;
const SAYS_WHY = /^message\.|^503 shutting_down$|^ECONNREFUSED$/;
const say = (counts: Map<string, number>) =>
  [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
console.log(
  table([
    ['round', 'exit code', 'ended after', 'rows running'],
    ...rounds.map(({ code, ms, running }, index) =>
      [index + 1, code, `${ms.toFixed(0)} ms`, running].map(String),
    ),
  ]),
);
for (const [index, { ends, sends }] of rounds.entries())
  console.log(`\nround ${index + 1}\n  streams: ${say(ends)}\n  sends:   ${say(sends)}`);
console.log('');
const verdict = new Verdict();
verdict.check(
  'each stream got its last event',
  rounds.every(({ ends }) => [...ends.keys()].every((end) => end.startsWith('message.'))),
);
verdict.check(
  'ended within 15 s with code 0',
  rounds.every(({ code, ms }) => code === 0 && ms <= EXIT_MS),
);
verdict.check(
  'no row running afterwards',
  rounds.every(({ running }) => running === 0),
);
verdict.check(
  'each send was answered, or refused with 503 or at the socket',
  rounds.every(({ sends }) => [...sends.keys()].every((send) => ANSWERED.test(send))),
);
verdict.check(
  'each refusal is a problem document with Retry-After',
  rounds.every(({ sends }) => [...sends.keys()].every((send) => SAYS_WHY.test(send))),
);
verdict.check(
  'no send without an answer left a turn behind',
  rounds.every(({ halfDone }) => halfDone === 0),
);
verdict.exit();
