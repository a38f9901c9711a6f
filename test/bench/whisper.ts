/**
 * What the way to a Whisper machine costs: pieces sent over gRPC against the same pieces sent to the same
 * whisper-server by plain HTTP, in turns; how long an engine is busy after its caller has left; and how long a piece
 * takes whose machine is killed in the middle, beyond what a piece takes.
 *
 *     node test/bench/whisper.ts [--pieces 40] [--trials 20]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { spokenPcm } from '../support/spoken.ts';
import { startWhisperMachine, type WhisperMachine } from '../support/whisper-machine.ts';
import { startWhisperServer } from '../support/whisper-server.ts';
import { percentile } from './report.ts';

const { values } = parseArgs({
  options: { pieces: { type: 'string', default: '40' }, trials: { type: 'string', default: '20' } },
});

// What is built: plain Node cannot load the sources of a library.
const built = new URL('../../dist/libs/whisper/', import.meta.url).href;
const { GrpcTranscriber } = (await import(
  `${built}grpc-transcriber.js`
)) as typeof import('../../libs/whisper/grpc-transcriber.ts');
const { parseAddress } = (await import(
  `${built}whisper-address.js`
)) as typeof import('../../libs/whisper/whisper-address.ts');

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

/** The least that can be done: the piece as a WAV file in a form, by fetch. */
async function direct(url: string, { pcm }: Piece): Promise<void> {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + pcm.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(pcm.length, 40);
  const form = new FormData();
  form.set('file', new Blob([header, Uint8Array.from(pcm)]), 'piece.wav');
  for (const [name, value] of Object.entries(FIELDS)) form.set(name, value);
  const answer = await fetch(`${url}/inference`, { method: 'POST', body: form });
  await answer.json();
}

/** As the engine asks for it. */
const FIELDS = {
  response_format: 'verbose_json',
  language: 'en',
  temperature: '0',
  token_timestamps: 'false',
  max_len: '1000000',
  no_language_probabilities: 'true',
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

const server = await startWhisperServer();
const machine = await startWhisperMachine({ WHISPER_SERVER_URL: server.url });
const transcriber = connect(machine);
await ready(transcriber);
for (const [name, piece] of [
  ['one sentence', short],
  ['30 seconds', long],
] as const) {
  const took: Record<'direct' | 'over', number[]> = { direct: [], over: [] };
  for (let round = 0; round <= Number(values.pieces); round += 1) {
    const ways = [
      ['direct', () => direct(server.url, piece)],
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
    `${name} (${piece.pcm.length} bytes), ${values.pieces} each: directly p50 ${ms(bare)}, ` +
      `over gRPC p50 ${ms(over)}: ${ms(over - bare)} more, ratio ${(over / bare).toFixed(3)}`,
  );
}
await transcriber.close();
await machine.stop();
await server.child.stop();

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
  const from = performance.now();
  const piece = both.transcribe(long, NEVER);
  await sleep(60);
  const at = machines.findIndex(({ address }) =>
    both.state().services.some((service) => service.address === address && service.busy > 0),
  );
  await machines[at]!.kill();
  const killed = performance.now();
  await piece;
  failover.push(performance.now() - killed);
  if (performance.now() - from < 60) throw new Error('the piece was done before its machine was killed');
  machines[at] = await startWhisperMachine({ WHISPER_PORT: machines[at]!.address.split(':')[1] });
  await ready(both);
}
console.log(
  `${failover.length} machines killed in the middle: the piece was done elsewhere after ` +
    `p50 ${ms(percentile(failover, 0.5))}, at most ${ms(Math.max(...failover))}; ` +
    `one that nothing happens to takes p50 ${ms(percentile(plain, 0.5))}`,
);
await both.close();
await Promise.all(machines.map((one) => one.stop()));
