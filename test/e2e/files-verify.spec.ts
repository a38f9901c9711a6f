import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobPath, storeFile } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { beginUpload } from '../support/slow-upload.ts';
import { upload } from '../support/uploads.ts';
import { verifyFiles } from '../support/verify.ts';

const newKey = () => randomBytes(16).toString('hex');

/** Each of them starts several processes. */
const PATIENCE_MS = 90_000;

describe('files:verify', { timeout: PATIENCE_MS }, () => {
  const ctx = useApi();

  const verify = (...args: string[]) => verifyFiles(ctx.api.env, ...args);

  function writeBlob(key: string): void {
    mkdirSync(dirname(blobPath(ctx, key)), { recursive: true });
    writeFileSync(blobPath(ctx, key), 'bytes');
  }

  it('says that all is well, and ends with 0', async () => {
    const client = await ctx.register();
    await upload(client, ['a.txt', 'one'], ['b.txt', 'two']);
    await storeFile(ctx, client.account.id, Buffer.from('sound'));
    expect(await verify()).toEqual({
      code: 0,
      lines: ['3 files with 3 blobs: 0 blobs missing or damaged; 0 blobs without a file'],
    });
  });

  it('does not take for lost what is on its way, in either direction', async () => {
    const client = await ctx.register();
    const slow = await beginUpload(ctx, client, 'files', 5_000_000);
    await slow.write(2_000_000);
    await expect.poll(() => ctx.query('SELECT storage_key FROM blob_removals')).toHaveLength(1);
    const key = newKey();
    writeBlob(key);
    await ctx.query(
      `INSERT INTO blob_removals (storage_key, due_at, attempts) VALUES (?, '2999-01-01 00:00:00.000', 3)`,
      [key],
    );
    expect((await verify()).code).toBe(0);
    slow.leave();
    await ctx.query('UPDATE blob_removals SET due_at = ? WHERE storage_key = ?', [
      '2026-01-01 00:00:00.000',
      key,
    ]);
    await expect
      .poll(() => ctx.query('SELECT storage_key FROM blob_removals'), { timeout: 20_000 })
      .toEqual([]);
  });

  it('finds blobs of nobody, whole and in part, and has them removed where that is asked for', async () => {
    const [whole, part] = [newKey(), newKey()];
    writeBlob(whole);
    writeFileSync(`${ctx.dataDir}/files/parts/${part}`, 'half');
    writeFileSync(`${ctx.dataDir}/files/README`, 'not ours');
    const found = await verify();
    expect(found.code).toBe(1);
    expect(found.lines.slice(0, 2).toSorted()).toEqual(
      [`blob ${whole}: no file`, `blob ${part}: no file`].toSorted(),
    );
    expect(found.lines.at(-1)).toMatch(/; 2 blobs without a file$/);
    const repaired = await verify('--repair');
    expect([repaired.code, repaired.lines.at(-1)]).toEqual([
      1,
      'repaired: 2 blobs without a file are removed soon',
    ]);
    const waiting = () => ctx.query('SELECT storage_key FROM blob_removals');
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
    expect((await verify()).code).toBe(0);
    rmSync(`${ctx.dataDir}/files/README`);
  });

  it('finds files whose bytes, or whose previews, are lost or cut', async () => {
    const client = await ctx.register();
    const [lost, cut, bare] = [
      await storeFile(ctx, client.account.id, Buffer.from('one')),
      await storeFile(ctx, client.account.id, Buffer.from('two and more')),
      await storeFile(ctx, client.account.id, Buffer.from('three')),
    ];
    const preview = newKey();
    await ctx.query('UPDATE stored_files SET preview_key = ? WHERE id = ?', [preview, bare.id]);
    writeBlob(preview);
    expect((await verify()).code).toBe(0);
    rmSync(blobPath(ctx, lost.key));
    truncateSync(blobPath(ctx, cut.key), 3);
    rmSync(blobPath(ctx, preview));
    const found = await verify('--repair');
    expect(found.code).toBe(1);
    expect(found.lines.slice(0, -1)).toEqual([
      `file ${lost.id}: blob ${lost.key}: missing`,
      `file ${cut.id}: blob ${cut.key}: size differs`,
      `file ${bare.id}: blob ${preview}: preview missing`,
    ]);
    expect(found.lines.at(-1)).toMatch(/: 3 blobs missing or damaged; 0 blobs without a file$/);
  });
});
