import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type S3Fault, type S3Request, S3Server } from '../../test/support/s3-server.js';
import { loadEnv } from '../config/env.js';
import { BlobNotFoundError, StorageUnavailableError } from './file-storage.js';
import { fileStorageContract } from './file-storage.contract.js';
import { S3FileStorage } from './s3.file-storage.js';
import { fileStorageFor, s3Client } from './storage.factory.js';
import { watchedBody } from './watched-body.js';

const server = new S3Server();
const PREFIX = 'some/where/';
const KEY = 'abcdef0123456789';
const LARGE = randomBytes(11_000_000);

const envWith = (variables: Record<string, string> = {}) =>
  loadEnv({ ...server.env, JWT_SECRET: 'x'.repeat(32), S3_PREFIX: PREFIX, ...variables });
const make = (variables?: Record<string, string>) => fileStorageFor(envWith(variables)) as S3FileStorage;

beforeAll(() => server.start());
afterAll(() => server.stop());
afterEach(() => {
  server.fault = () => undefined;
  server.asked.length = 0;
});

fileStorageContract('S3FileStorage', { make, leftovers: () => server.uploads.size });

const sourceOf = (bytes: Buffer) => Readable.from([bytes], { objectMode: false });

/** The first so many requests that fit go wrong. */
function failing(fault: S3Fault, times: number, fits: (request: S3Request) => boolean = () => true): void {
  let left = times;
  server.fault = (request) => {
    if (left === 0 || !fits(request)) return undefined;
    left -= 1;
    return fault;
  };
}

