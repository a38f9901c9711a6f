import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/child.ts';
import { builtReader, outcomeOf } from '../support/built-reader.ts';
import { ENDLESS, hostileFiles } from '../support/hostile-documents.ts';
import { readersOf } from '../support/reader-processes.ts';

const MEBIBYTE = 2 ** 20;
const files = await hostileFiles();

describe('a file that is made to break its reader', { timeout: 120_000 }, () => {
  const folder = temporaryFolder('hostile');
  const reader = builtReader({ timeoutMs: 60_000, memoryBytes: 512 * MEBIBYTE });

  it.each(files.map((file) => [file.what, file] as const))('%s ends as it should', async (_what, file) => {
    expect(await outcomeOf(reader, folder, file)).toBe(file.ends);
  });

  it('leaves no process behind', () => {
    expect(readersOf(process.pid)).toEqual([]);
  });

  it('has a bound on its time', async () => {
    const hurried = builtReader({ timeoutMs: 3_000, memoryBytes: 512 * MEBIBYTE });
    expect(await outcomeOf(hurried, folder, ENDLESS)).toBe(ENDLESS.ends);
  });

  it('has a bound on its memory, in JavaScript and beside it', async () => {
    const small = builtReader({ timeoutMs: 20_000, memoryBytes: 128 * MEBIBYTE });
    const picture = files.find(({ what }) => what.startsWith('interlaced'))!;
    const pdf = files.find(({ what }) => what.startsWith('PDF of 300 MB'))!;
    expect(await outcomeOf(small, folder, picture)).toBe('extraction_memory');
    expect(await outcomeOf(small, folder, pdf)).toBe('extraction_memory');
  });

  it('is given up when that is wanted', async () => {
    const path = join(folder, 'slow');
    await writeFile(path, files.find(({ what }) => what.startsWith('text of 4 MB'))!.bytes);
    const handle = await open(path);
    const stop = new AbortController();
    const sink = {
      passages: () => Promise.resolve(stop.abort(new Error('enough'))),
      preview: () => Promise.resolve(),
    };
    await expect(reader.read(handle.fd, 'text', sink, stop.signal)).rejects.toThrow('enough');
    await handle.close();
  });
});
