import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FILE } from '../support/openapi-samples.ts';
import { beginUpload } from '../support/slow-upload.ts';
import { useApi } from '../support/suite.ts';

const MEBIBYTE = 1024 * 1024;
const RECORDING = ['speech/transcriptions', 'file'] as const;

describe('an upload', () => {
  const ctx = useApi({ whisper: true, env: { FILES_MAX_BYTES: String(20 * MEBIBYTE) } });

  const filesIn = (folder: string): string[] => {
    try {
      const entries = readdirSync(`${ctx.dataDir}/files/${folder}`, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    } catch {
      return [];
    }
  };
  const parts = () => filesIn('parts');

  const rows = async (table: string) => Number((await ctx.query(`SELECT COUNT(*) AS n FROM ${table}`))[0].n);

  it('whose process is killed leaves no file, and soon no bytes', async () => {
    const client = await ctx.register();
    const upload = await beginUpload(ctx, client, RECORDING[0], 20 * MEBIBYTE, RECORDING[1]);
    await upload.write(5 * MEBIBYTE);
    await expect.poll(parts, { timeout: 10_000 }).toHaveLength(1);
    await ctx.api.kill();
    await ctx.restart();
    expect([await rows('stored_files'), await rows('transcriptions')]).toEqual([0, 0]);
    const removals = await ctx.query('SELECT storage_key, attempts FROM blob_removals');
    expect(removals).toEqual([{ storage_key: parts()[0], attempts: 0 }]);
    // An hour later.
    await ctx.query(`UPDATE blob_removals SET due_at = '2026-01-01 00:00:00.000'`);
    await expect.poll(parts, { timeout: 15_000 }).toEqual([]);
    await expect.poll(() => rows('blob_removals'), { timeout: 15_000 }).toBe(0);
  });

  it('whose sender goes away leaves nothing', async () => {
    const client = await ctx.register();
    for (let n = 0; n < 10; n += 1) {
      const upload = await beginUpload(ctx, client, RECORDING[0], 20 * MEBIBYTE, RECORDING[1]);
      await upload.write(MEBIBYTE);
      await expect.poll(parts, { timeout: 10_000 }).toHaveLength(1);
      upload.leave();
      await expect.poll(parts, { timeout: 10_000 }).toEqual([]);
    }
    await expect.poll(() => rows('blob_removals'), { timeout: 15_000 }).toBe(0);
    expect([await rows('stored_files'), await rows('transcriptions')]).toEqual([0, 0]);
  });

  it('of several files whose process is killed at the third leaves none of them', async () => {
    const client = await ctx.register();
    const upload = await beginUpload(ctx, client, 'files', 20 * MEBIBYTE);
    for (const letter of ['a', 'b']) {
      await upload.write(2 * MEBIBYTE, letter);
      await upload.next();
    }
    await upload.write(2 * MEBIBYTE, 'c');
    await expect.poll(() => filesIn('').length, { timeout: 10_000 }).toBe(3);
    await ctx.api.kill();
    await ctx.restart();
    expect(await rows('stored_files')).toBe(0);
    const removals = await ctx.query('SELECT storage_key FROM blob_removals');
    expect(removals.map(({ storage_key: key }) => String(key)).toSorted()).toEqual(filesIn('').toSorted());
    await ctx.query(`UPDATE blob_removals SET due_at = '2026-01-01 00:00:00.000'`);
    await expect.poll(() => filesIn(''), { timeout: 15_000 }).toEqual([]);
    await expect.poll(() => rows('blob_removals'), { timeout: 15_000 }).toBe(0);
  });

  it('of several files whose sender goes away at any of them leaves none', async () => {
    const client = await ctx.register();
    for (let whole = 0; whole < 4; whole += 1) {
      const upload = await beginUpload(ctx, client, 'files', 20 * MEBIBYTE);
      for (let n = 0; n < whole; n += 1) {
        await upload.write(MEBIBYTE, 'abc'[n]);
        await upload.next();
      }
      await upload.write(MEBIBYTE, 'd');
      await expect.poll(() => filesIn('').length, { timeout: 10_000 }).toBe(whole + 1);
      upload.leave();
      await expect.poll(() => filesIn(''), { timeout: 15_000 }).toEqual([]);
    }
    await expect.poll(() => rows('blob_removals'), { timeout: 15_000 }).toBe(0);
    expect(await rows('stored_files')).toBe(0);
  });

  it('of several files is stored when it has come to its end', async () => {
    const client = await ctx.register();
    const between = '\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
      .length;
    const upload = await beginUpload(ctx, client, 'files', 2 * MEBIBYTE + between);
    await upload.write(MEBIBYTE, 'a');
    await upload.next();
    await upload.write(MEBIBYTE, 'b');
    expect(await upload.end()).toMatch(/^HTTP\/1.1 201 /);
    expect((await client.get('files')).body.items).toHaveLength(2);
  });

  it('of 100 MB takes no memory to speak of', async () => {
    const client = await ctx.register();
    const peak = () =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${ctx.api.pid}/status`, 'utf8'))![1]) / 1024;
    // What a first request takes is not the file's.
    await client.post('speech/transcriptions', new FormData());
    const before = peak();
    const size = 100 * MEBIBYTE;
    const header = Buffer.from(await FILE.arrayBuffer()).subarray(0, 44);
    const upload = await beginUpload(ctx, client, RECORDING[0], size, RECORDING[1]);
    await upload.send(header);
    await upload.write(size - header.length, '\0');
    expect(await upload.end()).toMatch(/^HTTP\/1.1 202 /);
    const grown = peak() - before;
    expect(grown, `${Math.round(grown)} MiB more`).toBeLessThan(64);
  });
});
