/**
 * What the way to a Whisper machine costs: pieces sent over gRPC against the same pieces sent to the same
 * whisper-server by plain HTTP, in turns, and the same with a stand-in that takes no time; how long an engine is busy
 * after its caller has left; and when a piece whose machine is killed in the middle begins elsewhere.
 *
 *     node test/bench/speech/machine.ts [--pieces 40] [--trials 20]
 */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { spokenPcm } from '../../support/spoken.ts';
import { startWhisperMachine, type WhisperMachine } from '../../support/whisper-machine.ts';
import { startWhisperServer } from '../../support/whisper-server.ts';
import { percentile } from '../report.ts';

const { values } = parseArgs({
  options: { pieces: { type: 'string', default: '40' }, trials: { type: 'string', default: '20' } },
});

// What is built: plain Node cannot load the sources of a library.
const built = new URL('../../../dist/libs/whisper/', import.meta.url).href;
const { GrpcTranscriber } = (await import(
  `${built}grpc-transcriber.js`
)) as typeof import('../../../libs/whisper/grpc-transcriber.ts');
const { parseAddress } = (await import(
  `${built}whisper-address.js`
)) as typeof import('../../../libs/whisper/whisper-address.ts');

const { pieceForm } = (await import(
  `${built}piece-form.js`
)) as typeof import('../../../libs/whisper/piece-form.ts');

type Piece = Parameters<InstanceType<typeof GrpcTranscriber>['transcribe']>[0];

const NEVER = new AbortController().signal;
const clip = await spokenPcm('fox');
const short: Piece = { pcm: clip, task: 'transcribe', language: 'en', words: false };
const long: Piece = {
  ...short,
  pcm: Buffer.concat(Array.from({ length: 16 }, () => clip)).subarray(0, 960_000),
};

function connect(...machines: WhisperMachine[]) {
  return new GrpcTranscriber({ addresses: machines.map(({ address }) => parseAddress(address)!) });
}

async function ready(transcriber: InstanceType<typeof GrpcTranscriber>): Promise<void> {
  while (!transcriber.state().services.every((service) => service.ready)) await sleep(20);
}

/** As the engine asks for it. */
const FIELDS: [string, string][] = [
  ['response_format', 'verbose_json'],
  ['language', 'en'],
  ['translate', 'false'],
  ['temperature', '0'],
  ['token_timestamps', 'false'],
  ['max_len', '1000000'],
  ['no_language_probabilities', 'true'],
];

/** The least that can be done: one request with the piece as a WAV file in a form. */
function direct(url: string, { pcm }: Piece): Promise<void> {
  const { contentType, body } = pieceForm(pcm, FIELDS);
  return new Promise((resolve, reject) => {
    // Over a connection of its own: on one that it has used before whisper-server answers some 40 ms later.
    const headers = { 'content-type': contentType, 'content-length': body.length, connection: 'close' };
    const sent = request(`${url}/inference`, { method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve());
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

/** Directly and over gRPC in turns: what disturbs the machine disturbs both. */
async function compare(name: string, url: string): Promise<void> {
  const machine = await startWhisperMachine({ WHISPER_SERVER_URL: url });
  const transcriber = connect(machine);
  await ready(transcriber);
  for (const piece of [short, long]) {
    const took: Record<'direct' | 'over', number[]> = { direct: [], over: [] };
    for (let round = 0; round <= Number(values.pieces); round += 1) {
      const ways = [
        ['direct', () => direct(url, piece)],
        ['over', () => transcriber.transcribe(piece, NEVER)],
      ] as const;
      for (const [way, work] of round % 2 ? ways : ways.toReversed()) {
        const time = await timed(work);
        // The first round warms up.
        if (round > 0) took[way].push(time);
      }
    }
    const [bare, over] = [percentile(took.direct, 0.5), percentile(took.over, 0.5)];
    console.log(
      `${name}, ${(piece.pcm.length / 32_000).toFixed(1)} s of sound, ${values.pieces} pieces each way: ` +
        `directly p50 ${ms(bare)}, over gRPC p50 ${ms(over)}: ${ms(over - bare)} more, ratio ${(over / bare).toFixed(3)}`,
    );
  }
  await transcriber.close();
  await machine.stop();
}

const server = await startWhisperServer({ args: ['-t', '1'] });
await compare('whisper-server', server.url);
await server.child.stop();

const answer = JSON.stringify({ language: 'english', duration: 1, text: '', segments: [] });
const standIn = createServer((asked, response) => {
  asked.resume();
  asked.once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(answer));
}).listen(0, '127.0.0.1');
await new Promise((resolve) => standIn.once('listening', resolve));
await compare('an engine that takes no time', `http://127.0.0.1:${(standIn.address() as AddressInfo).port}`);
standIn.closeAllConnections();
standIn.close();

const machines = await Promise.all([startWhisperMachine(), startWhisperMachine()]);
const both = connect(...machines);
await ready(both);
const idle: number[] = [];
for (let trial = 0; trial < Number(values.trials); trial += 1) {
  const leaving = new AbortController();
  const left = both.transcribe(long, leaving.signal).catch(() => undefined);
  await sleep(50 + 10 * trial);
  leaving.abort();
  const from = performance.now();
  await left;
  // An engine that is not idle would have the next piece wait.
  await Promise.all([
    both.transcribe({ ...short, pcm: Buffer.alloc(1_600) }, NEVER),
    both.transcribe({ ...short, pcm: Buffer.alloc(1_600) }, NEVER),
  ]);
  idle.push(performance.now() - from);
}
console.log(
  `${idle.length} pieces of 30 s cancelled: both machines did another one after ` +
    `p50 ${ms(percentile(idle, 0.5))}, at most ${ms(Math.max(...idle))}`,
);

const [plain, failover]: [number[], number[]] = [[], []];
for (let trial = 0; trial < Math.min(10, Number(values.trials)); trial += 1) {
  plain.push(await timed(() => both.transcribe(long, NEVER)));
  const piece = both.transcribe(long, NEVER);
  const isAt = ({ address }: WhisperMachine) =>
    both.state().services.some((service) => service.address === address && service.busy > 0);
  await sleep(30);
  const at = machines.findIndex(isAt);
  const killed = performance.now();
  process.kill(machines[at]!.pid, 'SIGKILL');
  while (!isAt(machines[1 - at]!)) await sleep(1);
  failover.push(performance.now() - killed);
  await piece;
  await machines[at]!.exited;
  machines[at] = await startWhisperMachine({ WHISPER_PORT: machines[at]!.address.split(':')[1] });
  await ready(both);
}
console.log(
  `${failover.length} machines killed in the middle: the piece was sent elsewhere after ` +
    `p50 ${ms(percentile(failover, 0.5))}, at most ${ms(Math.max(...failover))}; a whole piece takes p50 ${ms(percentile(plain, 0.5))}`,
);
await both.close();
await Promise.all(machines.map((one) => one.stop()));
