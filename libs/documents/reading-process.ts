import { fstatSync, readSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { encodeFrame, type FrameType } from './frames.js';
import { readFile } from './read-file.js';
import { ReadingError, type ReadingFormat } from './reading.js';

/** Where the child process finds the file, and where it says what it has found. */
export const FILE_FD = 4;
export const FRAMES_FD = 3;

const writeTo = promisify(write);

/**
 * What the child process of `DocumentReader` does: reads the one file that it was given, says what is in it, and ends.
 * It knows no secret: its environment is empty, and the file has no name here.
 * @param loadCounter how tokens are counted; asked for where there is text
 */
export async function serveReading(loadCounter: () => Promise<(text: string) => number>): Promise<never> {
  const [format, parent] = process.argv.slice(2) as [ReadingFormat, string];
  new Worker(new URL('./orphan-guard.js', import.meta.url), { workerData: Number(parent) });
  let end: object;
  try {
    const countTokens = format === 'picture' ? () => 0 : await loadCounter();
    const sink = {
      passages: (batch: object[]) => say('passages', Buffer.from(JSON.stringify(batch))),
      preview: (jpeg: Buffer) => say('preview', jpeg),
    };
    end = { result: await readFile(wholeFile(), format, sink, countTokens) };
  } catch (error) {
    end = { failure: error instanceof ReadingError ? error.code : 'extraction_crashed' };
  }
  await say('end', Buffer.from(JSON.stringify(end)));
  process.exit();
}

function wholeFile(): Buffer {
  const bytes = Buffer.allocUnsafeSlow(fstatSync(FILE_FD).size);
  let at = 0;
  while (at < bytes.length) {
    const read = readSync(FILE_FD, bytes, at, bytes.length - at, at);
    if (read === 0) throw new Error('the file is shorter than it was');
    at += read;
  }
  return bytes;
}

/** Returns when the parent has room for more. */
async function say(type: FrameType, body: Buffer): Promise<void> {
  const frame = encodeFrame(type, body);
  for (let at = 0; at < frame.length;) at += (await writeTo(FRAMES_FD, frame, at)).bytesWritten;
}
