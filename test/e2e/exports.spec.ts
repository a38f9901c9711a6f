import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonOf, unzip } from '../support/archive.ts';
import { makeBelongings } from '../support/belongings.ts';
import { askForExport, byLink, exported, exportEnded } from '../support/exports.ts';
import { attachFiles, blobPath, storeFile } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';

describe('an export', () => {
  const ctx = useApi({ whisper: true });

  beforeAll(async () => {
    if (ctx.redis) await ctx.startWorker();
  });

  const blobKeys = async (ownerId: number): Promise<string[]> =>
    (await ctx.query('SELECT storage_key FROM stored_files WHERE owner_id = ? ORDER BY id', [ownerId])).map(
      (row) => row.storage_key,
    );

  it('has everything that the API shows, and nothing that is secret', async () => {
    const client = await ctx.register();
    const own = await makeBelongings(client, ctx);
    await client.put(`messages/${own['messages']![0]}/feedback`, { value: 'up' }, { expect: 200 });
    const recording = randomBytes(3_000);
    const upload = await storeFile(ctx, client.account.id, recording, { name: '../../回答 "a":b?.wav' });
    await attachFiles(ctx, own['messages']![1]!, [upload.id]);
    const entries = await exported(client);
    const account = (await client.get('users/me')).body;
    expect(jsonOf(entries, 'account.json')).toMatchObject(account);
    for (const kind of ['chatbots', 'topics', 'prompts']) {
      const { items } = (await client.get(`${kind}?limit=100`)).body;
      expect(jsonOf(entries, `${kind}.json`)).toMatchObject(items);
    }
    const conversations = (await client.get('conversations')).body.items;
    const lengths: number[] = [];
    for (const conversation of conversations) {
      const said = (await client.get(`conversations/${conversation.id}/messages`)).body.items;
      lengths.push(said.length);
      expect(jsonOf(entries, `conversations/${conversation.id}.json`)).toEqual({
        conversation: { ...conversation, summary: null },
        messages: said,
      });
    }
    // A turn, and what was recorded.
    expect(lengths.toSorted((a, b) => a - b)).toEqual([1, 2]);
    const transcription = (await client.get(`speech/transcriptions/${own['transcriptions']![0]}`)).body;
    expect(jsonOf(entries, 'transcriptions.json')).toMatchObject([transcription]);
    const review = (await client.get(`reviews/${own['reviews']![0]}`)).body;
    expect(jsonOf(entries, 'reviews.json')).toEqual([review]);
    const { items } = (await client.get('users/me/api-keys')).body;
    expect(jsonOf(entries, 'api-keys.json')).toEqual(items);
    const today = (await client.get('users/me/usage')).body.days;
    expect(jsonOf(entries, 'usage.json')).toEqual(today);
    expect(jsonOf(entries, 'sessions.json')).toHaveLength(1);
    const events = (await client.get('users/me/security-events')).body.items.reverse();
    expect(jsonOf(entries, 'security-events.json')).toEqual(events);
    expect(events.at(-1)).toMatchObject({ type: 'data_exported', details: { exportId: expect.any(Number) } });
    expect(jsonOf(entries, 'voice-messages.json')).toHaveLength(1);
    const files = jsonOf(entries, 'files.json');
    const stored = files.find(({ id }: { id: number }) => id === upload.id);
    expect(stored.entry).toBe(`audio/${upload.id}-.._.._回答 _a__b_.wav`);
    expect(entries.get(stored.entry)!.bytes.equals(recording)).toBe(true);
    expect(entries.get(stored.entry)!.isUtf8).toBe(true);
    expect(entries.get(stored.entry)!.date.toISOString()).toBe('2026-11-21T08:30:00.000Z');
    for (const { entry, sha256 } of files) expect(entries.has(entry), `${entry} ${sha256}`).toBe(true);
    expect(jsonOf(entries, 'manifest.json')).toMatchObject({
      ...{ format: 'parley-export', version: 1, skipped: [] },
      counts: { chatbots: 1, topics: 1, prompts: 1, conversations: 2, messages: 3, files: files.length },
    });
    const [{ password_hash: hash }] = await ctx.query('SELECT password_hash FROM users WHERE id = ?', [
      client.account.id,
    ]);
    const hashes = (
      await ctx.query('SELECT refresh_hash FROM sessions WHERE user_id = ?', [client.account.id])
    ).map((row) => row.refresh_hash);
    const secrets = [hash, ...hashes, ...(await blobKeys(client.account.id))];
    const text = [...entries]
      .filter(([name]) => name.endsWith('.json'))
      .map(([, { bytes }]) => bytes.toString());
    for (const secret of secrets) expect(text.join('\n')).not.toContain(secret);
    for (const name of entries.keys()) expect(name).not.toMatch(/\.\.\/|^\/|\\|[<>:"|?*]/);
  });

  it('has all of many, each once, and nothing of anybody else', async () => {
    const [client, other] = await Promise.all([ctx.register(), ctx.register()]);
    await makeBelongings(other, ctx);
    const id = await begin(client, { title: 'Long' });
    const at = '2026-11-21 08:30:00.000';
    const rows = Array.from({ length: 250 }, (_, index) => index + 1);
    await Promise.all(
      rows.map((seq) =>
        ctx.query(
          `INSERT INTO messages (conversation_id, owner_id, seq, role, content, status, usage_estimated, created_at)
           VALUES (?, ?, ?, ?, ?, 'completed', 0, ?)`,
          [id, client.account.id, seq, seq % 2 ? 'user' : 'assistant', `Said ${seq}`, at],
        ),
      ),
    );
    await ctx.query('UPDATE conversations SET last_seq = 249 WHERE id = ?', [id]);
    for (let n = 0; n < 101; n += 1) await client.post('topics', { theme: `Theme ${n}` }, { expect: 201 });
    const entries = await exported(client);
    // One of them was said after the conversation was looked at.
    const { messages } = jsonOf(entries, `conversations/${id}.json`);
    expect(messages.map(({ seq }: { seq: number }) => seq)).toEqual(rows.slice(0, 249));
    expect(jsonOf(entries, 'topics.json').map(({ theme }: { theme: string }) => theme)).toEqual(
      Array.from({ length: 101 }, (_, n) => `Theme ${n}`),
    );
    expect([...entries.keys()].filter((name) => name.startsWith('conversations/'))).toEqual([
      `conversations/${id}.json`,
    ]);
    expect(jsonOf(entries, 'manifest.json').counts).toMatchObject({
      ...{ chatbots: 0, topics: 101, conversations: 1, messages: 249, files: 0 },
    });
  });

  it('of somebody who has nothing is an archive all the same, and no part of the next one', async () => {
    const client = await ctx.register();
    const first = await exported(client);
    expect(jsonOf(first, 'manifest.json').counts).toMatchObject({ conversations: 0, files: 0, sessions: 1 });
    const second = await exported(client);
    expect(jsonOf(second, 'files.json')).toEqual([]);
    expect([...second.keys()].filter((name) => /^(files|audio)\//.test(name))).toEqual([]);
  });

  it('says what it had to leave out', async () => {
    const client = await ctx.register();
    const kept = await storeFile(ctx, client.account.id, randomBytes(100), { name: 'kept.wav' });
    const lost = await storeFile(ctx, client.account.id, randomBytes(100), { name: 'lost.wav' });
    rmSync(blobPath(ctx, lost.key));
    const entries = await exported(client);
    expect(jsonOf(entries, 'manifest.json').skipped).toEqual([
      { fileId: lost.id, name: 'lost.wav', reason: 'lost' },
    ]);
    expect(entries.has(`audio/${kept.id}-kept.wav`)).toBe(true);
    expect(entries.has(`audio/${lost.id}-lost.wav`)).toBe(false);
  });

  it('is fetched by its owner and by its link, whole or in part, and kept by no cache', async () => {
    const [client, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    const id = await askForExport(client);
    const made = await exportEnded(client, id);
    expect(made).toMatchObject({ id, status: 'done', progress: 1, errorCode: null });
    expect(new Date(made.expiresAt).getTime() - new Date(made.finishedAt).getTime()).toBe(72 * 3_600_000);
    const whole = await client.get(`users/me/exports/${id}/content`, { expect: 200 });
    expect(whole.bytes).toHaveLength(made.size);
    const linked = await byLink(ctx.client, made);
    expect([linked.status, linked.bytes.equals(whole.bytes)]).toEqual([200, true]);
    expect(linked.headers).toMatchObject({
      'content-type': 'application/zip',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(linked.headers['content-disposition']).toMatch(
      /^attachment; filename="parley-export-\d{4}-\d\d-\d\d\.zip"/,
    );
    const part = await ctx.client.get(made.url, { token: null, headers: { Range: 'bytes=0-3' } });
    expect([part.status, part.bytes.toString('latin1')]).toEqual([206, 'PK\x03\x04']);
    expect((await ctx.client.get(`users/me/exports/${id}/content`, { token: null })).status).toBe(401);
    for (const path of [`users/me/exports/${id}`, `users/me/exports/${id}/content`])
      expect((await stranger.get(path)).body.code).toBe('not_found');
    expect((await stranger.get('users/me/exports')).body.items).toEqual([]);
    expect((await client.get('users/me/exports')).body.items).toEqual([made]);
    // In the log there is the route alone.
    const token = made.url.split('token=')[1];
    expect(ctx.logs()).toContain('/exports/:id/content 200');
    expect(ctx.logs()).not.toContain(token);
  });

  it('is opened by no other token', async () => {
    const [client, other] = await Promise.all([ctx.register(), ctx.register()]);
    const made = await exportEnded(client, await askForExport(client));
    const others = await exportEnded(other, await askForExport(other));
    const [path, token] = made.url.split('?token=');
    const [ends, signature] = token.split('.');
    const flipped = signature.replace(/^./, (sign: string) => (sign === 'A' ? 'B' : 'A'));
    for (const wrong of [
      ...['', '.', 'nonsense', ends, `${ends}.`, signature, `.${signature}`, `${ends}.${flipped}`],
      ...[`${Number(ends) + 1}.${signature}`, `${ends}.${signature}A`, `0${ends}.${signature}`],
      ...[others.url.split('?token=')[1], client.token],
    ]) {
      const { status, body } = await ctx.client.get(`${path}?token=${wrong}`, { token: null });
      expect({ wrong, status, code: body.code }).toEqual({ wrong, status: 404, code: 'not_found' });
    }
    // Nor with a login beside it: who shows a token means it.
    expect((await client.get(`${path}?token=nonsense`)).status).toBe(404);
    expect((await ctx.client.get(`${path}?token=a&token=b`, { token: null })).status).toBe(400);
    expect((await ctx.client.get(made.url, { token: null })).status).toBe(200);
    await ctx.query(`UPDATE users SET deactivated_at = '2026-11-21 08:30:00.000' WHERE id = ?`, [
      client.account.id,
    ]);
    expect((await ctx.client.get(made.url, { token: null })).status).toBe(404);
  });

  it('ends with its time: link, row and archive', async () => {
    const client = await ctx.register();
    const id = await askForExport(client);
    const made = await exportEnded(client, id);
    const [key] = await blobKeys(client.account.id);
    expect(existsSync(blobPath(ctx, key!))).toBe(true);
    await ctx.query(`UPDATE data_exports SET expires_at = '2026-01-01 00:00:00.000' WHERE id = ?`, [id]);
    expect((await client.get(`users/me/exports/${id}/content`)).status).toBe(404);
    expect((await byLink(ctx.client, made)).status).toBe(404);
    await ctx.query(`UPDATE data_exports SET due_at = '2026-01-01 00:00:00.000' WHERE id = ?`, [id]);
    await expect
      .poll(async () => (await client.get(`users/me/exports/${id}`)).status, { timeout: 15_000 })
      .toBe(404);
    expect(await blobKeys(client.account.id)).toEqual([]);
    await expect.poll(() => existsSync(blobPath(ctx, key!)), { timeout: 15_000 }).toBe(false);
  });

  it('can be removed, with its archive', async () => {
    const client = await ctx.register();
    const id = await askForExport(client);
    await exportEnded(client, id);
    const [key] = await blobKeys(client.account.id);
    await client.delete(`users/me/exports/${id}`, undefined, { expect: 204 });
    expect((await client.delete(`users/me/exports/${id}`)).status).toBe(404);
    expect((await client.get('users/me/exports')).body.items).toEqual([]);
    await expect.poll(() => existsSync(blobPath(ctx, key!)), { timeout: 15_000 }).toBe(false);
  });

  it('is in pages, newest first', async () => {
    const client = await ctx.register();
    const ids: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      const id = await askForExport(client);
      await exportEnded(client, id);
      ids.unshift(id);
    }
    const first = (await client.get('users/me/exports?limit=2')).body;
    const second = (await client.get(`users/me/exports?limit=2&cursor=${first.nextCursor}`)).body;
    const shown = [...first.items, ...second.items].map(({ id }: { id: number }) => id);
    expect([shown, second.nextCursor]).toEqual([ids, null]);
  });

  it('is read while things change, and holds together', async () => {
    const client = await ctx.register();
    const ids = await Promise.all(Array.from({ length: 40 }, () => begin(client)));
    const id = await askForExport(client);
    await Promise.all(ids.slice(0, 20).map((one) => client.delete(`conversations/${one}`)));
    const made = await exportEnded(client, id);
    expect(made.status).toBe('done');
    const entries = await unzip((await client.get(`users/me/exports/${id}/content`)).bytes);
    for (const one of ids.slice(20))
      expect(jsonOf(entries, `conversations/${one}.json`).messages).toEqual([]);
    const names = [...entries.keys()].filter((name) => name.startsWith('conversations/'));
    expect(jsonOf(entries, 'manifest.json').counts.conversations).toBe(names.length);
  });
});
