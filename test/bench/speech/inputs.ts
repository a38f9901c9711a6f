/**
 * What becomes of recordings that are none, or too much: for each the answer to the upload, the state and code of the
 * transcription, how long it took, and how much memory the processes had at most beyond what they had before.
 *
 *     node test/bench/speech/inputs.ts
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/child.ts';
import type { ApiClient } from '../../support/client.ts';
import { residentMiB } from '../processes.ts';
import { table } from '../report.ts';
import { outcome, type Row } from './client.ts';
import { SpeechCluster } from './cluster.ts';
import { joinedPcm, spokenPcm, wavOf, webmOf } from './recordings.ts';

const folder = temporaryFolder('inputs');

function ffmpeg(name: string, ...args: string[]): Buffer {
  const file = join(folder, name);
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args, file]);
  return readFileSync(file);
}

const silence = (seconds: number) => ['-f', 'lavfi', '-i', `anullsrc=r=16000:cl=mono`, '-t', String(seconds)];
const sentence = wavOf(spokenPcm(0));
const m4a = ffmpeg('speech.m4a', '-f', 's16le', '-ar', '16000', '-ac', '1', '-i', writePcm(spokenPcm(0)));

function writePcm(pcm: Buffer): string {
  const file = join(folder, 'speech.pcm');
  execFileSync('dd', [`of=${file}`, 'status=none'], { input: pcm });
  return file;
}

const INPUTS: Record<string, () => { sound: Buffer; type?: string }> = {
  'a sentence': () => ({ sound: sentence }),
  'webm/opus, labelled audio/wav': () => ({ sound: webmOf(spokenPcm(0)) }),
  'm4a, its index at the end, labelled text/plain': () => ({ sound: m4a, type: 'text/plain' }),
  'nothing (0 bytes)': () => ({ sound: Buffer.alloc(0) }),
  'a header without sound': () => ({ sound: wavOf(Buffer.alloc(0)) }),
  'silence, 10 s': () => ({ sound: ffmpeg('silence.wav', ...silence(10)) }),
  'noise, 10 s': () => ({ sound: ffmpeg('noise.wav', '-f', 'lavfi', '-i', 'anoisesrc=d=10:a=0.1:r=16000') }),
  'random bytes, labelled audio/wav': () => ({ sound: randomBytes(100_000) }),
  'half of a m4a': () => ({ sound: m4a.subarray(0, m4a.length / 2) }),
  'half of a webm': () => ({ sound: webmOf(joinedPcm(10)).subarray(0, 20_000) }),
  'a picture': () => ({ sound: ffmpeg('picture.png', '-f', 'lavfi', '-i', 'color=red', '-frames:v', '1') }),
  'a video without sound': () => ({
    sound: ffmpeg('video.mp4', '-f', 'lavfi', '-i', 'color=red', '-t', '2'),
  }),
  'a playlist that names a file': () => ({
    sound: Buffer.from(
      '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n',
    ),
  }),
  '31 minutes (limit 30)': () => ({ sound: ffmpeg('31min.mp3', ...silence(31 * 60), '-b:a', '16k') }),
  '3 hours': () => ({ sound: ffmpeg('3h.mp3', ...silence(3 * 3600), '-b:a', '16k') }),
  '3 hours in 5 MB of opus': () => ({
    sound: ffmpeg('3h.webm', ...silence(3 * 3600), '-c:a', 'libopus', '-b:a', '6k'),
  }),
  '200 MB': () => ({ sound: wavOf(Buffer.alloc(200_000_000)) }),
};

const speech = await SpeechCluster.start({ env: { SPEECH_JOBS_PER_USER: '1000' } });
const pids = {
  API: speech.cluster.apis[0]!.pid,
  worker: speech.workers[0]!.pid,
  service: speech.whispers[0]!.pid,
};

/** The most that each process had while something was done, beyond what it had before. */
async function peaks<T>(work: () => Promise<T>): Promise<[T, number[]]> {
  const before = Object.values(pids).map(residentMiB);
  const most = [...before];
  const timer = setInterval(() => {
    for (const [i, pid] of Object.values(pids).entries()) most[i] = Math.max(most[i]!, residentMiB(pid));
  }, 20);
  try {
    return [await work(), most.map((value, i) => value - before[i]!)];
  } finally {
    clearInterval(timer);
  }
}

async function tryOut(client: ApiClient, sound: Buffer, type = 'audio/wav'): Promise<string[]> {
  const body = new FormData();
  body.set('file', new Blob([new Uint8Array(sound)], { type }), 'recording.wav');
  const { status, body: answer } = await client
    .post<Row & { code?: string }>('speech/transcriptions', body)
    .catch((error: Error) => ({ status: 0, body: { code: error.message } as Row & { code?: string } }));
  if (status !== 202) return [String(status), answer.code ?? '', ''];
  const row = await outcome(client, answer.id);
  return ['202', row.errorCode ? `${row.status}, ${row.errorCode}` : row.status, JSON.stringify(row.text)];
}

try {
  const client = await speech.register();
  await tryOut(client, sentence);
  const rows = [
    ['input', 'bytes', 'upload', 'state', 'text', 'ms', ...Object.keys(pids).map((name) => `${name} MiB`)],
  ];
  for (const [name, make] of Object.entries(INPUTS)) {
    const { sound, type } = make();
    const from = performance.now();
    const [result, memory] = await peaks(() => tryOut(client, sound, type));
    const ms = (performance.now() - from).toFixed(0);
    rows.push([name, String(sound.length), ...result, ms, ...memory.map((value) => `+${value.toFixed(0)}`)]);
  }
  console.log(table(rows));
} finally {
  await speech.stop();
}
process.exit();
