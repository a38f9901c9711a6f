import { Readable } from 'node:stream';
import { StorageUnavailableError } from './file-storage.js';

/** A storage that sends nothing for so long, while somebody wants to read, sends nothing more. */
const SILENCE_MS = 20_000;

/**
 * A body of an answer of the storage's: one that breaks, or gets stuck, makes the storage unavailable. A reader that
 * takes its time is no reason to end it.
 */
export function watchedBody(body: Readable, silenceMs = SILENCE_MS): Readable {
  let timer: NodeJS.Timeout | undefined;
  const fail = (code: string) => out.destroy(new StorageUnavailableError({ code }));
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => fail('SILENT'), silenceMs);
  };
  const out = new Readable({
    read: () => {
      watch();
      body.resume();
    },
    destroy: (error, done) => {
      clearTimeout(timer);
      body.destroy();
      done(error);
    },
  });
  body.on('data', (chunk: Buffer) => {
    clearTimeout(timer);
    if (out.push(chunk)) watch();
    else body.pause();
  });
  body.on('end', () => {
    clearTimeout(timer);
    out.push(null);
  });
  body.on('error', (error: { code?: string }) => fail(error.code ?? 'BROKEN'));
  body.on('close', () => {
    if (!body.readableEnded) fail('BROKEN');
  });
  body.pause();
  return out;
}
