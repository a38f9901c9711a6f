import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/child.ts';

/** Sentences that the model for tests knows, and the voice that speaks them. */
export const SENTENCES = [
  ['en-us', 'Hello, how can I help you today?'],
  ['en-us', 'What is the weather like in Singapore tomorrow?'],
  ['en-us', 'Please summarize this document for me.'],
  ['en-us', "Set a reminder for nine o'clock in the morning."],
  ['en-us', 'Translate this sentence into Chinese.'],
  ['en-us', 'Thank you very much, goodbye.'],
  ['en-us', 'The quick brown fox jumps over the lazy dog.'],
  ['en-us', 'How much memory does the server have?'],
  ['cmn', '你好，请问有什么可以帮您？'],
  ['cmn', '今天的天气怎么样？'],
  ['cmn', '请把这段话翻译成英文。'],
  ['cmn', '谢谢，再见。'],
] as const;

const BYTES_PER_SECOND = 32_000;
const folder = temporaryFolder('recordings');

/** 16 kHz mono s16le, as engines take it. */
export function spokenPcm(index: number): Buffer {
  const [voice, text] = SENTENCES[index % SENTENCES.length]!;
  const wav = join(folder, 'spoken.wav');
  execFileSync('espeak-ng', ['-v', voice, '-w', wav], { input: text });
  return execFileSync(
    'ffmpeg',
    ['-v', 'error', '-i', wav, '-ac', '1', '-ar', '16000', '-f', 's16le', 'pipe:1'],
    {
      maxBuffer: 100_000_000,
    },
  );
}

/** Sentences one after the other, half a second apart, until there are so many seconds of them. */
export function joinedPcm(seconds: number): Buffer {
  const sentences = SENTENCES.map((_, index) => Buffer.concat([spokenPcm(index), Buffer.alloc(16_000)]));
  const parts: Buffer[] = [];
  for (let length = 0, i = 0; length < seconds * BYTES_PER_SECOND; i += 1) {
    parts.push(sentences[i % sentences.length]!);
    length += parts.at(-1)!.length;
  }
  return Buffer.concat(parts).subarray(0, seconds * BYTES_PER_SECOND);
}

export function secondsOf(pcm: Buffer): number {
  return pcm.length / BYTES_PER_SECOND;
}

/** The same with the header of a WAV file. */
export function wavOf(pcm: Buffer): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + pcm.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}

/** What a browser would send. */
export function webmOf(pcm: Buffer): Buffer {
  const wav = join(folder, 'to-encode.wav');
  execFileSync('dd', [`of=${wav}`, 'status=none'], { input: wavOf(pcm) });
  const options = ['-c:a', 'libopus', '-b:a', '32k', '-f', 'webm', 'pipe:1'];
  return execFileSync('ffmpeg', ['-v', 'error', '-i', wav, ...options], { maxBuffer: 100_000_000 });
}
