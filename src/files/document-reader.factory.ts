import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DocumentReader } from '../../libs/documents/document-reader.js';
import type { Env } from '../config/env.js';

/** Reads by the built `main.reader.js`, which sees what was built and the packages, and nothing else of the disk. */
export function documentReader(
  env: Pick<Env, 'DOCUMENTS_TIMEOUT_SECONDS' | 'DOCUMENTS_MEMORY_MB'>,
): DocumentReader {
  const built = fileURLToPath(new URL('../..', import.meta.url));
  const aPackage = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));
  return new DocumentReader({
    entry: join(built, 'src/main.reader.js'),
    readable: [built, dirname(aPackage), join(built, '../package.json')],
    timeoutMs: env.DOCUMENTS_TIMEOUT_SECONDS * 1_000,
    memoryBytes: env.DOCUMENTS_MEMORY_MB * 2 ** 20,
  });
}
