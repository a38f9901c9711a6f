/**
 * What `scripts/demo-voice` shows: a person speaks, in English or Chinese and in whatever container a browser sends;
 * the words come back; the answer is spoken. Starts the built API for itself. Exits with 1 where something is not as it
 * should be.
 *
 *     scripts/demo-voice [--keep FOLDER]
 *
 * `--keep` leaves what was spoken, both ways, in a folder to listen to.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { keep: { type: 'string' } } });

interface Sentence {
  voice: 'en-us' | 'cmn';
  text: string;
  /** In English, of a Chinese one. */
  meaning?: string;
}

/** What the model for tests knows. */
const SENTENCES: Sentence[] = [
  { voice: 'en-us', text: 'Hello, how can I help you today?' },
  { voice: 'en-us', text: 'What is the weather like in Singapore tomorrow?' },
  { voice: 'en-us', text: 'Please summarize this document for me.' },
  { voice: 'en-us', text: "Set a reminder for nine o'clock in the morning." },
  { voice: 'en-us', text: 'Translate this sentence into Chinese.' },
  { voice: 'en-us', text: 'Thank you very much, goodbye.' },
  { voice: 'en-us', text: 'The quick brown fox jumps over the lazy dog.' },
  { voice: 'en-us', text: 'How much memory does the server have?' },
  { voice: 'cmn', text: '你好，请问有什么可以帮您？', meaning: 'Hello, how may I help you?' },
  { voice: 'cmn', text: '今天的天气怎么样？', meaning: 'How is the weather today?' },
  { voice: 'cmn', text: '请把这段话翻译成英文。', meaning: 'Please translate this passage into English.' },
  { voice: 'cmn', text: '谢谢，再见。', meaning: 'Thank you, goodbye.' },
];

/** How it is sent; `says` is what the client claims it to be. */
const CONTAINERS = [
  { name: 'wav', file: 'speech.wav', options: [], says: 'audio/wav' },
  { name: 'mp3', file: 'speech.mp3', options: ['-c:a', 'libmp3lame', '-b:a', '64k'], says: 'audio/mpeg' },
  {
    name: 'webm as wav',
    file: 'speech.webm',
    options: ['-c:a', 'libopus', '-b:a', '48k'],
    says: 'audio/wav',
  },
  { name: 'm4a', file: 'speech.m4a', options: ['-c:a', 'aac', '-b:a', '64k'], says: 'audio/mp4' },
];

const folder = mkdtempSync(join(tmpdir(), 'parley-demo-'));
if (values.keep) mkdirSync(values.keep, { recursive: true });
let mistakes = 0;

function expectThat(isSo: boolean, what: string): void {
  if (isSo) return;
  mistakes += 1;
  console.log(`  NOT AS EXPECTED: ${what}`);
}

/** Names what was heard without marks and spaces: a model may set other ones. */
function bare(text: string): string {
  return text.toLowerCase().replaceAll(/[\p{P}\s]/gu, '');
}

function keep(name: string, bytes: Uint8Array): void {
  if (values.keep) writeFileSync(join(values.keep, name), bytes);
}

function speak({ voice, text }: Sentence, container: (typeof CONTAINERS)[number]): Buffer {
  const wav = join(folder, 'said.wav');
  const file = join(folder, container.file);
  execFileSync('espeak-ng', ['-v', voice, '-w', wav], { input: text });
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', wav, ...container.options, file]);
  return readFileSync(file);
}

function secondsOf(audio: Uint8Array, name: string): number {
  const file = join(folder, name);
  writeFileSync(file, audio);
  const entries = ['-show_entries', 'format=duration', '-of', 'csv=p=0'];
  return Number(execFileSync('ffprobe', ['-v', 'error', ...entries, file], { encoding: 'utf8' }));
}

