/**
 * Sends that race over two processes: 100 with one `Idempotency-Key` make one turn, of which 99 answers are marked as
 * replayed and all are equal; of 20 into one conversation one is answered and 19 are told which message runs.
 *
 *     node test/bench/retries.ts [--rounds 20] [--same 100] [--rivals 20] [--sqlite]
 *
 * Exits with 1 where any round was otherwise.
 */
import { parseArgs } from 'node:util';
import type { Answer, ApiClient } from '../support/client.ts';
import { beginWith } from '../support/talk.ts';
import { Cluster } from './cluster.ts';
import { range } from './parallel.ts';
import { percentile, table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    same: { type: 'string', default: '100' },
    rivals: { type: 'string', default: '20' },
    sqlite: { type: 'boolean', default: false },
  },
});
const [rounds, same, rivals] = [values.rounds, values.same, values.rivals].map(Number) as [
  number,
  number,
  number,
];

/** What came of one round: milliseconds, and what was not as it must be. */
interface Round {
  took: number;
  wrong: string[];
}

const cluster = await Cluster.start({ sqlite: values.sqlite });
const client = await cluster.register();
const clients: ApiClient[] = range(2).map((place) => client.at(cluster.url(place)));

/** Sends all at once, every second one to the other process. */
async function race(
  conversation: number,
  count: number,
  content: (n: number) => string,
  headers = {},
): Promise<{ answers: Answer[]; took: number }> {
  const from = performance.now();
  const path = `conversations/${conversation}/messages`;
  const answers = await Promise.all(
    range(count).map((n) => clients[n % 2]!.post(path, { content: content(n) }, { headers })),
  );
  return { answers, took: performance.now() - from };
}

/** What is stored and what was asked for, after a race that one turn came of. */
async function oneTurn(conversation: number, name: string): Promise<string[]> {
  const { items } = (await client.get(`conversations/${conversation}/messages`)).body;
  const calls = cluster.upstream.callsTo(`${name}:`).length;
  return [
    ...(items.length === 2 ? [] : [`${items.length} messages stored`]),
    ...(calls === 1 ? [] : [`${calls} upstream calls`]),
  ];
}

async function sameKey(round: number): Promise<Round> {
  const name = `same-${round}`;
  const id = await beginWith(client, { model: `${name}:gap=5,count=20` });
  const { answers, took } = await race(id, same, () => 'Once', { 'idempotency-key': name });
  const wrong = await oneTurn(id, name);
  const answered = answers.filter(({ status }) => status === 201).length;
  const replayed = answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true').length;
  const different = new Set(answers.map(({ body }) => JSON.stringify(body))).size;
  if (answered !== same) wrong.push(`${answered} of ${same} answered: ${statuses(answers)}`);
  if (replayed !== same - 1) wrong.push(`${replayed} marked as replayed`);
  if (different !== 1) wrong.push(`${different} different answers`);
  if (answers[0]!.body.assistantMessage?.status !== 'completed') wrong.push('not completed');
  return { took, wrong };
}

async function oneConversation(round: number): Promise<Round> {
  const name = `rivals-${round}`;
  const id = await beginWith(client, { model: `${name}:gap=50,count=40` });
  const { answers, took } = await race(id, rivals, (n) => `Send ${n}`);
  const wrong = await oneTurn(id, name);
  const won = answers.filter(({ status }) => status === 201);
  const running = won[0]?.body.assistantMessage.id as number | undefined;
  const refused = answers.filter(
    ({ status, body }) => status === 409 && body.code === 'turn_running' && body.runningMessageId === running,
  );
  if (won.length !== 1 || refused.length !== rivals - 1)
    wrong.push(`${won.length} answered, ${refused.length} refused with its id: ${statuses(answers)}`);
  return { took, wrong };
}

function statuses(answers: Answer[]): string {
  const counts = Map.groupBy(answers, ({ status, body }) => `${status} ${body?.code ?? ''}`.trim());
  return [...counts].map(([what, list]) => `${list.length} × ${what}`).join(', ');
}

const parts = {
  [`${same} sends with one key`]: [] as Round[],
  [`${rivals} sends into one conversation`]: [] as Round[],
};
const [keyed, rivalling] = Object.values(parts) as [Round[], Round[]];
for (const round of range(rounds)) {
  keyed.push(await sameKey(round));
  rivalling.push(await oneConversation(round));
}
await cluster.stop();

const rows = Object.entries(parts).map(([name, list]) => {
  const took = list.map((round) => round.took);
  return [
    name,
    String(list.length),
    `${percentile(took, 0.5).toFixed(0)} ms`,
    `${Math.max(...took).toFixed(0)} ms`,
  ];
});
console.log(`${table([['', 'rounds', 'p50', 'max'], ...rows])}\n`);
const verdict = new Verdict();
for (const [name, list] of Object.entries(parts)) {
  const right = list.filter(({ wrong }) => wrong.length === 0).length;
  verdict.check(`${name} make one turn: ${right} of ${list.length} rounds`, right === list.length);
  for (const [round, { wrong }] of list.entries())
    if (wrong.length > 0) console.log(`        round ${round}: ${wrong.join('; ')}`);
}
verdict.exit();
