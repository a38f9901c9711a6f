import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, temporaryFolder } from './child.ts';
import { SENTENCES as SPOKEN } from './spoken.ts';

/** A sentence that the fixture model knows, as espeak-ng speaks it. */
export interface Sentence {
  text: string;
  voice: 'en-us' | 'cmn';
  language: 'en' | 'zh';
  /** What it is in English, where it is Chinese. */
  english?: string;
}

/** Those of the fixture model's sentences that espeak-ng speaks. It knows no others. */
export const SENTENCES: Sentence[] = Object.values(SPOKEN);

let folder: string | undefined;
const spoken = new Map<string, string>();
const decoded = new Map<string, Buffer>();
let made = 0;

/** A place for a file that goes with this process. */
export function soundFile(ending: string): string {
  folder ??= temporaryFolder('sounds');
  made += 1;
  return join(folder, `${made}.${ending}`);
}

/** Runs ffmpeg; the last argument is the file that it makes. */
export function ffmpeg(...args: string[]): string {
  execFileSync(findProgram('ffmpeg', 'ffmpeg'), ['-nostdin', '-v', 'error', '-y', ...args]);
  return args.at(-1)!;
}

/** The file of a spoken sentence: WAV, 22,050 Hz. */
export function speak({ text, voice }: Sentence): string {
  const known = spoken.get(text);
  if (known) return known;
  const file = soundFile('wav');
  execFileSync(findProgram('espeak-ng', 'espeak-ng'), ['-v', voice, '-w', file, text]);
  spoken.set(text, file);
  return file;
}

/** Sound that ffmpeg makes up: `sine=frequency=440:duration=5`, `anullsrc=d=5`, `anoisesrc=d=5:a=0.1`. */
export function synthetic(source: string): string {
  return ffmpeg('-f', 'lavfi', '-i', source, '-ac', '1', '-ar', '16000', soundFile('wav'));
}

/** Files one after the other, with so much silence between them, as WAV of 16 kHz. */
export function joined(files: string[], gapSeconds = 0.6): string {
  const gap = Buffer.alloc(Math.round(gapSeconds * 16_000) * 2);
  const pcm = Buffer.concat(files.flatMap((file) => [pcmOf(file), gap]));
  const raw = soundFile('s16le');
  writeFileSync(raw, pcm);
  return ffmpeg('-f', 's16le', '-ar', '16000', '-ac', '1', '-i', raw, soundFile('wav'));
}

/** The sound of a file: 16 kHz, mono, s16le. */
export function pcmOf(file: string): Buffer {
  const known = decoded.get(file);
  if (known) return known;
  const raw = soundFile('s16le');
  ffmpeg('-i', file, '-ac', '1', '-ar', '16000', '-f', 's16le', raw);
  const pcm = readFileSync(raw);
  decoded.set(file, pcm);
  return pcm;
}

/** The same sound in another container: `mp3`, `webm`, `m4a`, `ogg`, `flac`. */
export function converted(file: string, ending: string): string {
  return ffmpeg('-i', file, ...(ending === 'webm' ? ['-c:a', 'libopus'] : []), soundFile(ending));
}
