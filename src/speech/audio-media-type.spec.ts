import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { converted, synthetic } from '../../test/support/sounds.ts';
import { AppError } from '../common/errors.js';
import { audioMediaType } from './audio-media-type.js';

const head = (file: string) => readFileSync(file).subarray(0, 4_100);

async function refused(bytes: Buffer): Promise<string> {
  const answer = await audioMediaType(bytes).catch((error: unknown) => error);
  return answer instanceof AppError ? answer.code : `taken as ${String(answer)}`;
}

describe('audioMediaType', () => {
  it('says what recordings are by their bytes', async () => {
    const wav = synthetic('sine=d=1');
    expect(await audioMediaType(head(wav))).toBe('audio/wav');
    const types = ['mp3', 'webm', 'm4a', 'ogg', 'flac'].map((ending) => converted(wav, ending));
    expect(await Promise.all(types.map((file) => audioMediaType(head(file))))).toEqual([
      ...['audio/mpeg', 'video/webm', 'audio/x-m4a', 'audio/ogg', 'audio/flac'],
    ]);
  });

  it('leaves what it does not know to the decoder', async () => {
    expect(await audioMediaType(Buffer.from([1, 2, 0, 0xff, 0xfe, 3, 9, 0]))).toBe(
      'application/octet-stream',
    );
  });

  it('refuses what is plainly something else', async () => {
    const texts = ['just words', '#EXTM3U\nhttp://10.0.0.1/', '<svg/>', '{"a":1}', `${'x'.repeat(4_098)}你`];
    for (const text of texts)
      expect(await refused(Buffer.from(text).subarray(0, 4_100))).toBe('unsupported_audio');
    const others = [
      '89504e470d0a1a0a0000000d49484452',
      '504b0304140000000800',
      '255044462d312e370a',
      '4d5a9000',
    ];
    for (const hex of others)
      expect(await refused(Buffer.from(hex.padEnd(400, '0'), 'hex'))).toBe('unsupported_audio');
  });
});
