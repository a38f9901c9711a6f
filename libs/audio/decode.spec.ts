import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  converted,
  ffmpeg,
  pcmOf,
  SENTENCES,
  soundFile,
  speak,
  synthetic,
} from '../../test/support/sounds.ts';
import { AudioError, BYTES_PER_MS, decode, type DecodeOptions } from './decode.js';

const OPTIONS: DecodeOptions = { ffmpeg: 'ffmpeg', maxSeconds: 60, timeoutMs: 20_000 };

/** Sound that has to be decoded: of 32 kHz. */
function unlike(source: string): string {
  return ffmpeg('-f', 'lavfi', '-i', source, '-ac', '1', '-ar', '32000', soundFile('wav'));
}

async function decoded(
  file: string,
  over: Partial<DecodeOptions> = {},
  signal = new AbortController().signal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of decode(file, { ...OPTIONS, ...over }, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function refusal(file: string, over: Partial<DecodeOptions> = {}): Promise<string> {
  const error = await decoded(file, over).then(
    (pcm) => `${pcm.length} bytes`,
    (thrown: unknown) => thrown,
  );
  return error instanceof AudioError ? error.code : String(error);
}

function written(text: string | Buffer, ending: string): string {
  const file = soundFile(ending);
  writeFileSync(file, text);
  return file;
}

describe('decode', { timeout: 30_000 }, () => {
  it('gives 16 kHz mono, whatever comes in and whatever it is called', async () => {
    const file = speak(SENTENCES[0]!);
    const seconds = pcmOf(file).length / BYTES_PER_MS / 1_000;
    for (const ending of ['wav', 'mp3', 'webm', 'm4a', 'ogg', 'flac', 'mp4']) {
      const misnamed = written(readFileSync(converted(file, ending)), 'txt');
      const pcm = await decoded(misnamed);
      expect(Math.abs(pcm.length / BYTES_PER_MS / 1_000 - seconds)).toBeLessThan(0.15);
    }
  });

  it('takes the sound of a film', async () => {
    const file = ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc=d=2:s=64x64', '-f', 'lavfi', '-i', 'sine=d=2', soundFile('mp4')],
    );
    expect((await decoded(file)).length).toBeGreaterThan(60_000);
  });

  it('says what is wrong with a recording', async () => {
    const picture = ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64', '-frames:v', '1', soundFile('png')],
    );
    const mute = ffmpeg(...['-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64', soundFile('mp4')]);
    expect(await refusal(written('no sound at all', 'mp3'))).toBe('audio_unreadable');
    expect(await refusal(written(Buffer.alloc(100_000), 'wav'))).toBe('audio_unreadable');
    expect(await refusal(picture)).toBe('audio_unreadable');
    expect(await refusal(mute)).toBe('audio_unreadable');
    const empty = written(readFileSync(synthetic('sine=d=1')).subarray(0, 78), 'wav');
    expect(await refusal(empty)).toBe('audio_empty');
    const emptyToo = written(readFileSync(unlike('sine=d=1')).subarray(0, 78), 'wav');
    expect(await refusal(emptyToo)).toBe('audio_empty');
    expect(await refusal(unlike('sine=d=1'), { ffmpeg: '/nowhere/ffmpeg' })).toBe('decoder_missing');
  });

  it('takes a recording of the longest allowed length, and no longer one', async () => {
    expect((await decoded(unlike('sine=d=5.2'), { maxSeconds: 5 })).length).toBe(5.2 * 32_000);
    expect(await refusal(unlike('sine=d=5.8'), { maxSeconds: 5 })).toBe('audio_too_long');
    expect(await refusal(unlike('anullsrc=d=7200'), { maxSeconds: 5 })).toBe('audio_too_long');
  });

  it('reads what there is of a recording that was cut off', async () => {
    const file = converted(synthetic('sine=d=10'), 'mp3');
    truncateSync(file, 12_000);
    const pcm = await decoded(file);
    expect(pcm.length).toBeGreaterThan(32_000);
    expect(pcm.length).toBeLessThan(320_000);
  });

  it('opens nothing but the recording itself', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(readFileSync(synthetic('sine=d=1')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sound = synthetic('sine=d=1');
    const lists = {
      // These two name nothing but a sound of this machine: ffmpeg would play it.
      m3u8: `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${converted(sound, 'mp3')}\n#EXT-X-ENDLIST\n`,
      ffconcat: `ffconcat version 1.0\nfile ${sound.split('/').at(-1)}\n`,
      hls: `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${url}/hls\n#EXT-X-ENDLIST\n`,
      concat: `ffconcat version 1.0\nfile ${url}/concat\n`,
      svg: `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="${url}/svg"/></svg>`,
      mpd: `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet mimeType="audio/mp4"><Representation id="1"><BaseURL>${url}/dash</BaseURL></Representation></AdaptationSet></Period></MPD>`,
      sdp: `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n`,
      passwd: `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n`,
    };
    for (const [ending, text] of Object.entries(lists)) {
      const codes = [await refusal(written(text, ending)), await refusal(written(text, 'wav'))];
      expect([ending, ...codes]).toEqual([ending, 'audio_unreadable', 'audio_unreadable']);
    }
    expect(asked).toEqual([]);
    server.close();
  });

  it('ends the decoder when nobody wants the rest, when told to, and when it takes too long', async () => {
    const long = unlike('anullsrc=d=3000');
    const decoders = () =>
      execFileSync('ps', ['-o', 'args', '--ppid', String(process.pid)], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.includes(long)).length;
    const options = { ...OPTIONS, maxSeconds: 4_000 };
    for await (const chunk of decode(long, options, new AbortController().signal)) {
      expect(chunk.length).toBeGreaterThan(0);
      expect(decoders()).toBe(1);
      break;
    }
    const abort = new AbortController();
    const reason = new Error('cancelled');
    const reading = (async () => {
      for await (const chunk of decode(long, options, abort.signal)) {
        expect(chunk.length).toBeGreaterThan(0);
        abort.abort(reason);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    await expect(reading).rejects.toBe(reason);
    await expect(decoded(long, options, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await refusal(long, { maxSeconds: 4_000, timeoutMs: 1 })).toBe('audio_unreadable');
    await expect.poll(decoders, { timeout: 5_000 }).toBe(0);
  });

  it('holds the decoder up while nobody reads, so that memory stays flat', async () => {
    const long = unlike('anullsrc=d=3000');
    let bytes = 0;
    let most = 0;
    const before = process.memoryUsage().rss;
    for await (const chunk of decode(long, { ...OPTIONS, maxSeconds: 4_000 }, new AbortController().signal)) {
      bytes += chunk.length;
      if (bytes % (4 * 1024 * 1024) < chunk.length) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        most = Math.max(most, process.memoryUsage().rss - before);
      }
    }
    expect(bytes).toBe(3_000 * 32_000);
    expect(most).toBeLessThan(60 * 1024 * 1024);
  });
});
