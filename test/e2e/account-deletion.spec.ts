import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeBelongings } from '../support/belongings.ts';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { logIn } from '../support/logins.ts';
import { storeFile } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { allIndexed, countRows, dumpTables } from '../support/tables.ts';
import { beginWith } from '../support/talk.ts';

const AT = '2026-11-21 08:30:00.000';
/** Tables in which nothing is anybody's: the migrations' own, and what is known of imports without saying whose it was. */
const NOBODYS = ['import_sources', 'imported_accounts', 'migrations'];

describe('an account that is deleted', { timeout: 60_000 }, () => {
  const ctx = useApi({ whisper: true });

  const blobs = (): string[] => {
    const all = readdirSync(`${ctx.dataDir}/files`, { recursive: true, withFileTypes: true });
    return all
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .toSorted();
  };

  async function insert(table: string, values: Record<string, unknown>): Promise<void> {
    const names = Object.keys(values);
    const marks = names.map(() => '?').join(', ');
    await ctx.query(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`, Object.values(values));
  }

  /** Something in every table that there is; what the API does not make at once is put there. */
  async function fillEverything(client: ApiClient): Promise<void> {
    const own = await makeBelongings(client, ctx);
    const { id } = client.account;
    await logIn(ctx.client, client.account.username);
    const clip = await storeFile(ctx, id, Buffer.from('clip'), { kind: 'clip', name: 'clip.mp3' });
    await insert('speech_clips', {
      ...{ owner_id: id, message_id: own['messages']![0], part: 0, voice: 'en-us', format: 'mp3' },
      ...{ file_id: clip.id, duration_ms: 1_000, created_at: AT },
    });
    await insert('transcription_pieces', {
      ...{ transcription_id: own['transcriptions']![0], idx: 0, start_ms: 0, end_ms: 100 },
    });
    await insert('file_passages', { file_id: own['files']![1], seq: 1, text: 'Oolong is tea.', tokens: 5 });
    await insert('suggestions', {
      ...{ owner_id: id, message_id: own['messages']![0], status: 'done', items: '["More?"]' },
      ...{ attempt: 1, created_at: AT },
    });
    const [source] = await ctx.query('SELECT id FROM import_sources');
    await insert('import_marks', {
      ...{ source_id: source.id, kind: 'user', old_key: String(id), new_id: id, owner_id: id },
    });
    await allIndexed(ctx, id);
  }

  it('leaves no row in any table and no byte in the storage', async () => {
    await insert('import_sources', { surface: 'tutor', name: 'old:3306/tutor', created_at: AT });
    const other = await ctx.register();
    await fillEverything(other);
    const [before, kept, counts] = [await dumpTables(ctx), blobs(), await countRows(ctx)];
    const leaving = await ctx.register();
    await fillEverything(leaving);
    const filled = await countRows(ctx);
    const untouched = Object.keys(filled)
      .filter((name) => filled[name] === counts[name])
      .toSorted();
    expect(untouched, 'tables without a row of his: say above how one is made').toEqual(NOBODYS);
    expect(blobs().length).toBeGreaterThan(kept.length);
    await leaving.delete('users/me', { password: PASSWORD }, { expect: 204 });
    expect(await dumpTables(ctx)).toEqual(before);
    await expect.poll(blobs, { timeout: 20_000 }).toEqual(kept);
    const removals = async () => (await ctx.query('SELECT storage_key FROM blob_removals')).length;
    await expect.poll(removals, { timeout: 20_000 }).toBe(0);
  });

  it('does not come back by what was running for it', async () => {
    const before = await dumpTables(ctx);
    const [kept, leaving] = [blobs(), await ctx.register()];
    const id = await beginWith(leaving, { model: 'test:gap=50,count=200' });
    const stream = await leaving.stream(`conversations/${id}/messages`, { body: { content: 'Go on' } });
    await stream.nextOf('message.delta');
    const { url } = ctx.api;
    const form = new FormData();
    form.append('file', new Blob([Buffer.alloc(400_000)]), 'long.wav');
    const late = Promise.allSettled([
      ...Array.from({ length: 5 }, (_, n) => leaving.post('chatbots', { name: `Late ${n}` })),
      leaving.post('users/me/export'),
      leaving.post('speech/transcriptions', form),
    ]);
    await leaving.delete('users/me', { password: PASSWORD }, { expect: 204 });
    await Promise.all([late, stream.collect().catch(() => undefined)]);
    // What was about to be written has been refused by now: the next turn of somebody else has ended.
    const other = await ctx.register();
    const next = await beginWith(other.at(url), { model: 'test:gap=20,count=20' });
    await other.post(`conversations/${next}/messages`, { content: 'Hello' }, { expect: 201 });
    await other.delete('users/me', { password: PASSWORD }, { expect: 204 });
    expect(await dumpTables(ctx)).toEqual(before);
    await expect.poll(blobs, { timeout: 20_000 }).toEqual(kept);
    expect(ctx.logs()).not.toMatch(/"level":"error"/);
  });
});
