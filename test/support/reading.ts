import { expect } from 'vitest';
import type { ApiClient } from './client.ts';
import { readPages } from './paging.ts';
import { storeFile } from './stored-file.ts';
import type { ApiContext } from './suite.ts';

/** A file that waits to be read. */
export async function queueFile(
  ctx: ApiContext,
  client: ApiClient,
  name: string,
  mediaType: string,
  bytes: Buffer,
): Promise<{ id: number; key: string }> {
  const { id, key } = await storeFile(ctx, client.account.id, bytes, { name, mediaType });
  const kind = mediaType.startsWith('image/') ? 'picture' : 'document';
  await ctx.query('UPDATE stored_files SET kind = ?, extraction = ?, extraction_due_at = ? WHERE id = ?', [
    ...[kind, 'queued', '2026-01-01 00:00:00.000', id],
  ]);
  return { id, key };
}

/** The row of a file. */
export async function rowOf(ctx: ApiContext, id: number): Promise<any> {
  const [row] = await ctx.query('SELECT * FROM stored_files WHERE id = ?', [id]);
  return row;
}

/** Waits until a file has been read, or cannot be. */
export async function afterReading(ctx: ApiContext, id: number): Promise<any> {
  const state = async () => (await rowOf(ctx, id)).extraction as string;
  await expect.poll(state, { timeout: 60_000, interval: 100 }).toMatch(/done|failed/);
  return rowOf(ctx, id);
}

/** All passages of a file. */
export async function textOf(client: ApiClient, id: number): Promise<any[]> {
  return (await readPages(client, `files/${id}/text`, 100)).flat();
}
