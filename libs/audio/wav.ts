/** Samples of 16 bits, little endian: what a WAV file holds, without its header. */
export interface PcmFormat {
  /** Samples a second. */
  sampleRate: number;
  channels: number;
}

/** A stream of samples. */
export interface Pcm extends PcmFormat {
  samples: AsyncIterable<Uint8Array>;
}

/** The bytes are no WAV file with samples of 16 bits. */
export class WavError extends Error {
  constructor() {
    super('not a WAV file of 16 bit samples');
    this.name = 'WavError';
  }
}

const HEADER = 44;
const PCM = 1;
/** A format whose real number stands further on; it is used for plain samples too. */
const EXTENSIBLE = 0xfffe;
/** Real headers have some hundred bytes. */
const MAX_HEADER = 64 * 1024;

/** The header of a WAV file with so many bytes of samples. */
export function wavHeader({ sampleRate, channels }: PcmFormat, bytes: number): Uint8Array {
  const header = Buffer.alloc(HEADER);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(HEADER - 8 + bytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(bytes, 40);
  return header;
}

/**
 * Reads a WAV file as it comes. What its header says of lengths is believed only where it ends the samples early:
 * a file that was streamed says anything there.
 * @throws WavError
 */
export async function readWav(bytes: AsyncIterable<Uint8Array>): Promise<Pcm> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  for (;;) {
    const found = head.length >= 12 ? dataOf(head) : undefined;
    if (found) return { ...found.format, samples: samplesOf(iterator, head.subarray(found.at), found.size) };
    const next = await iterator.next();
    if (next.done === true) throw new WavError();
    head = Buffer.concat([head, next.value]);
    if (head.length > MAX_HEADER) {
      await iterator.return?.();
      throw new WavError();
    }
  }
}

/** Where the samples begin, and how many bytes there are at most; undefined where more of the head is needed. */
function dataOf(head: Buffer): { format: PcmFormat; at: number; size: number } | undefined {
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE')
    throw new WavError();
  let format: PcmFormat | undefined;
  for (let at = 12; at + 8 <= head.length;) {
    const name = head.toString('latin1', at, at + 4);
    const size = head.readUInt32LE(at + 4);
    if (name === 'data') {
      if (!format) throw new WavError();
      return { format, at: at + 8, size };
    }
    if (name === 'fmt ') {
      if (at + 24 > head.length) return undefined;
      format = formatOf(head.subarray(at + 8));
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}

function formatOf(chunk: Buffer): PcmFormat {
  const kind = chunk.readUInt16LE(0);
  const channels = chunk.readUInt16LE(2);
  const sampleRate = chunk.readUInt32LE(4);
  const isPlain = (kind === PCM || kind === EXTENSIBLE) && chunk.readUInt16LE(14) === 16;
  if (!isPlain || channels < 1 || channels > 8 || sampleRate < 1_000 || sampleRate > 384_000)
    throw new WavError();
  return { sampleRate, channels };
}

/** No more than `size` bytes, and whole samples only. */
async function* samplesOf(
  iterator: AsyncIterator<Uint8Array>,
  first: Uint8Array,
  size: number,
): AsyncGenerator<Uint8Array> {
  // Streamed files say 0, or the largest number that they could.
  let left = size === 0 ? Infinity : size;
  try {
    for (let chunk = first; ;) {
      if (chunk.length > 0) yield chunk.length > left ? chunk.subarray(0, left) : chunk;
      left -= chunk.length;
      if (left <= 0) return;
      const next = await iterator.next();
      if (next.done === true) return;
      chunk = next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
