import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { plainSamples, type SampleRange } from './plain-wav.js';

/** Of decoded sound: one channel, 16,000 samples a second, signed 16-bit little-endian. */
export const BYTES_PER_MS = 32;

/**
 * `audio_unreadable`: there is no sound in it that can be read.
 * `audio_empty`: it is a recording, but of nothing.
 * `audio_too_long`: it goes on for longer than was allowed.
 * `decoder_missing`: ffmpeg is not installed here.
 */
export type AudioErrorCode = 'audio_unreadable' | 'audio_empty' | 'audio_too_long' | 'decoder_missing';

/** A recording could not be decoded. */
export class AudioError extends Error {
  constructor(
    readonly code: AudioErrorCode,
    options?: ErrorOptions,
  ) {
    super(code, options);
    this.name = 'AudioError';
  }
}

export interface DecodeOptions {
  /** The program: a name on the PATH, or its place. */
  ffmpeg: string;
  /** The longest recording that is taken; up to half a second more, which encoders add, is forgiven. */
  maxSeconds: number;
  /** How long the decoder may work on it. */
  timeoutMs: number;
}

/**
 * What a recording may be. ffmpeg can read more, but some of that are lists of other files and addresses to open
 * (HLS, DASH, concat), pictures, texts, or devices: a stranger's file must not choose what is opened here.
 */
const FORMATS = [
  ...['wav', 'w64', 'aiff', 'au', 'caf', 'flac', 'mp3', 'aac', 'ogg', 'matroska,webm'],
  ...['mov,mp4,m4a,3gp,3g2,mj2', 'amr', 'amrnb', 'amrwb', 'asf', 'avi', 'mpegts', 'mpeg', 'flv'],
  ...['ac3', 'eac3', 'ape', 'tta', 'wv', 'voc', 'gsm'],
];
/** Where programs are; ones that are elsewhere are named by their place. */
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin';
const MAX_ALLOC_BYTES = 256 * 1024 * 1024;
const FORGIVEN_SECONDS = 0.5;

/**
 * The sound of a recording as 16 kHz mono s16le, as it is decoded; whoever reads slowly holds the decoder up. `file`
 * is a real file, since some formats have their index at the end. Nothing of it stays in memory. A WAV file that holds
 * just that is read as it is: to start a decoder takes longer than many a recording.
 * @throws AudioError, or the signal's reason; the decoder is ended in any case
 */
export async function* decode(
  file: string,
  options: DecodeOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  signal.throwIfAborted();
  const plain = await plainSamples(file);
  const chunks = plain ? samplesOf(file, plain, signal) : decoded(file, options, signal);
  const most = (options.maxSeconds + FORGIVEN_SECONDS) * 1_000 * BYTES_PER_MS;
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > most) throw new AudioError('audio_too_long');
    yield chunk;
  }
  if (bytes < 2) throw new AudioError('audio_empty');
}

async function* samplesOf(
  file: string,
  { start, end }: SampleRange,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  // A stream's end is included.
  if (end > start) yield* createReadStream(file, { start, end: end - 1, signal }) as AsyncIterable<Buffer>;
}

async function* decoded(
  file: string,
  { ffmpeg, maxSeconds, timeoutMs }: DecodeOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const child = spawn(ffmpeg, argumentsFor(file, maxSeconds), {
    // The stranger's file is read without our secrets.
    env: { PATH: SEARCH_PATH },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = endOf(child);
  const stop = () => child.kill('SIGKILL');
  const late = setTimeout(stop, timeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* outputOf(child);
    const { code, error } = await ended;
    if (error) throw new AudioError('decoder_missing', { cause: error });
    if (code !== 0) throw new AudioError('audio_unreadable');
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
    stop();
    signal.throwIfAborted();
  }
}

function argumentsFor(file: string, maxSeconds: number): string[] {
  return [
    ...['-nostdin', '-v', 'quiet', '-max_alloc', String(MAX_ALLOC_BYTES), '-threads', '1'],
    ...['-protocol_whitelist', 'file,pipe', '-format_whitelist', FORMATS.join(',')],
    ...['-i', `file:${file}`, '-t', String(maxSeconds + 1), '-map', '0:a:0', '-vn', '-sn', '-dn'],
    ...['-ac', '1', '-ar', '16000', '-f', 's16le', 'pipe:1'],
  ];
}

/** What a decoder writes; one that does not start has no output, and is found out by how it ended. */
async function* outputOf({ stdout }: ChildProcess): AsyncGenerator<Buffer> {
  try {
    yield* stdout as AsyncIterable<Buffer>;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

interface Ending {
  code: number | null;
  error?: Error;
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, error }));
    child.once('close', (code) => resolve({ code }));
  });
}
