import { readFileSync, writeFileSync } from 'node:fs';
import { converted, pcmOf, SENTENCES, soundFile, speak } from '../../support/sounds.ts';

const BYTES_PER_SECOND = 32_000;
const PAUSE_BYTES = BYTES_PER_SECOND / 2;

/** A sentence that the model for tests knows: 16 kHz mono s16le, as engines take it. */
export function spokenPcm(index: number): Buffer {
  return pcmOf(speak(SENTENCES[index % SENTENCES.length]!));
}

/** Sentences one after the other, half a second apart, until there are so many seconds of them. */
export function joinedPcm(seconds: number): Buffer {
  const sentences = SENTENCES.map((_, index) => Buffer.concat([spokenPcm(index), Buffer.alloc(PAUSE_BYTES)]));
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
  header.writeUInt32LE(BYTES_PER_SECOND / 2, 24);
  header.writeUInt32LE(BYTES_PER_SECOND, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}

/** What a browser would send. */
export function webmOf(pcm: Buffer): Buffer {
  const wav = soundFile('wav');
  writeFileSync(wav, wavOf(pcm));
  return readFileSync(converted(wav, 'webm'));
}
