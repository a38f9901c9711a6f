import type { Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  assertKey,
  BlobNotFoundError,
  type ByteRange,
  FileStorage,
  isKey,
  StorageUnavailableError,
} from './file-storage.js';

/** Blobs in a folder of this machine, or of a file system that several share: `ab/cd/abcd…`, written as `parts/abcd…`. */
export class DiskFileStorage extends FileStorage {
  constructor(private readonly root: string) {
    super();
  }

  async put(key: string, source: Readable, signal?: AbortSignal): Promise<void> {
    const { blob, part } = this.placesOf(key);
    // It may fail while nobody reads it yet.
    source.on('error', () => undefined);
    const stop = () => source.destroy(signal?.reason as Error);
    signal?.addEventListener('abort', stop);
    try {
      signal?.throwIfAborted();
      await onDisk(() => makeFolders(dirname(part), dirname(blob)));
      await write(part, source);
      await onDisk(() => publish(part, blob));
    } catch (error) {
      source.destroy();
      await rm(part, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    const { blob } = this.placesOf(key);
    const handle = await onDisk(() => open(blob, 'r').catch(unlessMissing));
    if (!handle) throw new BlobNotFoundError();
    return handle.createReadStream({ ...range });
  }

  async size(key: string): Promise<number | null> {
    const { blob } = this.placesOf(key);
    const found: Stats | null = await onDisk(() => stat(blob).catch(unlessMissing));
    return found?.size ?? null;
  }

  async delete(key: string): Promise<void> {
    const { blob, part } = this.placesOf(key);
    await onDisk(async () => {
      await rm(part, { force: true });
      await rm(blob, { force: true });
    });
  }

  async *list(): AsyncGenerator<string> {
    const folders = [this.root];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const path = folder;
      for (const entry of (await onDisk(() => readdir(path, { withFileTypes: true }).catch(unlessMissing))) ??
        []) {
        if (entry.isDirectory()) folders.push(join(path, entry.name));
        else if (isKey(entry.name)) yield entry.name;
      }
    }
  }

  private placesOf(key: string): { blob: string; part: string } {
    assertKey(key);
    return {
      blob: join(this.root, key.slice(0, 2), key.slice(2, 4), key),
      part: join(this.root, 'parts', key),
    };
  }
}

/** The file is as long as its source, and on the disk, when this returns. */
async function write(file: string, source: Readable): Promise<void> {
  const handle = await onDisk(() => open(file, 'w', 0o600));
  try {
    for await (const chunk of source) await onDisk(() => writeWhole(handle, chunk as Buffer));
    await onDisk(() => handle.sync());
  } finally {
    await handle.close();
  }
}

/** A system may take less than it was given. */
async function writeWhole(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let from = 0; from < chunk.length;) from += (await handle.write(chunk, from)).bytesWritten;
}

/** Folders are for us alone: recordings are nobody else's on this machine either. */
async function makeFolders(...folders: string[]): Promise<void> {
  for (const folder of folders) {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (first === undefined) continue;
    // A new folder outlasts a loss of power when the one that it is in is on the disk.
    for (let made = folder; made.length >= first.length; made = dirname(made)) await sync(dirname(made));
  }
}

async function publish(part: string, blob: string): Promise<void> {
  await rename(part, blob);
  await sync(dirname(blob));
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whatever a disk refuses makes it unavailable: full, not writable, broken, gone. */
async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StorageUnavailableError(error);
  }
}

function unlessMissing(error: unknown): null {
  if ((error as { code?: string }).code === 'ENOENT') return null;
  throw error;
}
