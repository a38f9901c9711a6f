/**
 * What the way to an engine costs: the same sound sent to a whisper-server of its own, through a Whisper microservice,
 * and as an upload through API, Bull, worker and microservice; in turn, so that what disturbs the machine disturbs all.
 *
 *     node test/bench/speech/overhead.ts [--rounds 40] [--sqlite]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'node:http';
import { parseArgs } from 'node:util';
import { startWhisperServer } from '../../support/whisper-server.ts';
import { range } from '../parallel.ts';
import { ms, percent, percentile, table } from '../report.ts';
import { handIn } from './client.ts';
import { SpeechCluster } from './cluster.ts';
import { joinedPcm, secondsOf, spokenPcm, wavOf } from './recordings.ts';

// What is built: plain Node cannot load the sources of a library.
const built = new URL('../../../dist/libs/whisper/', import.meta.url).href;
const { GrpcTranscriber } = (await import(
  `${built}grpc-transcriber.js`
)) as typeof import('../../../libs/whisper/grpc-transcriber.ts');
const { pieceForm } = (await import(
  `${built}piece-form.js`
)) as typeof import('../../../libs/whisper/piece-form.ts');

const FIELDS: [string, string][] = [
  ['response_format', 'verbose_json'],
  ['language', 'en'],
  ['no_language_probabilities', 'true'],
];

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, sqlite: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);

const speech = await SpeechCluster.start({ sqlite: values.sqlite, whispers: 1 });
const direct = await startWhisperServer({ args: ['-t', '1'] });
const transcriber = new GrpcTranscriber({
  addresses: speech.addresses.map((target) => ({ target, secure: false })),
});
const client = await speech.register();

function throughServer(pcm: Buffer): Promise<void> {
  const { contentType, body } = pieceForm(pcm, FIELDS);
  return new Promise((resolve, reject) => {
    // Over a connection of its own: on one that it has used before whisper-server answers some 40 ms later.
    const headers = { 'content-type': contentType, 'content-length': body.length, connection: 'close' };
    const sent = request(`${direct.url}/inference`, { method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve());
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function throughService(pcm: Buffer): Promise<void> {
  const piece = { pcm, task: 'transcribe', language: 'en', words: true } as const;
  await transcriber.transcribe(piece, AbortSignal.timeout(60_000));
}

async function throughAll(pcm: Buffer): Promise<void> {
  const { id } = await handIn(client, wavOf(pcm), { language: 'en', words: 'true' });
  const stream = await client.stream(`speech/transcriptions/${id}/events`);
  await stream.nextOf('transcription.done');
  await stream.collect();
}

const WAYS = { engine: throughServer, microservice: throughService, 'whole way': throughAll };

async function measure(name: string, pcm: Buffer): Promise<string[][]> {
  const times = new Map(Object.keys(WAYS).map((way) => [way, [] as number[]]));
  for (const round of range(rounds + 2)) {
    const ways = Object.entries(WAYS);
    for (const i of range(ways.length)) {
      const [way, work] = ways[(i + round) % ways.length]!;
      const from = performance.now();
      await work(pcm);
      if (round >= 2) times.get(way)!.push(performance.now() - from);
    }
  }
  const floor = percentile(times.get('engine')!, 0.5);
  return [...times].map(([way, all]) => {
    const middle = percentile(all, 0.5);
    const added = middle - floor;
    return [
      `${name} (${secondsOf(pcm).toFixed(1)} s), ${way}`,
      ...[ms(middle), ms(percentile(all, 0.95)), ms(added), percent(added / floor)],
    ];
  });
}

try {
  while (!transcriber.state().ready) await sleep(20);
  const head = ['sound and way', 'p50', 'p95', 'added', 'of the engine'];
  const sentence = await measure('a sentence', spokenPcm(0));
  const window = await measure('a full window', joinedPcm(30));
  console.log(table([head, ...sentence, ...window]));
} finally {
  await Promise.all([transcriber.close(), direct.child.stop()]);
  await speech.stop();
}
process.exit();
