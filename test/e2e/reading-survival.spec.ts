import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import { ENDLESS } from '../support/hostile-documents.ts';
import { isThere, readersOf } from '../support/reader-processes.ts';
import { afterReading, queueFile, rowOf, textOf } from '../support/reading.ts';
import { useApi } from '../support/suite.ts';

const SLOW = { timeout: 120_000 };
const PAST = '2026-01-01 00:00:00.000';
/** Some seconds of work. */
const LONG = Buffer.from(Array.from({ length: 250_000 }, (_, n) => `Word${n} is here.\n`).join(''));

describe('the reading of a file', SLOW, () => {
  const ctx = useApi();
  let runner: ApiProcess;

  beforeAll(async () => {
    runner = ctx.redis ? await ctx.startWorker() : ctx.api;
  }, 90_000);

  async function begun(bytes: Buffer, mediaType = 'text/plain') {
    const client = await ctx.register();
    const { id, key } = await queueFile(ctx, client, 'a', mediaType, bytes);
    await expect.poll(async () => (await rowOf(ctx, id)).extraction, { timeout: 30_000 }).toBe('running');
    const reader = await reading();
    return { client, id, key, reader };
  }

  /** The child process of whoever runs jobs. */
  async function reading(): Promise<number> {
    let pid: number | undefined;
    await expect
      .poll(() => (pid = readersOf(runner.pid)[0]), { timeout: 30_000, interval: 20 })
      .toBeDefined();
    return pid!;
  }

  async function startAgain(): Promise<void> {
    if (ctx.redis) runner = await ctx.startWorker();
    else {
      await ctx.restart();
      runner = ctx.api;
    }
  }

  it('ends with its process, and is done again by another one', async () => {
    const { client, id, reader } = await begun(LONG);
    await runner.kill();
    await expect.poll(() => isThere(reader), { timeout: 10_000 }).toBe(false);
    expect(await rowOf(ctx, id)).toMatchObject({ extraction: 'running', extraction_attempt: 1 });
    await startAgain();
    // The lease has run out.
    await ctx.query('UPDATE stored_files SET extraction_due_at = ? WHERE id = ?', [PAST, id]);
    expect(await afterReading(ctx, id)).toMatchObject({ extraction: 'done', extraction_attempt: 2 });
    const text = await textOf(client, id);
    expect(text.map(({ seq }) => seq)).toEqual(text.map((_, index) => index + 1));
    expect(text.map((passage) => passage.text).join('\n')).toBe(LONG.toString().trim());
  });

  it('runs in circles, and ends with its process all the same', async () => {
    const { id, reader } = await begun(ENDLESS.bytes, 'text/html');
    await runner.kill();
    await expect.poll(() => isThere(reader), { timeout: 10_000 }).toBe(false);
    await ctx.query('DELETE FROM stored_files WHERE id = ?', [id]);
    await startAgain();
  });

  it('does not count where its process ends in order', async () => {
    const { id, reader } = await begun(ENDLESS.bytes, 'text/html');
    await runner.stop();
    expect(isThere(reader)).toBe(false);
    expect(await rowOf(ctx, id)).toMatchObject({ extraction: 'queued', extraction_attempt: 0 });
    await startAgain();
    await expect.poll(async () => (await rowOf(ctx, id)).extraction_attempt, { timeout: 30_000 }).toBe(1);
    await ctx.query('DELETE FROM stored_files WHERE id = ?', [id]);
  });

  it('is given up when the file is deleted', async () => {
    const { client, id, reader } = await begun(ENDLESS.bytes, 'text/html');
    await client.delete(`files/${id}`, undefined, { expect: 204 });
    await expect.poll(() => isThere(reader), { timeout: 20_000 }).toBe(false);
    expect(await ctx.query('SELECT id FROM file_passages WHERE file_id = ?', [id])).toEqual([]);
  });

  it('is not begun for ever', async () => {
    const client = await ctx.register();
    const { id } = await queueFile(ctx, client, 'a', 'text/plain', Buffer.from('x'));
    await afterReading(ctx, id);
    const values = `extraction = 'running', extraction_attempt = 3, extraction_due_at = ?`;
    await ctx.query(`UPDATE stored_files SET ${values} WHERE id = ?`, [PAST, id]);
    expect(await afterReading(ctx, id)).toMatchObject({
      ...{ extraction: 'failed', extraction_error: 'extraction_crashed', extraction_due_at: null },
    });
    expect(await textOf(client, id)).toEqual([]);
  });

  it('waits for the file storage', async () => {
    const client = await ctx.register();
    const folder = `${ctx.dataDir}/files`;
    // Something is stored there by now.
    const { id: first } = await queueFile(ctx, client, 'a', 'text/plain', Buffer.from('x'));
    await afterReading(ctx, first);
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, '');
    await ctx.query(
      'UPDATE stored_files SET extraction = ?, extraction_attempt = 0, extraction_due_at = ? WHERE id = ?',
      [...['queued', PAST, first]],
    );
    const row = () => rowOf(ctx, first);
    await expect
      .poll(() => runner.logs().includes('waits for the file storage'), { timeout: 30_000 })
      .toBe(true);
    expect(['queued', 'running']).toContain((await row()).extraction);
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    expect(await afterReading(ctx, first)).toMatchObject({ extraction: 'done', extraction_attempt: 1 });
  });
});
