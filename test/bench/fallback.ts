/**
 * Turns over providers of which one call in ten fails: how many are answered, whether any is answered twice, and how
 * many calls it took.
 *
 *     node test/bench/fallback.ts [--turns 1000] [--rate 10] [--parallel 20]
 */
import { parseArgs } from 'node:util';
import { startApi } from '../support/api-process.ts';
import { ApiClient } from '../support/client.ts';
import { begin, textOf } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';
import { startUpstream } from '../support/upstream/upstream.ts';
import { table } from './report.ts';

const ANSWER = PIECES.join('');
const AIM = 0.999;

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '10' },
    parallel: { type: 'string', default: '20' },
  },
});
const turns = Number(values.turns);

interface Trial {
  /** How the calls fail, of the preferred provider and of the fallback. */
  first: string;
  second: string;
  retries: string;
}

const rate = `fail-rate=${values.rate}`;
const TRIALS: Trial[] = [
  { first: `status=500,${rate}`, second: '', retries: '0' },
  { first: `status=500,${rate}`, second: `status=503,${rate}`, retries: '2' },
  { first: `reset=0,${rate}`, second: `reset=0,${rate}`, retries: '2' },
  { first: `error=0,${rate}`, second: `end=0,${rate}`, retries: '2' },
  { first: `hang-head,${rate}`, second: `hang=0,${rate}`, retries: '1' },
  { first: `status=401,${rate}`, second: '', retries: '2' },
];

const upstream = await startUpstream();

interface Outcome {
  answered: boolean;
  /** The streamed text is the stored text, and is the answer, once. */
  equal: boolean;
  provider: string;
}

async function turn(client: ApiClient, content: string): Promise<Outcome> {
  const id = await begin(client);
  const stream = await client.stream(`conversations/${id}/messages`, { body: { content } });
  const events = await stream.collect();
  const { message } = events.at(-1)!.data;
  const { body: row } = await client.get(`messages/${message.id}`);
  const equal = textOf(events) === row.content && (row.content === ANSWER || row.content === '');
  return { answered: row.status === 'completed', equal, provider: String(row.provider) };
}

/** Whole answers that the upstream gave to each turn: exactly one to each that was answered. */
function wholeAnswers(): Map<string, number> {
  const answers = new Map<string, number>();
  for (const { body, finished, chunksSent } of upstream.log) {
    if (!finished || chunksSent === 0) continue;
    const content = (body as { messages: { content: string }[] }).messages.at(-1)!.content;
    answers.set(content, (answers.get(content) ?? 0) + 1);
  }
  return answers;
}

async function run({ first, second, retries }: Trial): Promise<{ row: string[]; good: boolean }> {
  const api = await startApi({
    env: {
      ...{ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: `${upstream.url}/v1`, OPENAI_MODEL: `gpt:${first}` },
      ...{ DASHSCOPE_API_KEY: 'test-key', BAILIAN_BASE_URL: upstream.url, BAILIAN_MODEL: `qwen:${second}` },
      ...{ LLM_FALLBACK: 'bailian', LLM_MAX_RETRIES: retries, LLM_FIRST_TOKEN_TIMEOUT_MS: '3000' },
    },
  });
  const client = await new ApiClient(api.url).register();
  upstream.reset();
  const outcomes: Outcome[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < turns; i = next++) outcomes[i] = await turn(client, `turn ${i}`);
  };
  await Promise.all(Array.from({ length: Number(values.parallel) }, worker));
  await api.stop();
  const answers = wholeAnswers();
  const answered = outcomes.filter((outcome) => outcome.answered).length;
  const unequal = outcomes.filter(({ equal }) => !equal).length;
  const doubled = outcomes.filter(
    (outcome, i) => (answers.get(`turn ${i}`) ?? 0) !== Number(outcome.answered),
  );
  const elsewhere = outcomes.filter(({ provider }) => provider === 'bailian').length;
  const opened = [...api.logs().matchAll(/the circuit of .* opens/g)].length;
  const calls = ['gpt', 'qwen'].map((name) => upstream.callsTo(name).length);
  return {
    row: [
      ...[first, second || 'sound', retries, `${((100 * answered) / turns).toFixed(2)} %`],
      ...[elsewhere, unequal, doubled.length, calls.join(' + '), opened].map(String),
    ],
    good: answered / turns >= AIM && unequal + doubled.length + opened === 0,
  };
}

const heads = ['preferred', 'fallback', 'retries', 'answered', 'by the fallback', 'text not equal'];
const rows = [[...heads, 'not exactly one answer', 'calls', 'circuits opened']];
let good = true;
for (const trial of TRIALS) {
  const result = await run(trial);
  rows.push(result.row);
  good &&= result.good;
}
await upstream.close();
console.log(`\n${turns} turns each\n\n${table(rows)}\n`);
process.exit(good ? 0 : 1);
