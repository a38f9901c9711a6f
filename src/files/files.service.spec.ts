import { Logger } from '@nestjs/common';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { EntityManager } from 'typeorm';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FilesOnSqlite, filesOnSqlite } from '../../test/support/files-database.js';
import { BlobRemoval } from './blob-removal.entity.js';
import { DiskFileStorage } from './disk.file-storage.js';
import { StorageUnavailableError } from './file-storage.js';
import type { ReceivedBlob } from './files.service.js';
import { StoredFile } from './stored-file.entity.js';

const BYTES = randomBytes(100_000);
const NEW = { kind: 'recording', name: 'a.webm', mediaType: 'audio/webm' } as const;
const HOUR = 3_600_000;

let dir: string;
let storage: DiskFileStorage;
let ground: FilesOnSqlite;
let anna: number;
let bert: number;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'parley-files-'));
  storage = new DiskFileStorage(join(dir, 'files'));
  ground = await filesOnSqlite(dir, storage);
  [anna, bert] = ground.userIds;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await ground.dataSource.destroy();
  rmSync(dir, { recursive: true, force: true });
});

const receive = (bytes = BYTES) => ground.files.receive(Readable.from([bytes]), 1_000_000);

const inTransaction = <T>(work: (manager: EntityManager) => Promise<T>) =>
  ground.dataSource.transaction(work);

const keep = (blob: ReceivedBlob, conversationId: number | null = null, owner = anna) =>
  inTransaction((manager) => ground.files.keep(manager, owner, blob, { ...NEW, conversationId }));

const removals = () => ground.dataSource.getRepository(BlobRemoval).find();
const rows = () => ground.dataSource.getRepository(StoredFile).find({ order: { id: 'ASC' } });

/** What a process does every few seconds; `later` makes everything due. */
async function sweep({ later = false } = {}): Promise<void> {
  if (later) await ground.dataSource.query(`UPDATE blob_removals SET due_at = '2000-01-01 00:00:00.000'`);
  for (const removal of await ground.removals.due(100)) await ground.removals.remove(removal);
}