describe('S3FileStorage', () => {
  it('keeps blobs under its prefix, and lists no other, nor what is not its own there', async () => {
    const storage = make();
    await storage.put(KEY, sourceOf(Buffer.from('bytes')));
    expect(server.objects.get(`${PREFIX}${KEY}`)?.toString()).toBe('bytes');
    for (const other of [`other/${KEY.replace('a', 'b')}`, `${PREFIX}README.txt`, `${PREFIX}x/${KEY}`])
      server.objects.set(other, Buffer.from('x'));
    const listed: string[] = [];
    for await (const key of storage.list()) listed.push(key);
    expect(listed.filter((key) => key === KEY)).toEqual([KEY]);
    expect(listed.some((key) => key.includes('/') || key.includes('.'))).toBe(false);
    expect(listed).not.toContain(KEY.replace('a', 'b'));
  });

  it('lists more than one page', async () => {
    const storage = new S3FileStorage(s3Client(envWith()), 'parley-test', 'many/');
    const keys = Array.from({ length: 2_300 }, (_, n) => `key0000000000000${n}`);
    for (const key of keys) server.objects.set(`many/${key}`, Buffer.from('x'));
    const listed: string[] = [];
    for await (const key of storage.list()) listed.push(key);
    expect(listed.toSorted()).toEqual(keys.toSorted());
  });

  it('removes, and lists until then, what a process left that died while it was writing', async () => {
    const storage = make();
    const [key, longer] = ['dead000000000000', 'dead0000000000001'];
    for (const one of [key, longer]) {
      server.uploads.set(`upload-of-${one}`, { key: `${PREFIX}${one}`, parts: new Map([[1, LARGE]]) });
    }
    const listed: string[] = [];
    for await (const one of storage.list()) listed.push(one);
    expect(listed).toEqual(expect.arrayContaining([key, longer]));
    await storage.delete(key);
    expect([...server.uploads.keys()]).toEqual([`upload-of-${longer}`]);
    await storage.delete(longer);
    expect(server.uploads.size).toBe(0);
  });

  it.each<S3Fault>(['error', 'slow-down', 'reset', 'slow'])(
    'goes on where it fails twice: %s',
    async (fault) => {
      const storage = make();
      failing(fault, 2, ({ method }) => method === 'PUT');
      await storage.put(KEY, sourceOf(LARGE));
      failing(fault, 2);
      expect((await buffer(await storage.get(KEY))).equals(LARGE)).toBe(true);
      failing(fault, 2);
      expect(await storage.size(KEY)).toBe(LARGE.length);
      failing(fault, 2);
      await storage.delete(KEY);
      expect(server.objects.has(`${PREFIX}${KEY}`)).toBe(false);
    },
  );

  it.each<S3Fault>(['error', 'slow-down', 'denied', 'reset'])(
    'is unavailable where it stays so: %s',
    async (fault) => {
      const storage = make();
      server.objects.set(`${PREFIX}${KEY}`, LARGE);
      failing(fault, 100);
      const list = async () => {
        for await (const key of storage.list()) expect(key).toBe('none');
      };
      for (const work of [() => storage.get(KEY), () => storage.size(KEY), () => storage.delete(KEY), list])
        await expect(work()).rejects.toBeInstanceOf(StorageUnavailableError);
      const source = sourceOf(Buffer.from('small'));
      await expect(storage.put(KEY, source)).rejects.toBeInstanceOf(StorageUnavailableError);
      expect(source.destroyed).toBe(true);
    },
  );

  it('leaves nothing where it fails in the middle of an upload', async () => {
    const storage = make();
    failing('error', 100, ({ query }) => query.get('partNumber') === '2');
    const source = sourceOf(LARGE);
    await expect(storage.put('halfway000000000', source)).rejects.toBeInstanceOf(StorageUnavailableError);
    expect([server.uploads.size, await storage.size('halfway000000000')]).toEqual([0, null]);
  });

  it('ends a request that hangs when its source fails or its signal says so', async () => {
    const storage = make();
    failing('hang', 100, ({ method }) => method === 'PUT');
    for (const how of ['source', 'signal']) {
      const [source, abort, failure] = [new PassThrough(), new AbortController(), new Error(how)];
      const putting = storage.put('hanging000000000', source, abort.signal);
      source.write(LARGE);
      await expect.poll(() => server.asked.some((asked) => asked.startsWith('PUT'))).toBe(true);
      if (how === 'source') source.destroy(failure);
      else abort.abort(failure);
      await expect(putting).rejects.toBe(failure);
      expect(server.uploads.size).toBe(0);
      server.asked.length = 0;
    }
  });

  it('is unavailable without its server, without its bucket, and with another secret', async () => {
    const gone = await new S3Server().start();
    const endpoint = gone.url;
    await gone.stop();
    for (const variables of [
      { S3_ENDPOINT: endpoint },
      { S3_BUCKET: 'another-bucket' },
      { S3_SECRET_ACCESS_KEY: 'wrong' },
    ] as Record<string, string>[])
      await expect(make(variables).get(KEY)).rejects.toBeInstanceOf(StorageUnavailableError);
  });

  it('breaks a reading where the server breaks off', async () => {
    const storage = make();
    server.objects.set(`${PREFIX}${KEY}`, LARGE);
    failing('cut', 1);
    await expect(buffer(await storage.get(KEY))).rejects.toBeInstanceOf(StorageUnavailableError);
    await expect(storage.get('none000000000000')).rejects.toBeInstanceOf(BlobNotFoundError);
  });
});

describe('the body of an answer', () => {
  it('breaks where nothing comes for too long, and not where nobody reads', async () => {
    const stuck = new PassThrough();
    stuck.write('x');
    await expect(buffer(watchedBody(stuck, 50))).rejects.toMatchObject({ cause: { code: 'SILENT' } });
    expect(stuck.destroyed).toBe(true);
    const whole = new PassThrough({ highWaterMark: 1_000_000 });
    whole.end(LARGE.subarray(0, 1_000_000));
    const slow = watchedBody(whole, 50);
    await new Promise((resolve) => setTimeout(resolve, 150));
    let size = 0;
    for await (const chunk of slow) {
      size += (chunk as Buffer).length;
      if (size < 300_000) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(size).toBe(1_000_000);
  });

  it('is let go of when its reader goes', async () => {
    const body = new PassThrough();
    const out = watchedBody(body);
    body.write('x');
    out.destroy();
    await expect.poll(() => body.destroyed).toBe(true);
  });
});
