import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StorageUnavailableError } from './file-storage.js';

/**
 * Bytes as a file that has no name any more when this returns: it is gone when its handle is closed, or its process
 * ends, however that ends. The source is read to its end or destroyed.
 * @throws StorageUnavailableError where the disk refuses; the source's error; the signal's reason
 */
export async function spool(folder: string, source: Readable, signal: AbortSignal): Promise<FileHandle> {
  try {
    const handle = await nameless(folder);
    try {
      for await (const chunk of source) {
        signal.throwIfAborted();
        await handle.writeFile(chunk as Buffer);
      }
      return handle;
    } catch (error) {
      await handle.close();
      throw isOfDisk(error) ? new StorageUnavailableError(error) : error;
    }
  } finally {
    source.destroy();
  }
}

async function nameless(folder: string): Promise<FileHandle> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, randomBytes(16).toString('hex'));
    const handle = await open(path, 'wx+', 0o600);
    await rm(path);
    return handle;
  } catch (error) {
    throw new StorageUnavailableError(error);
  }
}

function isOfDisk(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG'].includes((error as { code?: string }).code ?? '');
}