describe('a received blob', () => {
  it('is whole, measured, and announced to go in an hour', async () => {
    const blob = await receive();
    expect(blob).toMatchObject({ size: BYTES.length, head: BYTES.subarray(0, 4_100) });
    expect(blob.sha256).toBe(createHash('sha256').update(BYTES).digest('hex'));
    expect((await buffer(await storage.get(blob.storageKey))).equals(BYTES)).toBe(true);
    const [removal] = await removals();
    expect(removal).toMatchObject({ storageKey: blob.storageKey, attempts: 0 });
    expect(Math.abs(removal!.dueAt.getTime() - Date.now() - HOUR)).toBeLessThan(60_000);
  });

  it('is announced before it is put: whoever dies meanwhile leaves nothing that stays', async () => {
    let keyAtPut = '';
    vi.spyOn(storage, 'put').mockImplementation(async (key) => {
      keyAtPut = (await removals())[0]!.storageKey;
      expect(keyAtPut).toBe(key);
      // As if the process died here: nothing behind it is done.
      return new Promise(() => undefined);
    });
    void receive();
    await expect.poll(() => keyAtPut).not.toBe('');
    vi.restoreAllMocks();
    await storage.put(keyAtPut, Readable.from([BYTES]));
    await sweep();
    expect(await storage.size(keyAtPut)).toBe(BYTES.length);
    await sweep({ later: true });
    expect(await storage.size(keyAtPut)).toBeNull();
    expect(await removals()).toEqual([]);
  });

  it.each([
    ['too large', BYTES.subarray(0, 11), 'file_too_large'],
    ['empty', Buffer.alloc(0), 'file_empty'],
  ])('is refused, and leaves nothing, where it is %s', async (_what, bytes, code) => {
    const source = new PassThrough();
    source.end(bytes);
    await expect(ground.files.receive(source, 10)).rejects.toMatchObject({ code });
    expect(source.destroyed).toBe(true);
    expect(await removals()).toEqual([]);
  });

  it('leaves nothing where its source fails, and destroys it where the storage does', async () => {
    const source = new PassThrough();
    const receiving = ground.files.receive(source, 10);
    source.destroy(new Error('gone'));
    await expect(receiving).rejects.toThrow('gone');
    expect(await removals()).toEqual([]);
    vi.spyOn(storage, 'put').mockRejectedValue(new StorageUnavailableError({ code: 'ENOSPC' }));
    const other = new PassThrough();
    await expect(ground.files.receive(other, 10)).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(other.destroyed).toBe(true);
  });

  it('goes at once where it is dropped, and stays where it was kept', async () => {
    const [dropped, kept] = [await receive(), await receive()];
    await keep(kept);
    await Promise.all([ground.files.drop(dropped), ground.files.drop(dropped), ground.files.drop(kept)]);
    await sweep({ later: true });
    expect(await storage.size(dropped.storageKey)).toBeNull();
    expect(await storage.size(kept.storageKey)).toBe(BYTES.length);
    expect(await removals()).toEqual([]);
  });

  it('is kept with its transaction only', async () => {
    const blob = await receive();
    const failing = inTransaction(async (manager) => {
      await ground.files.keep(manager, anna, blob, NEW);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await rows()).toEqual([]);
    expect((await removals()).map(({ storageKey }) => storageKey)).toEqual([blob.storageKey]);
    const file = await keep(blob);
    expect(await removals()).toEqual([]);
    expect(await ground.files.findOwned(anna, file.id)).toEqual(file);
    await expect(ground.files.findOwned(bert, file.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is not kept any more when its removal has begun, nor twice', async () => {
    const blob = await receive();
    vi.spyOn(storage, 'delete').mockRejectedValue(new StorageUnavailableError({ code: 'EIO' }));
    await ground.files.drop(blob);
    await expect(keep(blob)).rejects.toBeInstanceOf(StorageUnavailableError);
    const other = await receive();
    await keep(other);
    await expect(keep(other)).rejects.toBeInstanceOf(StorageUnavailableError);
    expect(await rows()).toHaveLength(1);
  });
});

describe('discarding', () => {
  it('takes the rows with the transaction, and the blobs soon after', async () => {
    const [a, b] = [await keep(await receive()), await keep(await receive())];
    await inTransaction((manager) => ground.files.discard(manager, anna, { ids: [a.id, 987] }));
    expect((await rows()).map(({ id }) => id)).toEqual([b.id]);
    await sweep();
    expect(await storage.size(a.storageKey)).toBeNull();
    expect(await storage.size(b.storageKey)).toBe(BYTES.length);
    expect(await removals()).toEqual([]);
  });

  it('is taken back with its transaction', async () => {
    const file = await keep(await receive());
    const failing = inTransaction(async (manager) => {
      await ground.files.discard(manager, anna, { ids: [file.id] });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await sweep({ later: true });
    expect((await buffer(await ground.files.open(file))).equals(BYTES)).toBe(true);
  });

  it('takes what one owner has of one conversation, and nothing else', async () => {
    const gone = [await keep(await receive(), 7), await keep(await receive(), 7)];
    const left = [
      await keep(await receive(), 8),
      await keep(await receive()),
      await keep(await receive(), 7, bert),
    ];
    await inTransaction((manager) => ground.files.discard(manager, anna, { conversationId: 7 }));
    await inTransaction((manager) => ground.files.discard(manager, anna, { ids: [left[2]!.id] }));
    await inTransaction((manager) => ground.files.discard(manager, anna, { ids: [] }));
    await sweep();
    expect((await rows()).map(({ id }) => id)).toEqual(left.map(({ id }) => id));
    for (const { storageKey } of gone) expect(await storage.size(storageKey)).toBeNull();
    await inTransaction((manager) => ground.files.discardAll(manager, anna));
    expect((await rows()).map(({ id }) => id)).toEqual([left[2]!.id]);
  });

  it('says of a file that is opened then that it is not there, and of a lost blob that it is our mistake', async () => {
    const [a, b] = [await keep(await receive()), await keep(await receive())];
    await inTransaction((manager) => ground.files.discard(manager, anna, { ids: [a.id] }));
    await sweep();
    await expect(ground.files.open(a)).rejects.toMatchObject({ code: 'not_found' });
    await storage.delete(b.storageKey);
    await expect(ground.files.open(b)).rejects.toMatchObject({ code: 'internal_error' });
  });
});

describe('a removal', () => {
  it('is tried again later and later while the storage fails, and done when it works', async () => {
    const { storageKey } = await receive();
    const failing = vi
      .spyOn(storage, 'delete')
      .mockRejectedValue(new StorageUnavailableError({ code: 'EIO' }));
    const delays: number[] = [];
    for (let attempt = 0; attempt < 14; attempt += 1) {
      await expect(sweep({ later: true })).rejects.toBeInstanceOf(StorageUnavailableError);
      const [removal] = await removals();
      expect(removal!.attempts).toBe(attempt + 1);
      delays.push(Math.round((removal!.dueAt.getTime() - Date.now()) / 1_000));
      expect(await ground.removals.due(10)).toEqual([]);
    }
    expect(delays.slice(0, 4)).toEqual([30, 60, 120, 240]);
    expect(delays.at(-1)).toBe(6 * 3_600);
    failing.mockRestore();
    await sweep({ later: true });
    expect([await storage.size(storageKey), await removals()]).toEqual([null, []]);
  });

  it('is done by one of several that come to it', async () => {
    await receive();
    await ground.dataSource.query(`UPDATE blob_removals SET due_at = '2000-01-01 00:00:00.000'`);
    const deleting = vi.spyOn(storage, 'delete');
    const [removal] = await ground.removals.due(10);
    await Promise.all(Array.from({ length: 5 }, () => ground.removals.remove(removal!)));
    expect(deleting).toHaveBeenCalledTimes(1);
    expect(await removals()).toEqual([]);
  });
});
