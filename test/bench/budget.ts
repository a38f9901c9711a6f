/**
 * 50 requests at once on a day's budget for 10, over two processes: what is booked in the end goes beyond the budget by
 * one reservation at most, and whoever is refused gets 429 `quota_exceeded` with `Retry-After`.
 *
 *     node test/bench/budget.ts [--requests 50] [--room 10] [--sqlite]
 *
 * What a turn reserves is read from `GET users/me/usage` while a trial turn runs; the budget (QUOTA_TOKENS_PER_DAY) is
 * `--room` times that. Exits with 1 where a promise is broken or there is no usage to be read.
 */
import { parseArgs } from 'node:util';
import type { ApiClient } from '../support/client.ts';
import { begin, eventually } from '../support/talk.ts';
import { Cluster } from './cluster.ts';
import { parallel, range } from './parallel.ts';
import { table } from './report.ts';
import { Verdict } from './verdict.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '50' },
    room: { type: 'string', default: '10' },
    sqlite: { type: 'boolean', default: false },
  },
});
const [requests, room] = [Number(values.requests), Number(values.room)];
/** Slow enough that all are in flight at once. */
const MODEL = 'budget:gap=50,count=60';
const PROMPT = 'Tell me about machine learning, in a few words.';
const AMPLE = 1_000_000_000;

interface Tokens {
  reserved: number;
  total: number;
  limit: number | null;
}

const verdict = new Verdict();
const reserved = await reservationOfOneTurn();
const limit = room * reserved;
const cluster = await startWith(limit);
const client = await cluster.register();
const chatbotId = (await client.post('chatbots', { name: 'Bot', model: MODEL }, { expect: 201 })).body.id;
const conversations = await parallel(4, range(requests), () => begin(client, { chatbotId }));

let most = 0;
let done = false;
const watch = (async () => {
  while (!done) {
    const tokens = await tokensOf(client);
    most = Math.max(most, tokens.reserved + tokens.total);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
})();
const answers = await Promise.all(
  conversations.map((id, n) =>
    client.at(cluster.url(n)).post(`conversations/${id}/messages`, { content: PROMPT }),
  ),
);
done = true;
await watch;
const booked = await eventually(async () => {
  const tokens = await tokensOf(client);
  return tokens.reserved === 0 && tokens;
}, 10_000);
const calls = cluster.upstream.callsTo('budget:').length;
await cluster.stop();

const admitted = answers.filter(({ status }) => status === 201);
const refused = answers.filter(({ status, body }) => status === 429 && body.code === 'quota_exceeded');
const kinds = Map.groupBy(answers, ({ status, body }) => `${status} ${body?.code ?? ''}`.trim());
console.log(
  `${requests} requests at once, budget ${limit} tokens: ${room} reservations of ${reserved}\n\n` +
    table([
      ['', 'requests'],
      ...[...kinds].map(([kind, list]) => [kind, String(list.length)]),
      ['', 'tokens'],
      ['most booked and reserved', String(most)],
      ['booked in the end', String(booked.total)],
    ]),
);
console.log('');
verdict.check(
  `booked and reserved never beyond the budget by more than one reservation`,
  Math.max(most, booked.total) <= limit + reserved,
);
verdict.check(
  `between ${room} and ${room + 1} admitted: ${admitted.length}`,
  admitted.length >= room && admitted.length <= room + 1,
);
verdict.check('all others refused with quota_exceeded', admitted.length + refused.length === requests);
verdict.check(
  'each refusal says when to come back',
  refused.every(({ headers }) => Number(headers['retry-after']) > 0),
);
verdict.check(`the model was called for the admitted ones only: ${calls}`, calls === admitted.length);
verdict.exit();

/** A cluster whose users have this budget. */
function startWith(tokens: number): Promise<Cluster> {
  const env = { QUOTA_TOKENS_PER_DAY: String(tokens) };
  return Cluster.start({ sqlite: values.sqlite, env });
}

async function tokensOf(client: ApiClient): Promise<Tokens> {
  const { status, body } = await client.get('users/me/usage');
  const tokens = body?.today?.tokens as Tokens | undefined;
  if (status === 200 && typeof tokens?.reserved === 'number') return tokens;
  throw new Error(
    `GET users/me/usage answered ${status} without today.tokens.reserved: there is no budget yet`,
  );
}

async function reservationOfOneTurn(): Promise<number> {
  const cluster = await startWith(AMPLE);
  const client = await cluster.register();
  const { limit } = await tokensOf(client);
  if (limit !== AMPLE)
    throw new Error(`today.tokens.limit is ${limit} where QUOTA_TOKENS_PER_DAY is ${AMPLE}`);
  const { body } = await client.post('chatbots', { name: 'Bot', model: MODEL }, { expect: 201 });
  const id = await begin(client, { chatbotId: body.id });
  const stream = await client.stream(`conversations/${id}/messages`, { body: { content: PROMPT } });
  await stream.nextOf('message.delta');
  const { reserved } = await tokensOf(client);
  stream.close();
  await cluster.stop();
  if (reserved <= 0) throw new Error('a running turn reserves nothing');
  return reserved;
}
