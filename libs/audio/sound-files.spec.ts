import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { probe } from '../../test/support/audio.ts';
import { audioMeter } from './audio-meter.js';
import { encode } from './encode.js';
import { type Pcm, readWav, wavHeader } from './wav.js';
import { wavOf } from './wav-spool.js';

const FORMAT = { sampleRate: 24_000, channels: 1 };
const { signal } = new AbortController();

/** A tone of so many seconds, in pieces of odd sizes. */
async function* tone(seconds: number): AsyncGenerator<Uint8Array> {
  const samples = Int16Array.from(
    { length: seconds * FORMAT.sampleRate },
    (_, i) => Math.sin(i / 10) * 9_000,
  );
  const bytes = Buffer.from(samples.buffer);
  for (let at = 0; at < bytes.length; at += 7_777) yield bytes.subarray(at, at + 7_777);
}

const pcm = (seconds: number): Pcm => ({ ...FORMAT, samples: tone(seconds) });

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of pieces) parts.push(part);
  return Buffer.concat(parts);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const fileOf = (format: 'mp3' | 'opus' | 'wav', seconds: number) =>
  collect(
    format === 'wav'
      ? wavOf(pcm(seconds))
      : encode(() => Promise.resolve(pcm(seconds)), { format, signal, timeoutMs: 10_000 }),
  );

describe.each(['mp3', 'opus', 'wav'] as const)('%s', (format) => {
  it('is made of samples, decodes, and is measured in whatever pieces it comes', async () => {
    for (const seconds of [0.5, 3.2]) {
      const file = await fileOf(format, seconds);
      expect(Math.abs((await probe(file)).duration - seconds)).toBeLessThan(0.1);
      for (const size of [1, 7, 4_096, file.length]) {
        const meter = audioMeter(format);
        for await (const piece of inPieces(file, size)) meter.take(piece);
        expect(Math.abs(meter.end()! - seconds * 1_000)).toBeLessThan(100);
      }
    }
  });

  it('is not what has no sound in it', async () => {
    for (const text of [
      '',
      '<html>no sound</html>',
      '<html>no sound</html>'.repeat(500),
      'RIFF',
      'OggS',
      'ID3',
    ]) {
      const meter = audioMeter(format);
      meter.take(Buffer.from(text));
      expect(meter.end()).toBeUndefined();
    }
    const silent = audioMeter(format);
    silent.take(wavHeader(FORMAT, 0));
    expect(silent.end()).toBeUndefined();
  });
});

/** As OpenAI's: it says that there is as much as can be said. */
function endlessHeader(): Buffer {
  const header = Buffer.from(wavHeader(FORMAT, 0));
  header.writeUInt32LE(0xffffffff, 4);
  header.writeUInt32LE(0xffffffff, 40);
  return header;
}

describe('readWav', () => {
  it('reads what a file holds, whatever its header says of lengths', async () => {
    const samples = await collect(tone(0.5));
    const headers = [wavHeader(FORMAT, samples.length), wavHeader(FORMAT, 0), endlessHeader()];
    const extra = Buffer.concat([
      Buffer.from('LIST\x05\0\0\0abcde\0'),
      Buffer.from(headers[0]!.subarray(36)),
    ]);
    headers.push(Buffer.concat([headers[0]!.subarray(0, 36), extra]));
    for (const header of headers) {
      for (const size of [1, 43, 45, 100_000]) {
        const read = await readWav(inPieces(Buffer.concat([header, samples]), size));
        expect(read).toMatchObject(FORMAT);
        expect((await collect(read.samples)).equals(samples)).toBe(true);
      }
    }
    const behind = Buffer.concat([wavHeader(FORMAT, samples.length), samples, Buffer.from('LIST....')]);
    expect((await collect((await readWav(inPieces(behind, 999))).samples)).equals(samples)).toBe(true);
  });

  it('refuses anything else', async () => {
    const bytes8 = Buffer.from(wavHeader(FORMAT, 10));
    bytes8.writeUInt16LE(8, 34);
    const mulaw = Buffer.from(wavHeader(FORMAT, 10));
    mulaw.writeUInt16LE(7, 20);
    const endless = Buffer.concat([Buffer.from('RIFF....WAVE'), Buffer.alloc(100_000, 'x')]);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('<html>this is no sound</html>'),
      bytes8,
      mulaw,
      endless,
    ])
      await expect(readWav(inPieces(bytes, 1_000))).rejects.toMatchObject({ name: 'WavError' });
  });
});

describe('wavOf', () => {
  it('leaves nothing on the disk', async () => {
    const ours = () => readdirSync(tmpdir()).filter((name) => /^parley-[\da-f]{8}-/.test(name));
    const before = ours();
    await fileOf('wav', 3);
    for await (const piece of wavOf(pcm(3))) {
      expect(piece).toHaveLength(44);
      break;
    }
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10);
      throw new Error('no more');
    }
    await expect(collect(wavOf({ ...FORMAT, samples: broken() }))).rejects.toThrow('no more');
    expect(ours()).toEqual(before);
  });
});
