import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ApiContext } from './suite.ts';

export interface StoredFileOptions {
  name?: string;
  mediaType?: string;
  kind?: 'recording' | 'clip' | 'picture' | 'document' | 'export';
  conversationId?: number | null;
}

/** Where the API keeps a blob of this key. */
export function blobPath(ctx: ApiContext, key: string): string {
  return join(ctx.dataDir, 'files', key.slice(0, 2), key.slice(2, 4), key);
}

/** A file as the API stores one, put where it looks for it: tests of what is stored need no recording. */
export async function storeFile(
  ctx: ApiContext,
  ownerId: number,
  bytes: Buffer,
  options: StoredFileOptions = {},
): Promise<{ id: number; key: string; sha256: string }> {
  const { name = 'hello.wav', mediaType = 'audio/wav', kind = 'recording', conversationId = null } = options;
  const key = randomBytes(16).toString('hex');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = blobPath(ctx, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  const columns = 'owner_id, conversation_id, kind, name, media_type, size, sha256, storage_key, created_at';
  await ctx.query(`INSERT INTO stored_files (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    ...[ownerId, conversationId, kind, name, mediaType, bytes.length, sha256, key],
    '2026-11-21 08:30:00.000',
  ]);
  const [row] = await ctx.query('SELECT id FROM stored_files WHERE storage_key = ?', [key]);
  return { id: Number(row.id), key, sha256 };
}

/** A document that was read, with these passages: a text each, in their order, one a page from 1. */
export async function storeDocument(
  ctx: ApiContext,
  ownerId: number,
  name: string,
  pages: string[],
): Promise<number> {
  const { countTokens } = await import('../../dist/src/llm/token-counter.js' as string);
  const options = { name, mediaType: 'application/pdf', kind: 'document' as const };
  const { id } = await storeFile(ctx, ownerId, Buffer.from(name), options);
  for (let from = 0; from < pages.length; from += 100) {
    const rows = pages.slice(from, from + 100).map((text, at) => {
      const seq = from + at + 1;
      return [id, seq, seq, null, text, countTokens(text)];
    });
    await ctx.query(
      `INSERT INTO file_passages (file_id, seq, page, label, text, tokens) VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?)').join(', ')}`,
      rows.flat(),
    );
  }
  await ctx.query("UPDATE stored_files SET extraction = 'done', pages = ? WHERE id = ?", [pages.length, id]);
  return id;
}

/** A picture that was looked at, as models are shown it. */
export async function storePicture(
  ctx: ApiContext,
  ownerId: number,
  name: string,
  preview: Buffer,
): Promise<number> {
  const options = { name, mediaType: 'image/png', kind: 'picture' as const };
  const { id } = await storeFile(ctx, ownerId, Buffer.from(`the original of ${name}`), options);
  const key = randomBytes(16).toString('hex');
  const path = blobPath(ctx, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, preview);
  await ctx.query(
    "UPDATE stored_files SET extraction = 'done', width = 3136, height = 1568, preview_key = ? WHERE id = ?",
    [key, id],
  );
  return id;
}

/** Has a message carry files, in this order. */
export async function attachFiles(ctx: ApiContext, messageId: number, fileIds: number[]): Promise<void> {
  await ctx.query('UPDATE messages SET has_files = 1 WHERE id = ?', [messageId]);
  for (const [position, fileId] of fileIds.entries())
    await ctx.query('INSERT INTO message_files (message_id, file_id, position) VALUES (?, ?, ?)', [
      ...[messageId, fileId, position],
    ]);
}
