import { SpeechError, type SpeechFormat } from './synthesizer.js';

/** Enough of the beginning to know a format by. */
const HEAD = 12;

const BEGINNINGS: Record<SpeechFormat, (head: Buffer) => boolean> = {
  mp3: (head) => head.toString('latin1', 0, 3) === 'ID3' || (head[0] === 0xff && (head[1]! & 0xe6) === 0xe2),
  wav: (head) => head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE',
  opus: (head) => head.toString('latin1', 0, 4) === 'OggS',
};

/** Passes on what begins as the format does. @throws SpeechError `speech_protocol`, also where nothing comes */
export async function* soundOf(
  format: SpeechFormat,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of bytes) {
    if (!head) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD) continue;
    if (!BEGINNINGS[format](head)) break;
    yield head;
    head = undefined;
  }
  if (head) throw new SpeechError('speech_protocol', true);
}
