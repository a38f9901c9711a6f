import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { pdfOf } from '../support/documents.ts';
import { storeDocument } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { upload } from '../support/uploads.ts';

describe('a message with a file that is still being read', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0' } });

  beforeAll(async () => {
    if (ctx.redis) await ctx.startWorker();
  });

  const setState = (id: number, state: string) =>
    ctx.query('UPDATE stored_files SET extraction = ? WHERE id = ?', [state, id]);

  /** A file in whose reading nothing happens but what the test does. */
  async function beingRead(client: ApiClient): Promise<number> {
    const id = await storeDocument(ctx, client.account.id, 'notes.pdf', ['Oolong.']);
    await setState(id, 'running');
    return id;
  }

  const say = (client: ApiClient, fileIds: number[], waitForFiles?: number) =>
    client.post('messages', {
      content: 'What is it?',
      fileIds,
      ...(waitForFiles !== undefined && { waitForFiles }),
    });

  it('waits for it where it says so, and the model sees what it says', async () => {
    const client = await ctx.register();
    ctx.upstream.reset();
    const { body } = await upload(client, ['tea.pdf', await pdfOf(['The answer is oolong.'])]);
    const answer = await say(client, [body.items[0].id], 60);
    expect(answer.status).toBe(201);
    expect(JSON.stringify(ctx.upstream.log[0]!.body)).toContain('The answer is oolong.');
  });

  it('begins when the reading has ended, not before, and is refused where that has failed', async () => {
    const client = await ctx.register();
    for (const [end, status] of [
      ['done', 201],
      ['failed', 422],
    ] as const) {
      const id = await beingRead(client);
      let isThere = false;
      const waiting = say(client, [id], 30).finally(() => (isThere = true));
      await sleep(300);
      expect(isThere).toBe(false);
      await setState(id, end);
      expect((await waiting).status).toBe(status);
    }
  });

  it('is refused when the time is over, and at once without any', async () => {
    const client = await ctx.register();
    const id = await beingRead(client);
    for (const seconds of [undefined, 0, 1]) {
      const { status, body } = await say(client, [id], seconds);
      expect([status, body.code, body.fileId]).toEqual([409, 'file_not_ready', id]);
    }
    expect((await client.get('conversations')).body.items).toEqual([]);
  });

  it("does not wait for what is not there, or somebody else's", async () => {
    const client = await ctx.register();
    const theirs = await beingRead(await ctx.register());
    for (const id of [theirs, 987_654]) expect((await say(client, [id], 60)).status).toBe(404);
  });

  it.each([-1, 61, 1.5, '5', null])('is refused with a time of %j', async (seconds) => {
    const client = await ctx.register();
    const { body } = await client.post(
      'messages',
      { content: 'Hello', waitForFiles: seconds },
      { expect: 400 },
    );
    expect(body.errors[0].field).toBe('waitForFiles');
  });

  it('does not hold up the end of the process', async () => {
    const client = await ctx.register();
    const waiting = say(client, [await beingRead(client)], 60).catch((error: Error) => error);
    await sleep(300);
    await ctx.restart();
    expect(await waiting).toMatchObject({
      status: expect.toSatisfy((status) => status === 503 || status === 409),
    });
  });
});
