import { Injectable } from '@nestjs/common';
import { StorageUnavailableError } from '../files/file-storage.js';
import { FilesService, type ReceivedBlob } from '../files/files.service.js';
import type { DataExport } from './data-export.entity.js';
import { ExportArchive } from './export-archive.js';
import { ExportContents, type ExportProgress } from './export-contents.js';

/** Writes archives straight into the file storage. */
@Injectable()
export class DataExportWriter {
  constructor(
    private readonly files: FilesService,
    private readonly contents: ExportContents,
  ) {}

  /**
   * Where this throws nothing is left of it.
   * @throws StorageUnavailableError, the signal's reason, whatever the database does
   */
  async write(row: DataExport, progress: ExportProgress, signal: AbortSignal): Promise<ReceivedBlob> {
    const archive = new ExportArchive();
    const stop = (): void => archive.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    try {
      const filling = this.fill(archive, row, progress);
      const [filled, received] = await Promise.allSettled([
        filling,
        this.files.receive(archive.stream, Number.MAX_SAFE_INTEGER),
      ]);
      if (received.status === 'fulfilled') return received.value;
      // What stopped the one stops the other: the storage's word is the better one.
      const isFirst = received.reason instanceof StorageUnavailableError || filled.status === 'fulfilled';
      throw isFirst ? received.reason : (filled as PromiseRejectedResult).reason;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private async fill(archive: ExportArchive, row: DataExport, progress: ExportProgress): Promise<void> {
    try {
      await this.contents.fill(archive, row, progress);
      archive.finish();
    } catch (error) {
      archive.destroy(error as Error);
      throw error;
    }
  }
}
