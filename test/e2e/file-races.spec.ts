import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { FILE } from '../support/openapi-samples.ts';
import { useApi } from '../support/suite.ts';

const ROUNDS = 12;
const UPLOADS = 4;

describe('files that come while what they belong to goes', () => {
  const ctx = useApi({ whisper: true, env: { RATE_LIMIT_SCALE: '0' } });

  const newConversation = async (client: ApiClient): Promise<number> =>
    (await client.post('conversations', {}, { expect: 201 })).body.id;

  async function upload(client: ApiClient, conversationId: number, afterMs: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const form = new FormData();
    form.append('conversationId', String(conversationId));
    form.append('file', FILE, 'a.wav');
    return (await client.post('speech/transcriptions', form)).status;
  }

  const blobs = (): string[] =>
    existsSync(`${ctx.dataDir}/files`)
      ? readdirSync(`${ctx.dataDir}/files`, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
      : [];

  /** Every blob has its file and every file its blob; nothing waits to be removed. */
  async function expectTidy(): Promise<void> {
    const waiting = () => ctx.query('SELECT storage_key FROM blob_removals');
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
    const keys = await ctx.query<{ storage_key: string }>('SELECT storage_key FROM stored_files');
    expect(blobs().toSorted()).toEqual(keys.map(({ storage_key: key }) => key).toSorted());
  }

  it('come in whole before a conversation goes, and go with it, or do not come', async () => {
    const client = await ctx.register();
    const statuses: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const conversation = await newConversation(client);
      const uploads = Array.from({ length: UPLOADS }, (_, n) => upload(client, conversation, n * 10));
      await new Promise((resolve) => setTimeout(resolve, round * 12));
      const { status } = await client.delete(`conversations/${conversation}`);
      statuses.push(...(await Promise.all(uploads)));
      expect(status).toBe(204);
      const left = await ctx.query('SELECT id FROM stored_files WHERE conversation_id = ?', [conversation]);
      expect(left).toEqual([]);
    }
    expect(statuses.filter((status) => ![202, 404].includes(status))).toEqual([]);
    await expectTidy();
  });

  it('come in whole before an account goes, and go with it, or do not come', async () => {
    const statuses: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const client = await ctx.register();
      const conversation = await newConversation(client);
      const uploads = Array.from({ length: UPLOADS }, (_, n) => upload(client, conversation, 60 + n * 10));
      const { status } = await client.delete('users/me', { password: PASSWORD });
      statuses.push(...(await Promise.all(uploads)));
      expect(status).toBe(204);
      const left = await ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', [client.account.id]);
      expect(left).toEqual([]);
    }
    expect(statuses.filter((status) => ![202, 401, 404].includes(status))).toEqual([]);
    await expectTidy();
  });
});
