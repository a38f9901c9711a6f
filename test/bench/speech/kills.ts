/**
 * Recordings through Bull, Redis and two Whisper microservices, while what works on them is killed: the worker, a
 * microservice, the engine that it has started, Redis. Every transcription ends `done`, once, with the text that an
 * undisturbed one has.
 *
 *     node test/bench/speech/kills.ts [--recordings 100] [--worker 50] [--whisper 20] [--engine 20] [--redis 5]
 *
 * Exits with 1 where a promise is broken: done within 15 s of the restart, the minutes booked once, one last event.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { ApiClient } from '../../support/client.ts';
import { parallel, range } from '../parallel.ts';
import { percentile, table } from '../report.ts';
import { Verdict } from '../verdict.ts';
import { handIn, outcome, type Row, until } from './client.ts';
import { SpeechCluster } from './cluster.ts';
import { joinedPcm, secondsOf, spokenPcm, wavOf } from './recordings.ts';

const { values } = parseArgs({
  options: {
    recordings: { type: 'string', default: '100' },
    worker: { type: 'string', default: '50' },
    whisper: { type: 'string', default: '20' },
    engine: { type: 'string', default: '20' },
    redis: { type: 'string', default: '5' },
  },
});

const LONG_SECONDS = 100;
const WITHIN_MS = 15_000;
const DOWN_MS = 300;

interface Kill {
  name: string;
  times: number;
  /** Kills it and brings it back; resolves when it is there again. */
  strike: (round: number) => Promise<void>;
}

interface Fate {
  row: Row;
  /** From the moment when what was killed is there again, in milliseconds. */
  after: number;
  lastEvents: number;
  hit: boolean;
}

const speech = await SpeechCluster.start({ env: { SPEECH_JOBS_PER_USER: '1000' } });
const { cluster } = speech;
const client = await speech.register();
const verdict = new Verdict();
const long = wavOf(joinedPcm(LONG_SECONDS));

async function shared(count: number): Promise<void> {
  const sounds = range(12).map((index) => wavOf(spokenPcm(index)));
  const from = performance.now();
  const rows = await parallel(20, range(count), (index) => handIn(client, sounds[index % sounds.length]!));
  const ends = await parallel(20, rows, ({ id }) => outcome(client, id));
  const seconds = (performance.now() - from) / 1_000;
  const pieces = await Promise.all(
    [0, 1].map(async (place) => piecesOf(await speech.whispers[place]!.counts())),
  );
  console.log(
    `${count} recordings in ${seconds.toFixed(1)} s; pieces by microservice: ${pieces.join(' and ')}`,
  );
  verdict.check(
    'all are done',
    ends.every(({ status }) => status === 'done'),
  );
  const texts = range(12).map(
    (index) => new Set(ends.filter((_, i) => i % 12 === index).map((row) => row.text)),
  );
  verdict.check(
    'each sentence has one text',
    texts.every(({ size }) => size === 1),
  );
  verdict.check('both microservices have a third at least', Math.min(...pieces) > count / 3);
}

function piecesOf(metrics: Map<string, number>): number {
  let sum = 0;
  for (const [name, value] of metrics) if (/^parley_whisper_pieces_total\{.*done/.test(name)) sum += value;
  return sum;
}

/** One long recording, hit once while it is being worked on. */
async function once(kill: Kill, round: number, text: string): Promise<Fate> {
  const { id } = await handIn(client, long);
  const running = await until(client, id, ({ status }) => status === 'running');
  await sleep(randomInt(400));
  const hit = running !== undefined;
  await kill.strike(round);
  const from = performance.now();
  const row = await outcome(client, id);
  const after = performance.now() - from;
  if (row.text !== text)
    console.log(`  ${kill.name} ${round}: ${row.status} ${row.errorCode ?? ''} another text`);
  return { row, after, lastEvents: await lastEventsOf(client, id), hit };
}

async function lastEventsOf(reader: ApiClient, id: number): Promise<number> {
  const events = await (await reader.stream(`speech/transcriptions/${id}/events`)).collect();
  return events.filter(({ event }) => /\.(done|failed|cancelled)$/.test(event)).length;
}

/** Milliseconds of sound on the user's books. */
async function booked(): Promise<number> {
  const [row] = await cluster.query<{ ms: number }>('SELECT SUM(audio_ms) AS ms FROM usage_days');
  return Number(row?.ms ?? 0);
}

async function rounds(kill: Kill, text: string): Promise<string[]> {
  const before = await booked();
  const fates: Fate[] = [];
  for (const round of range(kill.times)) fates.push(await once(kill, round, text));
  const times = fates.map(({ after }) => after);
  const seconds = ((await booked()) - before) / 1_000;
  verdict.check(
    `${kill.name}: all are done`,
    fates.every(({ row }) => row.status === 'done'),
  );
  verdict.check(
    `${kill.name}: with the text of an undisturbed one`,
    fates.every(({ row }) => row.text === text),
  );
  verdict.check(
    `${kill.name}: one last event each`,
    fates.every(({ lastEvents }) => lastEvents === 1),
  );
  verdict.check(`${kill.name}: within 15 s`, Math.max(...times) <= WITHIN_MS);
  verdict.check(`${kill.name}: booked once`, Math.abs(seconds - kill.times * secondsOf(long)) < kill.times);
  const hit = fates.filter((fate) => fate.hit).length;
  return [
    ...[kill.name, String(kill.times), String(hit)],
    ...[0.5, 0.95, 1].map((share) => (percentile(times, share) / 1_000).toFixed(1)),
  ];
}

const kills: Kill[] = [
  {
    name: 'worker',
    times: Number(values.worker),
    strike: async () => {
      await speech.workers[0]!.kill();
      await speech.startWorker(0);
    },
  },
  {
    name: 'microservice',
    times: Number(values.whisper),
    strike: async (round) => {
      await speech.whispers[round % 2]!.kill();
      await sleep(DOWN_MS);
      await speech.startWhisper(round % 2);
    },
  },
  {
    name: 'engine',
    times: Number(values.engine),
    strike: async (round) => {
      process.kill(speech.enginePid(round % 2), 'SIGKILL');
    },
  },
  {
    name: 'Redis',
    times: Number(values.redis),
    strike: async () => {
      await cluster.redis!.kill();
      await sleep(DOWN_MS);
      await cluster.redis!.start();
    },
  },
];

try {
  await shared(Number(values.recordings));
  const undisturbed = await outcome(client, (await handIn(client, long)).id);
  verdict.check('an undisturbed long one is done', undisturbed.status === 'done');
  const rows = [['killed', 'times', 'in mid-job', 'p50 s', 'p95 s', 'max s']];
  for (const kill of kills) if (kill.times > 0) rows.push(await rounds(kill, undisturbed.text ?? ''));
  console.log(`\nFrom the restart to done, recordings of ${LONG_SECONDS} s:\n${table(rows)}`);
} finally {
  await speech.stop();
}
verdict.exit();
