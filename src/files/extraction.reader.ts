import { Inject, Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DocumentReader } from '../../libs/documents/document-reader.js';
import { ReadingError, type ReadingFormat, type ReadingResult } from '../../libs/documents/reading.js';
import { ENV, type Env } from '../config/env.js';
import { ExtractionStore } from './extraction.store.js';
import { FilesService, type ReceivedBlob } from './files.service.js';
import { spool } from './spooled-file.js';
import type { StoredFile } from './stored-file.entity.js';

/** What a media type is read as. */
const FORMATS: Record<string, ReadingFormat> = {
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/csv': 'csv',
  'text/markdown': 'markdown',
  'text/plain': 'text',
  'text/html': 'html',
  'image/jpeg': 'picture',
  'image/png': 'picture',
  'image/webp': 'picture',
  'image/gif': 'picture',
};

const MAX_PREVIEW_BYTES = 16 * 1024 * 1024;

/** Reads one file for the job: from the storage to a child process, and what that finds into the database. */
@Injectable()
export class ExtractionReader {
  constructor(
    private readonly reader: DocumentReader,
    private readonly files: FilesService,
    private readonly store: ExtractionStore,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** @throws ReadingError, ReadingLostError, StorageUnavailableError, AppError; the signal's reason */
  async read(file: StoredFile, signal: AbortSignal): Promise<void> {
    const format = FORMATS[file.mediaType];
    if (!format) throw new ReadingError('file_unreadable');
    const source = await this.files.open(file);
    const handle = await spool(join(this.env.DATA_DIR, 'reading'), source, signal);
    let preview: ReceivedBlob | null = null;
    try {
      let next = 1;
      const sink = {
        passages: async (batch: Parameters<ExtractionStore['add']>[1]) => {
          await this.store.add(file, batch, next);
          next += batch.length;
        },
        preview: async (jpeg: Buffer) => {
          preview = await this.files.receive(Readable.from([jpeg]), MAX_PREVIEW_BYTES);
        },
      };
      const result: ReadingResult = await this.reader.read(handle.fd, format, sink, signal);
      await this.store.finish(file, result, keyOf(preview));
    } catch (error) {
      if (preview) await this.files.drop(preview);
      throw error;
    } finally {
      await handle.close();
    }
  }
}

function keyOf(blob: ReceivedBlob | null): string | null {
  return blob?.storageKey ?? null;
}
