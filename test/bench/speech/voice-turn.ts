/**
 * How soon an answer is heard: from the sending of a sentence's full stop by the language model to the last byte of its
 * sound at the client, beside espeak-ng called directly with the same sentence in the same run. The model is the test
 * upstream in this process, one word a piece; what was said is heard by a stand-in, which takes no time.
 *
 *     node test/bench/speech/voice-turn.ts [--turns 20] [--gap 30] [--format wav] [--lanes 1] [--sqlite]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { ApiClient } from '../../support/client.ts';
import { synthetic } from '../../support/sounds.ts';
import { begin } from '../../support/talk.ts';
import { faultsOf, say, spokenOf } from '../../support/voice.ts';
import { startWhisperStandIn } from '../../support/whisper-stand-in.ts';
import { startApi } from '../../support/api-process.ts';
import { Cluster } from '../cluster.ts';
import { range } from '../parallel.ts';
import { ms, percent, percentile, table } from '../report.ts';

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '20' },
    gap: { type: 'string', default: '30' },
    format: { type: 'string', default: 'wav' },
    lanes: { type: 'string', default: '1' },
    sqlite: { type: 'boolean', default: false },
  },
});
const [turns, gap, lanes] = [values.turns, values.gap, values.lanes].map(Number) as [number, number, number];

const SENTENCES = [
  'Good morning, and welcome to the little tea house at the corner.',
  'We have green tea from the hills, and black tea from the coast.',
  'Would you like to sit at the window, or rather in the garden?',
  'The cake of today is made of apples and a little cinnamon.',
  'Take all the time that you need, nobody is waiting for the table.',
  'When you are ready, just wave your hand and I will come.',
];
/** Words, and full stops as pieces of their own, as models write them. */
const PIECES = SENTENCES.join(' ').match(/ ?[^ .?]+|[.?]/g)!;
/** The pieces that end a sentence, by their places. */
const STOPS = PIECES.flatMap((piece, place) => (/^[.?]$/.test(piece) ? [place] : []));

/** Of one sentence, in milliseconds. */
interface Timing {
  /** From its full stop to the event that tells of its sound, and to the sound's last byte. */
  told: number;
  downloaded: number;
  /** Until the model's next piece: only then it is certain that the sentence is over. */
  certain: number;
  espeak: number;
}

const whisper = await startWhisperStandIn();
const cluster = await Cluster.start({
  ...{ processes: 1, sqlite: values.sqlite },
  env: { WHISPER_URL: whisper.url, TTS_PROVIDER: 'espeak' },
});
const worker = values.sqlite ? undefined : await startWorker();
const recording = synthetic('sine=d=1');
/** When each piece was sent, by the conversation's own words in its prompt. */
const sent = new Map<string, number[]>();

cluster.upstream.choose = () => ({ gap, pieces: PIECES });
cluster.upstream.onChunk = ({ body }) => {
  const key = (body as { messages: { content: string }[] }).messages[0]!.content;
  sent.set(key, [...(sent.get(key) ?? []), performance.now()]);
};

function startWorker() {
  const options = { entry: 'dist/src/main.worker.js', ready: /Parley worker is at work/ };
  return startApi({ ...options, dir: cluster.dataDir, env: cluster.variables });
}

/** What the program takes by itself, text on its standard input, all of its sound read. */
async function espeak(text: string): Promise<number> {
  const from = performance.now();
  const child = spawn('espeak-ng', ['-v', 'en-us', '-b', '1', '--stdin', '--stdout']);
  child.stdout.resume();
  child.stdin.end(text);
  await once(child, 'close');
  return performance.now() - from;
}

async function turn(client: ApiClient, number: string): Promise<Timing[]> {
  // The topic's text is in the prompt: so the upstream knows whose turn it is.
  const { body: topic } = await client.post('topics', { theme: `Tea ${number}` }, { expect: 201 });
  const id = await begin(client, { topicId: topic.id });
  const stream = await say(client, id, recording, { voice: 'en-us', format: values.format });
  const downloads: Promise<{ told: number; downloaded: number }>[] = [];
  for await (const { event, data, at } of stream) {
    if (event !== 'speech.sentence') continue;
    downloads.push(
      client.get(data.url, { expect: 200 }).then(() => ({ told: at, downloaded: performance.now() })),
    );
  }
  const got = await Promise.all(downloads);
  const pieces = [...sent].find(([prompt]) => prompt.includes(`Tea ${number}\n`))![1];
  const faults = faultsOf(stream.received);
  if (faults.length > 0 || spokenOf(stream.received).length !== SENTENCES.length)
    throw new Error(`a voice turn is not as it must be: ${faults.join(', ')}`);
  if (got[0]!.downloaded > pieces.at(-1)!) late += 1;
  const timings: Timing[] = [];
  for (const [index, place] of STOPS.entries()) {
    const stop = pieces[place]!;
    const next = pieces[place + 1] ?? stop;
    const { told, downloaded } = got[index]!;
    const own = { told: told - stop, downloaded: downloaded - stop, certain: next - stop };
    timings.push({ ...own, espeak: await espeak(SENTENCES[index]!) });
  }
  return timings;
}

/** Turns whose first sound came after the last piece of their text. */
let late = 0;
const clients = await Promise.all(range(lanes).map(() => cluster.register()));
for (const [lane, client] of clients.entries()) await turn(client, `warm ${lane}`);
late = 0;
const all = (
  await Promise.all(
    clients.map(async (client, lane) => {
      const timings: Timing[] = [];
      for (const round of range(turns)) timings.push(...(await turn(client, `${lane}-${round}`)));
      return timings;
    }),
  )
).flat();

const row = (name: string, of: (timing: Timing) => number) => {
  const times = all.map(of);
  return [name, ms(percentile(times, 0.5)), ms(percentile(times, 0.95))];
};
const half = (of: (timing: Timing) => number) => percentile(all.map(of), 0.5);
process.stdout.write(
  `${turns * lanes} turns of ${SENTENCES.length} sentences, ${gap} ms between pieces, ${values.format}, ` +
    `${values.sqlite ? 'SQLite' : 'MariaDB, Redis, a worker'}\n` +
    `${table([
      ['from the full stop', 'p50', 'p95'],
      row('until it is certain that it is one', ({ certain }) => certain),
      row('until the sound is told of', ({ told }) => told),
      row('until the sound is at the client', ({ downloaded }) => downloaded),
      row('the same, from when it is certain', ({ downloaded, certain }) => downloaded - certain),
      row('espeak-ng called directly', ({ espeak: own }) => own),
    ])}\n` +
    `to the client, of espeak-ng itself: ${percent(half(({ downloaded }) => downloaded) / half(({ espeak: own }) => own))}; ` +
    `from when it is certain: ${percent(half(({ downloaded, certain }) => downloaded - certain) / half(({ espeak: own }) => own))}\n` +
    `first sound before the text is finished: ${turns * lanes - late} of ${turns * lanes} turns\n`,
);

await worker?.stop();
await cluster.stop();
whisper.stop();
process.exit(late === 0 ? 0 : 1);
