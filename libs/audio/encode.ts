import { availableParallelism } from 'node:os';
import { childOutput } from './child-output.js';
import { Slots } from './slots.js';
import type { Pcm } from './wav.js';

export interface Encoding {
  format: 'mp3' | 'opus';
  signal: AbortSignal;
  /** Milliseconds that the encoder may keep still while it is not waiting for samples. */
  timeoutMs: number;
}

/** Speech needs no more; a constant rate lets players know the length without an index at the beginning. */
const CODECS = {
  mp3: ['-c:a', 'libmp3lame', '-b:a', '64k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'],
  opus: ['-c:a', 'libopus', '-b:a', '32k', '-application', 'voip', '-f', 'ogg'],
};

/** Encoders of this process. There are more than cores, because many of them wait for a voice. */
const ENCODERS = new Slots(4 * availableParallelism());

/**
 * Samples of 16 bits as MP3, or as Opus in Ogg, while they come; one channel. Needs `ffmpeg` on the PATH.
 * @param open is called when it is this one's turn, so that nobody who waits here holds what another one needs
 * @throws ChildError, whatever the samples throw, or the signal's reason
 */
export async function* encode(
  open: () => Promise<Pcm>,
  { format, signal, timeoutMs }: Encoding,
): AsyncGenerator<Uint8Array> {
  const release = await ENCODERS.take(signal);
  try {
    const { sampleRate, channels, samples } = await open();
    const input = ['-f', 's16le', '-ar', String(sampleRate), '-ac', String(channels), '-i', 'pipe:0'];
    const output = ['-ac', '1', '-map_metadata', '-1', '-fflags', '+bitexact', '-flags:a', '+bitexact'];
    const quiet = ['-v', 'quiet', '-protocol_whitelist', 'pipe'];
    const args = [...quiet, ...input, ...output, ...CODECS[format], 'pipe:1'];
    yield* childOutput({ program: 'ffmpeg', args, input: () => samples, signal, timeoutMs });
  } finally {
    release();
  }
}
