/**
 * What the way to a voice costs: the same sentence spoken by espeak-ng alone, by espeak-ng and ffmpeg in a pipe, by the
 * adapter, and over HTTP with all that is stored; in turn, so that what disturbs the machine disturbs all.
 *
 *     node test/bench/speech/voices.ts [--rounds 60] [--database mariadb]
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { startApi } from '../../support/api-process.ts';
import { ApiClient } from '../../support/client.ts';
import { createDatabase, startMariaDb } from '../../support/mariadb.ts';
import { range } from '../parallel.ts';
import { ms, percentile, table } from '../report.ts';

/** As it is built: what the API runs. */
const BUILT = '../../../dist/src/speech/espeak.synthesizer.js';
const { EspeakSynthesizer } = (await import(
  BUILT
)) as typeof import('../../../src/speech/espeak.synthesizer.js');

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '60' }, database: { type: 'string', default: 'sqlite' } },
});
const rounds = Number(values.rounds);

const SENTENCE = 'It was the first great sorrow of his life, and he never spoke of it again.';
const PARAGRAPHS = `${SENTENCE} `.repeat(60);
const ESPEAK = ['-v', 'en-us', '-b', '1', '--stdin', '--stdout'];
const MP3 = [
  '-v',
  'quiet',
  '-f',
  'wav',
  '-i',
  'pipe:0',
  '-c:a',
  'libmp3lame',
  '-b:a',
  '64k',
  '-f',
  'mp3',
  'pipe:1',
];

const mariadb = values.database === 'mariadb' ? await startMariaDb() : undefined;
const api = await startApi({
  env: mariadb
    ? { DATABASE_URL: await createDatabase(mariadb.url(), 'voices'), JWT_SECRET: 'x'.repeat(32) }
    : {},
});
const client = await new ApiClient(api.url).register();
const espeak = (await EspeakSynthesizer.find(30_000))!;

/** Milliseconds until all of it is there. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

async function alone(text: string, mp3: boolean): Promise<void> {
  const voice = spawn('espeak-ng', ESPEAK, { stdio: ['pipe', 'pipe', 'ignore'] });
  const last = mp3 ? spawn('ffmpeg', MP3, { stdio: ['pipe', 'pipe', 'ignore'] }) : undefined;
  if (last) voice.stdout.pipe(last.stdin);
  voice.stdin.end(text);
  for await (const piece of (last ?? voice).stdout) void piece;
}

async function adapter(text: string, format: 'wav' | 'mp3'): Promise<void> {
  const request = { text, voice: 'en-us', format };
  for await (const piece of espeak.synthesize(request, AbortSignal.timeout(60_000))) void piece;
}

async function message(content: string): Promise<number> {
  const { body: conversation } = await client.post('conversations', {}, { expect: 201 });
  const path = `conversations/${conversation.id}/messages`;
  return (await client.post(path, { content }, { expect: 201 })).body.userMessage.id as number;
}

async function measure(what: string, text: string, count: number): Promise<string[][]> {
  const times = new Map<string, number[]>();
  const note = async (way: string, work: () => Promise<unknown>) =>
    times.set(way, [...(times.get(way) ?? []), await timed(work)]);
  for (const round of range(count + 2)) {
    if (round === 2) times.clear();
    const id = await message(text);
    if (text.length < espeak.maxCharacters) {
      await note('espeak-ng alone, WAV', () => alone(text, false));
      await note('adapter, WAV', () => adapter(text, 'wav'));
      await note('adapter, MP3', () => adapter(text, 'mp3'));
    }
    await note('espeak-ng | ffmpeg, MP3', () => alone(text, true));
    await note('HTTP, WAV, made', () => client.get(`messages/${id}/speech?format=wav`, { expect: 200 }));
    await note('HTTP, MP3, made', () => client.get(`messages/${id}/speech`, { expect: 200 }));
    await note('HTTP, MP3, replayed', () => client.get(`messages/${id}/speech`, { expect: 200 }));
  }
  return [...times].map(([way, all]) => [what, way, ms(percentile(all, 0.5)), ms(percentile(all, 0.95))]);
}

const rows = [
  ...(await measure(`a sentence of ${SENTENCE.length} characters`, SENTENCE, rounds)),
  ...(await measure(`a message of ${PARAGRAPHS.length} characters`, PARAGRAPHS, Math.ceil(rounds / 10))),
];
console.log(table([['what', 'way', 'p50', 'p95'], ...rows]));
await api.stop();
await mariadb?.stop();
