import { open } from 'node:fs/promises';

/** Where in a file samples lie, as bytes from its beginning; `end` is not included. */
export interface SampleRange {
  start: number;
  end: number;
}

const HEAD_BYTES = 4_096;
const CHUNK_HEAD = 8;
/** PCM, one channel, 16,000 samples a second of 16 bits: the fields of a `fmt ` chunk, from its beginning. */
const PLAIN = Buffer.from('01000100803e0000007d000002001000', 'hex');

/**
 * The samples of a WAV file that holds what decoding would give: 16 kHz mono s16le. Null for every other file, and for
 * one whose header is not at its beginning.
 */
export async function plainSamples(file: string): Promise<SampleRange | null> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return samplesIn(buffer.subarray(0, bytesRead), size);
  } finally {
    await handle.close();
  }
}

function samplesIn(head: Buffer, size: number): SampleRange | null {
  const name = (at: number) => head.toString('latin1', at, at + 4);
  if (name(0) !== 'RIFF' || name(8) !== 'WAVE') return null;
  let isPlain = false;
  for (let at = 12; at + CHUNK_HEAD <= head.length;) {
    const start = at + CHUNK_HEAD;
    const length = head.readUInt32LE(at + 4);
    if (name(at) === 'data') return isPlain ? { start, end: endOf(start, length, size) } : null;
    if (name(at) === 'fmt ') isPlain = head.subarray(start, start + PLAIN.length).equals(PLAIN);
    at = start + length + (length % 2);
  }
  return null;
}

/** Programs that write as they go do not know the length when they write it. */
function endOf(start: number, length: number, size: number): number {
  const end = length === 0 || start + length > size ? size : start + length;
  return end - ((end - start) % 2);
}
