/**
 * Voice turns whose worker is killed at a random moment, while one client follows at the process that took the recording
 * and another one elsewhere. Each voice turn ends once, with one turn and each sentence told once, in order.
 *
 *     node test/bench/speech/voice-kills.ts [--rounds 40]
 *
 * Exits with 1 where a promise is broken.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startApi } from '../../support/api-process.ts';
import type { SseEvent } from '../../support/event-stream.ts';
import { synthetic } from '../../support/sounds.ts';
import { begin, textOf } from '../../support/talk.ts';
import { bySource, faultsOf, say, spokenOf } from '../../support/voice.ts';
import { startWhisperStandIn } from '../../support/whisper-stand-in.ts';
import { Cluster } from '../cluster.ts';
import { range } from '../parallel.ts';
import { ms, percentile } from '../report.ts';
import { Verdict } from '../verdict.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '40' } } });
const rounds = Number(values.rounds);

/** About as long as a voice turn takes here. */
const LATEST_KILL_MS = 2_200;
const WITHIN_MS = 15_000;

const SENTENCES = range(12).map((number) => `This is sentence number ${number} of the answer.`);

const whisper = await startWhisperStandIn();
whisper.delayMs = 400;
const cluster = await Cluster.start({
  processes: 2,
  env: { WHISPER_URL: whisper.url, TTS_PROVIDER: 'espeak' },
});
cluster.upstream.choose = () => ({ gap: 15, pieces: SENTENCES.join(' ').match(/.{1,6}/gs)! });
const recording = synthetic('sine=d=1');

const startWorker = () =>
  startApi({
    ...{ entry: 'dist/src/main.worker.js', ready: /Parley worker is at work/ },
    ...{ dir: cluster.dataDir, env: cluster.variables },
  });

/** What is wrong with a voice turn as somebody has followed it. */
function wrongOf(events: SseEvent[], body: any): string[] {
  const told = spokenOf(events);
  const isWhole = body.assistantMessage?.status === 'completed';
  const wanted = isWhole ? SENTENCES : SENTENCES.slice(0, Math.max(0, told.length - 1));
  return [
    ...faultsOf(events),
    ...(events.at(-1)!.event === 'voice.done' ? [] : [`ended with ${events.at(-1)!.event}`]),
    ...(bySource(events).turn.filter(({ event }) => event === 'message.created').length === 1
      ? []
      : ['no turn, or two']),
    ...(textOf(events) === body.assistantMessage?.content ? [] : ['another text than the row has']),
    ...(JSON.stringify(told) === JSON.stringify(body.sentences) ? [] : ['other sentences than the row has']),
    ...(wanted.every((text, index) => told[index]?.text === text) ? [] : ['a sentence is missing']),
  ];
}

let worker = await startWorker();
const wrong: string[] = [];
const ends = new Map<string, number>();
const after: number[] = [];
for (const round of range(rounds)) {
  const client = await cluster.register();
  const id = await begin(client);
  const stream = await say(client, id, recording);
  const path = `voice-messages/${(await stream.nextOf('voice.created')).data.voiceTurn.id}`;
  const there = await client.at(cluster.url(1)).stream(`${path}/events`);
  await sleep(Math.random() * LATEST_KILL_MS);
  const where = stream.received.at(-1)!.event;
  await worker.kill();
  worker = await startWorker();
  const from = performance.now();
  const seen = [await stream.collect(), await there.collect()];
  if (where !== 'voice.done') after.push(performance.now() - from);
  const { body } = await client.get(path, { expect: 200 });
  const found = seen.flatMap((events) => wrongOf(events, body));
  const messages = await cluster.query('SELECT id FROM messages WHERE conversation_id = ?', [id]);
  if (messages.length !== 2) found.push(`${messages.length} messages`);
  if (found.length > 0) console.log(`round ${round}, killed at ${where}: ${found.join('; ')}`);
  wrong.push(...found);
  const end = `${where} → ${body.assistantMessage?.status}`;
  ends.set(end, (ends.get(end) ?? 0) + 1);
}

for (const [end, count] of [...ends].toSorted(([a], [b]) => a.localeCompare(b)))
  console.log(`${String(count).padStart(4)}  ${end}`);
console.log(
  `from the new worker's start to the end: p50 ${ms(percentile(after, 0.5))}, most ${ms(Math.max(...after))}`,
);
const verdict = new Verdict();
verdict.check(
  `${rounds} kills: each voice turn ends once, with one turn, and each sentence once`,
  wrong.length === 0,
);
verdict.check(`within ${WITHIN_MS / 1_000} s of the new worker's start`, Math.max(...after) < WITHIN_MS);
const left = await cluster.query(
  'SELECT id FROM voice_turns WHERE due_at IS NOT NULL OR active_in IS NOT NULL',
);
verdict.check('nothing is left to do', left.length === 0);
await worker.stop();
await cluster.stop();
whisper.stop();
verdict.exit();
