import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { FILE } from '../support/openapi-samples.ts';
import { ended, sent } from '../support/recordings.ts';
import { attachFiles, blobPath, storeFile } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';

/** The first round comes a minute after the start. */
const ROUND = { timeout: 120_000 };
const OLD = '2025-01-01 08:30:00.000';

describe('retention', ROUND, () => {
  const ctx = useApi({ whisper: true });

  const age = (table: string, column: string, id: number) =>
    ctx.query(`UPDATE ${table} SET ${column} = ? WHERE id = ?`, [OLD, id]);

  async function upload(client: ApiClient, name: string): Promise<{ id: number; key: string }> {
    return storeFile(ctx, client.account.id, Buffer.from(name), {
      ...{ name, kind: 'document', mediaType: 'text/plain' },
    });
  }

  /** Those of one's own that are left. */
  const left = async (client: ApiClient, kind: string): Promise<number[]> =>
    (await client.get(`${kind}?limit=100`)).body.items
      .map(({ id }: { id: number }) => id)
      .toSorted((a: number, b: number) => a - b);

  it('deletes what nobody came back to, and nothing else', async () => {
    const client = await ctx.register();
    const bytes = Buffer.from(await FILE.arrayBuffer());
    const [old, pinned, fresh] = [await begin(client), await begin(client), await begin(client)];
    const said = await client.post(`conversations/${old}/messages`, { content: 'Hello' }, { expect: 201 });
    const withIt = await storeFile(ctx, client.account.id, bytes, { conversationId: old });
    await attachFiles(ctx, said.body.userMessage.id, [withIt.id]);
    const talk = await client.post(`conversations/${fresh}/messages`, { content: 'Hello' }, { expect: 201 });
    await client.patch(`conversations/${pinned}`, { pinned: true }, { expect: 200 });
    for (const id of [old, pinned]) await age('conversations', 'last_message_at', id);
    const alone = await sent(client, bytes);
    await client.post(`speech/transcriptions/${alone}/cancel`, undefined, { expect: 200 });
    const { fileId } = await ended(client, alone);
    await ctx.query('UPDATE transcriptions SET created_at = ?, finished_at = ? WHERE id = ?', [
      OLD,
      OLD,
      alone,
    ]);
    const [unused, used, recent] = [
      await upload(client, 'unused'),
      await upload(client, 'used'),
      await upload(client, 'recent'),
    ];
    await attachFiles(ctx, talk.body.userMessage.id, [used.id]);
    for (const { id } of [unused, used]) await age('stored_files', 'created_at', id);
    const bot = await client.post('chatbots', { name: 'Bot' }, { expect: 201 });
    await age('chatbots', 'created_at', bot.body.id);

    await ctx.restart({ RETENTION_DAYS: '365' });
    await expect
      .poll(() => left(client, 'conversations'), ROUND)
      .toEqual([pinned, fresh].toSorted((a, b) => a - b));
    await expect.poll(() => left(client, 'speech/transcriptions'), ROUND).toEqual([]);
    await expect
      .poll(() => left(client, 'files'), ROUND)
      .toEqual([used.id, recent.id].toSorted((a, b) => a - b));
    expect(await left(client, 'chatbots')).toEqual([bot.body.id]);
    expect(await ctx.query('SELECT id FROM messages WHERE conversation_id = ?', [old])).toEqual([]);
    expect(await ctx.query('SELECT id FROM stored_files WHERE id IN (?, ?)', [withIt.id, fileId])).toEqual(
      [],
    );
    await expect
      .poll(() => [withIt.key, unused.key].filter((key) => existsSync(blobPath(ctx, key))), ROUND)
      .toEqual([]);
    expect(existsSync(blobPath(ctx, used.key))).toBe(true);
  });
});
