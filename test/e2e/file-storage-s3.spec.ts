import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { S3Server } from '../support/s3-server.ts';
import { useApi } from '../support/suite.ts';
import { upload } from '../support/uploads.ts';
import { verifyFiles } from '../support/verify.ts';

const server = new S3Server();
const env: Record<string, string> = {};

/** Some of them start several processes. */
const PATIENCE_MS = 90_000;

describe('files in an object storage', { timeout: PATIENCE_MS }, () => {
  beforeAll(async () => {
    await server.start();
    Object.assign(env, server.env);
  });
  const ctx = useApi({ env });
  afterAll(() => server.stop());
  afterEach(() => {
    server.fault = () => undefined;
  });

  const LARGE = Buffer.from(randomBytes(6_000_000).toString('hex'));
  const waiting = () => ctx.query('SELECT storage_key FROM blob_removals');
  /** What failed is tried again later; here it is later. */
  const makeDue = () => ctx.query(`UPDATE blob_removals SET due_at = '2026-01-01 00:00:00.000'`);

  it('come, are given back whole and in parts, and go', async () => {
    const client = await ctx.register();
    const { status, body } = await upload(client, ['small.txt', 'small'], ['large.txt', LARGE]);
    expect(status).toBe(201);
    const [small, large] = body.items;
    expect(server.objects.size).toBe(2);
    expect([...server.objects.keys()].every((key) => /^files\/[0-9a-f]{32}$/.test(key))).toBe(true);
    expect((await client.get(`files/${small.id}/content`)).body).toBe('small');
    expect((await client.get(`files/${large.id}/content`)).bytes.equals(LARGE)).toBe(true);
    const part = await client.get(`files/${large.id}/content`, {
      headers: { Range: 'bytes=5000000-7000000' },
    });
    expect([part.status, part.bytes.equals(LARGE.subarray(5_000_000, 7_000_001))]).toEqual([206, true]);
    expect((await verifyFiles(ctx.api.env)).code).toBe(0);
    for (const { id } of body.items) await client.delete(`files/${id}`, undefined, { expect: 204 });
    await expect.poll(() => server.objects.size, { timeout: 20_000 }).toBe(0);
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
  });

  it('can wait for a storage that is away, and nothing of them is left over', async () => {
    const client = await ctx.register();
    const [file, other] = (await upload(client, ['a.txt', 'one'], ['b.txt', 'two'])).body.items;
    const port = Number(new URL(server.url).port);
    await server.stop();
    const refused = [await upload(client, ['c.txt', 'three']), await client.get(`files/${file.id}/content`)];
    for (const { status, body, headers } of refused)
      expect([status, body.code, headers['retry-after']]).toEqual([503, 'storage_unavailable', '2']);
    expect((await client.get(`files/${file.id}`)).status).toBe(200);
    expect((await client.get('/health/ready')).status).toBe(200);
    await client.delete(`files/${other.id}`, undefined, { expect: 204 });
    await server.start(port);
    expect((await client.get(`files/${file.id}/content`, { expect: 200 })).body).toBe('one');
    expect((await upload(client, ['c.txt', 'three'])).status).toBe(201);
    await makeDue();
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
    expect(server.objects.size).toBe(2);
    expect((await verifyFiles(ctx.api.env)).code).toBe(0);
  });

  it('leave nothing where the storage fails in the middle of them', async () => {
    const client = await ctx.register();
    const before = server.objects.size;
    server.fault = ({ query }) => (query.get('partNumber') === '2' ? 'error' : undefined);
    const { status, body } = await upload(client, ['small.txt', 'words'], ['large.txt', LARGE]);
    expect([status, body.code]).toEqual([503, 'storage_unavailable']);
    await expect.poll(() => [server.objects.size, server.uploads.size]).toEqual([before, 0]);
    await makeDue();
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
    expect((await client.get('files')).body.items).toEqual([]);
  });

  it('leave nothing where their process is killed in the middle of them', async () => {
    const client = await ctx.register();
    const before = server.objects.size;
    server.fault = ({ query }) => (query.get('partNumber') === '2' ? 'hang' : undefined);
    const sent = upload(client, ['small.txt', 'other words'], ['large.txt', LARGE]).catch(() => undefined);
    await expect
      .poll(() => server.asked.filter((asked) => asked.startsWith('PUT')).length, { timeout: 20_000 })
      .toBeGreaterThan(2);
    await expect.poll(() => server.uploads.size, { timeout: 20_000 }).toBe(1);
    await ctx.api.kill();
    await sent;
    server.fault = () => undefined;
    await ctx.restart();
    expect((await verifyFiles(ctx.api.env)).code).toBe(0);
    await makeDue();
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
    expect([server.objects.size, server.uploads.size]).toEqual([before, 0]);
    expect((await client.get('files')).body.items).toEqual([]);
  });

  it('that nobody knows of are found, and unfinished ones too', async () => {
    server.objects.set(`files/${'a'.repeat(32)}`, Buffer.from('x'));
    server.uploads.set('forgotten', { key: `files/${'b'.repeat(32)}`, parts: new Map() });
    const found = await verifyFiles(ctx.api.env, '--repair');
    expect(found.code).toBe(1);
    expect(found.lines.slice(0, 2)).toEqual([
      `blob ${'a'.repeat(32)}: no file`,
      `blob ${'b'.repeat(32)}: no file`,
    ]);
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
    expect((await verifyFiles(ctx.api.env)).code).toBe(0);
  });
});
