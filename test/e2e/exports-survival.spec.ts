import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import { unzip } from '../support/archive.ts';
import { type ApiClient, PASSWORD } from '../support/client.ts';
import { askForExport, exportEnded } from '../support/exports.ts';
import { blobPath, storeFile } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';

const SLOW = { timeout: 120_000 };
const WAIT = { timeout: 30_000 };
const PAST = '2026-01-01 00:00:00.000';

describe('an export whose surroundings fail', SLOW, () => {
  const ctx = useApi({ upstream: false });
  let runner: ApiProcess;

  beforeAll(async () => {
    runner = ctx.redis ? await ctx.startWorker() : ctx.api;
  });

  const parts = (): string[] => {
    try {
      return readdirSync(`${ctx.dataDir}/files/parts`);
    } catch {
      return [];
    }
  };
  const rows = async (table: string) => Number((await ctx.query(`SELECT COUNT(*) AS n FROM ${table}`))[0].n);
  const due = (id: number) => ctx.query('UPDATE data_exports SET due_at = ? WHERE id = ?', [PAST, id]);
  const read = async (client: ApiClient, id: number) => (await client.get(`users/me/exports/${id}`)).body;

  /** Gives somebody a file that is read no further than its beginning, until it is released. */
  async function stalling(client: ApiClient): Promise<{ release: () => void }> {
    const { key } = await storeFile(ctx, client.account.id, Buffer.from('sound'));
    const path = blobPath(ctx, key);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    // For reading, too: then it opens although nobody reads yet.
    const pipe = openSync(path, 'r+');
    writeSync(pipe, Buffer.alloc(1_000, 7));
    const release = () => {
      closeSync(pipe);
      rmSync(path, { force: true });
      writeFileSync(path, 'sound');
    };
    return { release };
  }

  async function underWay(client: ApiClient): Promise<number> {
    const id = await askForExport(client);
    await expect.poll(async () => (await read(client, id)).status, WAIT).toBe('running');
    await expect.poll(parts, WAIT).toHaveLength(1);
    return id;
  }

  /** All that was put and not kept goes in an hour: now it has passed. */
  async function expectNothingLeft(): Promise<void> {
    await ctx.query('UPDATE blob_removals SET due_at = ?', [PAST]);
    await expect.poll(parts, WAIT).toEqual([]);
    await expect.poll(() => rows('blob_removals'), WAIT).toBe(0);
  }

  it('is made once, however many ask for it', async () => {
    const client = await ctx.register();
    const { release } = await stalling(client);
    const id = await underWay(client);
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.post('users/me/export')));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(409));
    for (const { body } of answers)
      expect(body).toMatchObject({ code: 'export_running', runningExportId: id });
    expect((await client.get(`users/me/exports/${id}/content`)).body.code).toBe('export_not_ready');
    expect((await read(client, id)).url).toBeNull();
    release();
    expect((await exportEnded(client, id)).status).toBe('done');
    const other = await ctx.register();
    const atOnce = await Promise.all(Array.from({ length: 5 }, () => other.post('users/me/export')));
    expect(atOnce.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409, 409, 409, 409]);
    await expectNothingLeft();
  });

  it('is made all the same when its process is killed in the middle', async () => {
    const client = await ctx.register();
    const { release } = await stalling(client);
    const id = await underWay(client);
    await runner.kill();
    release();
    if (ctx.redis) runner = await ctx.startWorker();
    else {
      await ctx.restart();
      runner = ctx.api;
    }
    await due(id);
    const made = await exportEnded(client, id, 60_000);
    expect(made).toMatchObject({ status: 'done', progress: 1 });
    const entries = await unzip((await client.get(`users/me/exports/${id}/content`)).bytes);
    expect([...entries.keys()].filter((name) => name.startsWith('audio/'))).toHaveLength(1);
    expect((await ctx.query('SELECT runs FROM data_exports WHERE id = ?', [id]))[0].runs).toBe(2);
    await expectNothingLeft();
  });

  it('is given up when it is removed in the middle', async () => {
    const client = await ctx.register();
    const { release } = await stalling(client);
    const id = await underWay(client);
    await client.delete(`users/me/exports/${id}`, undefined, { expect: 204 });
    await expect.poll(parts, WAIT).toEqual([]);
    release();
    expect((await client.get(`users/me/exports/${id}`)).status).toBe(404);
    // And there is room for the next one.
    expect((await exportEnded(client, await askForExport(client))).status).toBe('done');
    await expectNothingLeft();
  });

  it('does not come back when its owner leaves in the middle', async () => {
    const [client, other] = await Promise.all([ctx.register(), ctx.register()]);
    const { release } = await stalling(client);
    await underWay(client);
    await client.delete('users/me', { password: PASSWORD }, { expect: 204 });
    await expect.poll(parts, WAIT).toEqual([]);
    release();
    const ofHim = [client.account.id];
    expect(await ctx.query('SELECT id FROM data_exports WHERE owner_id = ?', ofHim)).toEqual([]);
    expect(await ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', ofHim)).toEqual([]);
    await expectNothingLeft();
    // Whoever made it goes on.
    expect((await exportEnded(other, await askForExport(other))).status).toBe('done');
  });

  it('waits for a storage that fails, and fails with it for good in the end', async () => {
    const client = await ctx.register();
    await storeFile(ctx, client.account.id, Buffer.from('sound'));
    const folder = `${ctx.dataDir}/files/parts`;
    renameSync(folder, `${folder}-away`);
    // No folder can be made where a file is.
    writeFileSync(folder, '');
    const id = await askForExport(client);
    await expect.poll(() => ctx.logs(), WAIT).toContain(`export ${id} failed, run 1 of 5`);
    expect(await read(client, id)).toMatchObject({ status: 'running', errorCode: null });
    await ctx.query('UPDATE data_exports SET runs = 4, due_at = ? WHERE id = ?', [PAST, id]);
    expect(await exportEnded(client, id)).toMatchObject({
      ...{ status: 'failed', errorCode: 'storage_unavailable', fileId: null, url: null },
    });
    const next = await askForExport(client);
    await expect.poll(() => ctx.logs(), WAIT).toContain(`export ${next} failed, run 1 of 5`);
    rmSync(folder);
    renameSync(`${folder}-away`, folder);
    await due(next);
    expect(await exportEnded(client, next)).toMatchObject({ status: 'done', errorCode: null });
    expect(existsSync(folder)).toBe(true);
    await expectNothingLeft();
  });

  it('is refused when a day has had enough of them', async () => {
    const client = await ctx.register();
    const limited = await ctx.startAnother({ RATE_LIMIT_SCALE: '1', EXPORTS_PER_DAY: '2' });
    const there = client.at(limited.url);
    for (let n = 0; n < 2; n += 1) await exportEnded(there, await askForExport(there));
    const { status, body, headers } = await there.post('users/me/export');
    expect([status, body.code]).toEqual([429, 'too_many_exports']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(3_600);
  });
});
