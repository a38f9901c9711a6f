import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Pcm, wavHeader } from './wav.js';

const BLOCK = 64 * 1024;

/**
 * Samples as a WAV file with its true length in the header, however many there are: they wait on the disk until the
 * last one is there, in a file that has no name, so that it goes with the process.
 */
export async function* wavOf(pcm: Pcm): AsyncGenerator<Uint8Array> {
  const name = join(tmpdir(), `parley-${randomUUID()}`);
  const file = await open(name, 'wx+', 0o600);
  try {
    await rm(name);
    let bytes = 0;
    for await (const chunk of pcm.samples) {
      await file.writev([chunk], bytes);
      bytes += chunk.length;
    }
    yield wavHeader(pcm, bytes);
    yield* blocksOf(file, bytes);
  } finally {
    await file.close();
  }
}

async function* blocksOf(file: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(BLOCK), 0, BLOCK, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
