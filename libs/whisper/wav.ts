import { SAMPLE_RATE } from './whisper-engine.js';

const HEADER_BYTES = 44;
const BYTES_PER_SAMPLE = 2;

/** The header that makes a WAV file of 16 kHz mono s16le: what engines take as a file. */
export function wavHeader(pcmBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(HEADER_BYTES - 8 + pcmBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  // PCM, one channel.
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(pcmBytes, 40);
  return header;
}

/** Seconds that so many bytes of PCM last. */
export function secondsOf(pcmBytes: number): number {
  return pcmBytes / (SAMPLE_RATE * BYTES_PER_SAMPLE);
}
