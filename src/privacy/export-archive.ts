import { ZipArchive } from 'archiver';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** How an entry is written. */
interface EntryOptions {
  date: Date;
  /** What is compressed already is only stored. */
  isCompressed?: boolean;
}

/**
 * A ZIP archive that is read while it is written: an entry is taken from its source when there is room for it, and
 * nothing is gathered. With more or larger entries than the old format holds it is a ZIP64 archive.
 */
export class ExportArchive {
  private readonly zip = new ZipArchive({ zlib: { level: 6 } });
  private readonly end = new AbortController();

  constructor() {
    this.zip.on('error', (error: Error) => this.end.abort(error));
    this.zip.on('warning', (error: Error) => this.end.abort(error));
    this.zip.on('close', () => this.end.abort(new Error('the archive is not read any more')));
  }

  /** To be read while entries are added. */
  get stream(): Readable {
    return this.zip;
  }

  /** Returns when the source is read to its end; it is destroyed where this throws. @throws what its source did */
  async add(name: string, source: Readable, { date, isCompressed = false }: EntryOptions): Promise<void> {
    const failed = (error: Error): void => this.end.abort(error);
    source.on('error', failed);
    try {
      const { signal } = this.end;
      const added = once(this.zip, 'entry', { signal });
      this.zip.append(source, { name, date, store: isCompressed });
      await added;
    } catch {
      source.destroy();
      throw this.end.signal.reason as Error;
    }
  }

  /** No more entries come; the end of the archive follows in its stream, whose reader is told of what goes wrong. */
  finish(): void {
    this.zip.finalize().catch((error: Error) => this.end.abort(error));
  }

  /** Whoever reads it sees this error. */
  destroy(error: Error): void {
    this.zip.destroy(error);
  }
}
