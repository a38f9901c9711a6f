import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ffmpeg, pcmOf, soundFile, synthetic } from '../../test/support/sounds.ts';
import { decode } from './decode.js';
import { plainSamples } from './plain-wav.js';

/** Without a decoder: what is read is read as it is. */
const OPTIONS = { ffmpeg: '/nowhere/ffmpeg', maxSeconds: 5, timeoutMs: 1_000 };
const NEVER = new AbortController().signal;

async function read(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of decode(file, OPTIONS, NEVER)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function written(bytes: Buffer): string {
  const file = soundFile('wav');
  writeFileSync(file, bytes);
  return file;
}

describe('a plain WAV file', () => {
  const file = synthetic('sine=d=2');
  const bytes = readFileSync(file);
  const data = bytes.indexOf('data');
  const pcm = pcmOf(file);

  it('is read as it is', async () => {
    expect(await read(file)).toEqual(pcm);
  });

  it('is read to its end where its length is not known, or not all there', async () => {
    for (const length of [0, 0xffffffff, 0x7ffff000]) {
      const streamed = Buffer.from(bytes);
      streamed.writeUInt32LE(length, data + 4);
      expect(await read(written(streamed))).toEqual(pcm);
    }
    expect(await read(written(bytes.subarray(0, -101)))).toEqual(pcm.subarray(0, -102));
  });

  it('is read without what follows its samples', async () => {
    expect(await read(written(Buffer.concat([bytes, Buffer.from('LIST\u0004\0\0\0INFO')])))).toEqual(pcm);
  });

  it('has the same limits', async () => {
    await expect(read(synthetic('sine=d=6'))).rejects.toMatchObject({ code: 'audio_too_long' });
    await expect(read(written(bytes.subarray(0, data + 8)))).rejects.toMatchObject({ code: 'audio_empty' });
    const abort = AbortSignal.abort(new Error('told to'));
    await expect(decode(file, OPTIONS, abort).next()).rejects.toThrow('told to');
  });

  it('is none that has another rate, more channels, other samples, or no proper header', async () => {
    const others = [
      ffmpeg('-i', file, '-ar', '22050', soundFile('wav')),
      ffmpeg('-i', file, '-ac', '2', soundFile('wav')),
      ffmpeg('-i', file, '-c:a', 'pcm_s24le', soundFile('wav')),
      ffmpeg('-i', file, '-c:a', 'pcm_mulaw', soundFile('wav')),
      ffmpeg('-i', file, soundFile('mp3')),
      written(bytes.subarray(0, 30)),
      written(Buffer.alloc(0)),
      written(Buffer.concat([bytes.subarray(0, 12), bytes.subarray(data)])),
    ];
    for (const other of others) expect(await plainSamples(other)).toBeNull();
  });
});
