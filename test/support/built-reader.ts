import { open, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DocumentReader, type ReaderOptions } from '../../libs/documents/document-reader.js';
import { type Passage, ReadingError } from '../../libs/documents/reading.js';
import type { HostileFile } from './hostile-documents.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A reader whose child processes are what was built. */
export function builtReader(bounds: Pick<ReaderOptions, 'timeoutMs' | 'memoryBytes'>): DocumentReader {
  return new DocumentReader({
    entry: join(ROOT, 'dist/src/main.reader.js'),
    readable: ['dist', 'node_modules', 'package.json'].map((name) => join(ROOT, name)),
    ...bounds,
  });
}

/** `done`, or the code that the reading failed with. */
export async function outcomeOf(
  reader: DocumentReader,
  folder: string,
  { format, bytes }: Pick<HostileFile, 'format' | 'bytes'>,
  found: (passages: Passage[]) => void = () => undefined,
): Promise<string> {
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  const handle = await open(path);
  const sink = {
    passages: (batch: Passage[]) => Promise.resolve(found(batch)),
    preview: () => Promise.resolve(),
  };
  try {
    await reader.read(handle.fd, format, sink, new AbortController().signal);
    return 'done';
  } catch (error) {
    if (error instanceof ReadingError) return error.code;
    throw error;
  } finally {
    await handle.close();
  }
}
