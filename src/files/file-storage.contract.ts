import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { PassThrough, Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { BlobNotFoundError, type FileStorage } from './file-storage.js';

interface Subject {
  make(): FileStorage | Promise<FileStorage>;
  /** How many things there are in the storage beside blobs: what failed puts have left. */
  leftovers(): number | Promise<number>;
}

const newKey = () => randomBytes(16).toString('hex');
const BYTES = randomBytes(300_000);

/** In pieces of an odd size, each a moment after the one before. */
async function* pieces(bytes: Buffer, size = 50_001): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(from, from + size);
  }
}

const sourceOf = (bytes: Buffer) => Readable.from(pieces(bytes), { objectMode: false });

async function listOf(storage: FileStorage): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of storage.list()) keys.push(key);
  return keys;
}

/** What every adapter of `FileStorage` promises. */
export function fileStorageContract(name: string, subject: Subject): void {
  describe(`${name} keeps the contract of FileStorage`, () => {
    let storage: FileStorage;

    beforeAll(async () => {
      storage = await subject.make();
    });

    const read = async (key: string, range?: { start: number; end: number }) =>
      buffer(await storage.get(key, range));

    it('gives back what was put, also after another adapter was made', async () => {
      const key = newKey();
      await storage.put(key, sourceOf(BYTES));
      expect((await read(key)).equals(BYTES)).toBe(true);
      expect(await storage.size(key)).toBe(BYTES.length);
      const other = await subject.make();
      expect((await buffer(await other.get(key))).equals(BYTES)).toBe(true);
    });

    it.each([1, 65_536, 65_537])('keeps a blob of %i bytes', async (size) => {
      const key = newKey();
      await storage.put(key, sourceOf(BYTES.subarray(0, size)));
      expect((await read(key)).equals(BYTES.subarray(0, size))).toBe(true);
    });

    it.each([
      [0, 0],
      [0, 299_999],
      [299_999, 299_999],
      [65_535, 65_536],
      [100, 200_000],
    ])('gives bytes %i to %i, both with them', async (start, end) => {
      const key = newKey();
      await storage.put(key, sourceOf(BYTES));
      expect((await read(key, { start, end })).equals(BYTES.subarray(start, end + 1))).toBe(true);
    });

    it('says that there is nothing, and deletes nothing without complaint', async () => {
      const key = newKey();
      await expect(storage.get(key)).rejects.toBeInstanceOf(BlobNotFoundError);
      expect(await storage.size(key)).toBeNull();
      await storage.delete(key);
    });

    it('deletes for good', async () => {
      const key = newKey();
      await storage.put(key, sourceOf(BYTES));
      await Promise.all([storage.delete(key), storage.delete(key)]);
      await expect(storage.get(key)).rejects.toBeInstanceOf(BlobNotFoundError);
      expect(await storage.size(key)).toBeNull();
    });

    it('shows nothing of a blob before it is whole', async () => {
      const key = newKey();
      const source = new PassThrough();
      const putting = storage.put(key, source);
      source.write(BYTES);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await storage.size(key)).toBeNull();
      await expect(storage.get(key)).rejects.toBeInstanceOf(BlobNotFoundError);
      source.end();
      await putting;
      expect(await storage.size(key)).toBe(BYTES.length);
    });

    it('leaves nothing of a source that fails, and gives its error on', async () => {
      const key = newKey();
      const source = new PassThrough();
      const failure = new Error('gone');
      const putting = storage.put(key, source);
      source.write(BYTES);
      setImmediate(() => source.destroy(failure));
      await expect(putting).rejects.toBe(failure);
      await expectNothing(key);
    });

    it('takes a source that has failed before', async () => {
      const failure = new Error('gone');
      const source = new PassThrough();
      source.on('error', () => undefined).destroy(failure);
      await new Promise((resolve) => source.once('close', resolve));
      const key = newKey();
      await expect(storage.put(key, source)).rejects.toThrow();
      await expectNothing(key);
    });

    it('ends at an abort, although the source gives nothing, and destroys it', async () => {
      const [key, abort, source] = [newKey(), new AbortController(), new PassThrough()];
      const reason = new Error('enough');
      const putting = storage.put(key, source, abort.signal);
      source.write(BYTES);
      setTimeout(() => abort.abort(reason), 20);
      await expect(putting).rejects.toBe(reason);
      expect(source.destroyed).toBe(true);
      await expectNothing(key);
    });

    it('begins nothing after an abort', async () => {
      const [key, source] = [newKey(), new PassThrough()];
      const reason = new Error('enough');
      await expect(storage.put(key, source, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(source.destroyed).toBe(true);
      await expectNothing(key);
    });

    it('reads on to the end of what is deleted meanwhile, or fails', async () => {
      const key = newKey();
      await storage.put(key, sourceOf(BYTES));
      const reading = await storage.get(key);
      await storage.delete(key);
      const bytes = await buffer(reading).catch(() => null);
      if (bytes) expect(bytes.equals(BYTES)).toBe(true);
    });

    it('lets go of what is not read to its end', async () => {
      const key = newKey();
      await storage.put(key, sourceOf(BYTES));
      const reading = await storage.get(key);
      reading.destroy();
      await once(reading, 'close');
      await storage.delete(key);
    });

    it('keeps many that come at once apart', async () => {
      const keys = Array.from({ length: 20 }, newKey);
      const blobs = keys.map((_, n) => BYTES.subarray(n, 10_000 + n));
      await Promise.all(keys.map((key, n) => storage.put(key, sourceOf(blobs[n]!))));
      for (const [n, key] of keys.entries()) expect((await read(key)).equals(blobs[n]!)).toBe(true);
    });

    it('lists what is there, and not what is gone', async () => {
      const [key, gone] = [newKey(), newKey()];
      for (const one of [key, gone]) await storage.put(one, sourceOf(BYTES.subarray(0, 10)));
      await storage.delete(gone);
      const listed = await listOf(storage);
      expect([listed.includes(key), listed.includes(gone)]).toEqual([true, false]);
    });

    it('keeps a blob of several megabytes, in pieces of any size', async () => {
      const large = randomBytes(11_000_000);
      for (const size of [700_001, 6_000_000]) {
        const key = newKey();
        await storage.put(key, Readable.from(pieces(large, size), { objectMode: false }));
        expect((await read(key)).equals(large)).toBe(true);
        expect(await storage.size(key)).toBe(large.length);
        await storage.delete(key);
      }
    });

    it('leaves nothing of several megabytes whose source fails, or whose signal ends it', async () => {
      const large = randomBytes(11_000_000);
      for (const how of ['source', 'signal']) {
        const [key, source, abort] = [newKey(), new PassThrough(), new AbortController()];
        const failure = new Error(how);
        const putting = storage.put(key, source, abort.signal);
        source.write(large, () => (how === 'source' ? source.destroy(failure) : abort.abort(failure)));
        await expect(putting).rejects.toBe(failure);
        await expectNothing(key);
        expect(await listOf(storage)).not.toContain(key);
      }
    });

    it.each([
      '',
      'short',
      '../../../../etc/passwd',
      `${'a'.repeat(20)}/../b`,
      'A'.repeat(20),
      '\0'.repeat(20),
      'é'.repeat(20),
    ])('refuses the key %j', async (key) => {
      await expect(storage.get(key)).rejects.toThrow('not a key');
      await expect(storage.size(key)).rejects.toThrow('not a key');
      await expect(storage.delete(key)).rejects.toThrow('not a key');
      await expect(storage.put(key, sourceOf(BYTES))).rejects.toThrow('not a key');
    });

    async function expectNothing(key: string): Promise<void> {
      expect(await storage.size(key)).toBeNull();
      expect(await subject.leftovers()).toBe(0);
    }
  });
}