const api = spawn(process.execPath, [join(ROOT, 'dist/src/main.js')], {
  cwd: folder,
  env: { ...process.env, PORT: '0', DATA_DIR: join(folder, 'data'), RATE_LIMIT_SCALE: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const base = await new Promise<string>((found, failed) => {
  let output = '';
  api.once('exit', () => failed(new Error(`The API ended:\n${output}`)));
  api.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    const url = /Parley listens on (http[^\s"\\]+)/.exec(output)?.[1];
    if (url) found(`${url}/api/v1`);
  });
});

let token = '';
async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path.startsWith('/') ? new URL(path, base) : `${base}/${path}`, {
    ...init,
    headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(init.headers as object) },
  });
  if (!answer.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await call(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await answer.json()) as T;
}

interface Transcription {
  id: number;
  status: string;
  text: string | null;
  language: string | null;
  errorCode: string | null;
}

function form(sound: Buffer, type: string, fields: Record<string, string> = {}): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set('file', new Blob([new Uint8Array(sound)], { type }), 'recording');
  return body;
}

async function transcribe(
  sound: Buffer,
  type: string,
  fields?: Record<string, string>,
): Promise<Transcription> {
  const body = form(sound, type, fields);
  let row = (await (await call('speech/transcriptions', { method: 'POST', body })).json()) as Transcription;
  while (row.status === 'queued' || row.status === 'running') {
    await sleep(50);
    row = (await (await call(`speech/transcriptions/${row.id}`)).json()) as Transcription;
  }
  return row;
}

async function writeDown(): Promise<void> {
  for (const sentence of SENTENCES) {
    const chinese = sentence.voice === 'cmn';
    console.log(sentence.text);
    for (const container of CONTAINERS) {
      const { text, language, errorCode } = await transcribe(speak(sentence, container), container.says);
      console.log(`  ${container.name.padEnd(12)} ${language ?? errorCode}  ${text ?? ''}`);
      expectThat(bare(text ?? '') === bare(sentence.text), `the words of the ${container.name}`);
      expectThat(language === (chinese ? 'zh' : 'en'), `the language of the ${container.name}`);
    }
    if (!sentence.meaning) continue;
    const fields = { task: 'translate', language: 'zh' };
    const { text } = await transcribe(speak(sentence, CONTAINERS[0]!), 'audio/wav', fields);
    console.log(`  ${'in English'.padEnd(12)} en  ${text ?? ''}`);
    expectThat(bare(text ?? '') === bare(sentence.meaning), 'the translation');
  }
}

interface VoiceTurn {
  assistantMessage: { id: number; content: string };
  sentences: { index: number; text: string; url: string }[];
}

/** A recording becomes a message; its answer comes written and spoken. */
async function talk(): Promise<void> {
  const { id } = await post<{ id: number }>('conversations', { title: 'A talk' });
  for (const said of [SENTENCES[1]!, SENTENCES[8]!]) {
    const body = form(speak(said, CONTAINERS[2]!), 'audio/wav');
    const answer = await call(`conversations/${id}/voice-messages`, { method: 'POST', body });
    const { assistantMessage, sentences } = (await answer.json()) as VoiceTurn;
    console.log(`${said.text}\n  answered: ${assistantMessage.content.replaceAll('\n', ' ')}`);
    for (const { index, text, url } of sentences) {
      const clip = new Uint8Array(await (await call(url)).arrayBuffer());
      const again = new Uint8Array(await (await call(url)).arrayBuffer());
      const seconds = secondsOf(clip, 'clip');
      const sum = createHash('sha256').update(clip).digest('hex').slice(0, 12);
      console.log(
        `  spoken ${index}: ${seconds.toFixed(1)} s, ${clip.length} bytes, sha256 ${sum}…  ${text}`,
      );
      keep(`answer-${assistantMessage.id}-${index}.mp3`, clip);
      // People say two to five words a second, or Chinese characters; espeak-ng is among them.
      const words = Math.max(1, text.match(/\p{Script=Han}|[\p{L}\p{N}'’]+/gu)?.length ?? 0);
      expectThat(seconds > words / 8 && seconds < words * 1.5 + 1, 'the length of what is spoken');
      expectThat(Buffer.compare(clip, again) === 0, 'the same bytes on replay');
    }
    expectThat(sentences.length > 0, 'something is spoken');
  }
}

try {
  const name = { username: 'speaker', password: 'correct horse battery' };
  token = (await post<{ accessToken: string }>('auth/register', name)).accessToken;
  await writeDown();
  await talk();
  console.log(mistakes === 0 ? '\nAll as expected.' : `\n${mistakes} not as expected.`);
} finally {
  api.kill('SIGTERM');
  await new Promise((ended) => api.once('exit', ended));
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = mistakes === 0 ? 0 : 1;
