import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { DiskFileStorage } from './disk.file-storage.js';
import { classifyStorageFailure, StorageUnavailableError } from './file-storage.js';
import { fileStorageContract } from './file-storage.contract.js';

const dir = mkdtempSync(join(tmpdir(), 'parley-disk-'));
const root = join(dir, 'files');
const KEY = 'abcdef0123456789';

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const partsIn = (folder: string) => (existsSync(folder) ? readdirSync(folder).length : 0);

fileStorageContract('DiskFileStorage', {
  make: () => new DiskFileStorage(root),
  leftovers: () => partsIn(join(root, 'parts')),
});

const bytes = () => Readable.from([Buffer.from('bytes')]);

describe('DiskFileStorage', () => {
  it('keeps blobs in folders of two characters, for nobody else to read', async () => {
    const storage = new DiskFileStorage(root);
    await storage.put(KEY, bytes());
    const file = join(root, 'ab', 'cd', KEY);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, 'ab')).mode & 0o777).toBe(0o700);
  });

  it('removes what a process left that died while it was writing', async () => {
    const storage = new DiskFileStorage(root);
    writeFileSync(join(root, 'parts', KEY), 'half of i');
    await storage.delete(KEY);
    expect(partsIn(join(root, 'parts'))).toBe(0);
  });

  it('is unavailable where its folder is none', async () => {
    writeFileSync(join(dir, 'broken'), '');
    const storage = new DiskFileStorage(join(dir, 'broken'));
    const source = bytes();
    await expect(storage.put(KEY, source)).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(source.destroyed).toBe(true);
    await expect(storage.get(KEY)).rejects.toBeInstanceOf(StorageUnavailableError);
    await expect(storage.size(KEY)).rejects.toBeInstanceOf(StorageUnavailableError);
  });

  it('is unavailable where the disk is full, and leaves nothing', async () => {
    const storage = new DiskFileStorage(join(dir, 'full'));
    mkdirSync(join(dir, 'full', 'parts'), { recursive: true });
    symlinkSync('/dev/full', join(dir, 'full', 'parts', KEY));
    const source = bytes();
    const error: unknown = await storage.put(KEY, source).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'StorageUnavailableError', cause: { code: 'ENOSPC' } });
    expect(classifyStorageFailure(error)).toBe('storage_unavailable');
    expect(source.destroyed).toBe(true);
    expect(partsIn(join(dir, 'full', 'parts'))).toBe(0);
  });
});
