import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { temporaryFolder } from '../support/child.ts';
import type { ApiClient } from '../support/client.ts';
import { ended, inStatus, sent } from '../support/recordings.ts';
import { joined, synthetic } from '../support/sounds.ts';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';
import { startWhisperStandIn } from '../support/whisper-stand-in.ts';

const whisper = await startWhisperStandIn();
afterAll(() => whisper.stop());
beforeEach(() => whisper.reset());

const TONE = synthetic('sine=d=2');
/** Six pieces. */
const LONG = joined(
  [300, 400, 500, 600, 700, 800].map((hz) => synthetic(`sine=frequency=${hz}:duration=20`)),
  1,
);
const PIECES = 6;
/** Processes are started in these tests, on a machine that has other things to do. */
const SLOW = { timeout: 120_000 };
/** What must have happened so long after a process is there again; a busy machine gets twice the time. */
const RESTART_MS = 30_000;

/** All events, and that they are as if nothing had happened: one end, every segment once, in order. */
async function checkEvents(client: ApiClient, id: number, last = 'transcription.done'): Promise<void> {
  const events = await (await client.stream(`speech/transcriptions/${id}/events`)).collect();
  const ends = events.filter(({ event }) => /done|failed|cancelled/.test(event!));
  expect(ends.map(({ event }) => event)).toEqual([last]);
  const told = events.filter(({ event }) => event === 'transcription.segment').map(({ data }) => data.index);
  expect(told).toEqual(told.map((_, index) => index));
}

describe.runIf(inject('dialect') === 'sqlite')('a transcription in the one process there is', SLOW, () => {
  const TMPDIR = temporaryFolder('tmp');
  const leftBehind = join(TMPDIR, 'parley-speech-of-a-killed-process');
  mkdirSync(leftBehind);
  writeFileSync(join(leftBehind, 'recording'), 'private');
  utimesSync(leftBehind, new Date('2026-01-01'), new Date('2026-01-01'));
  const ctx = useApi({ env: { WHISPER_URL: whisper.url, TMPDIR } });

  it('leaves nothing on the disk, and removes what a killed process has left', async () => {
    const client = await ctx.register();
    whisper.delayMs = 1_000;
    const id = await sent(client, TONE);
    await inStatus(client, id, 'running');
    await eventually(async () => whisper.busy === 1, 10_000);
    const kept = readdirSync(TMPDIR, { recursive: true, withFileTypes: true });
    expect(kept.filter((entry) => entry.isFile())).toEqual([]);
    expect(existsSync(leftBehind)).toBe(false);
    expect((await ended(client, id)).status).toBe('done');
  });

  it('goes on from what was done when its process is killed and started again', async () => {
    const client = await ctx.register();
    whisper.delayMs = 300;
    const id = await sent(client, LONG);
    await eventually(async () => whisper.done.length >= 3, 20_000);
    await ctx.api.kill();
    const kept = whisper.done.length;
    await ctx.restart();
    const done = await ended(client, id, RESTART_MS);
    expect(done).toMatchObject({ status: 'done', progress: 1 });
    expect(done.segments).toHaveLength(PIECES);
    // What was with the engine when the process died may be asked for again; what was written down is not.
    expect(whisper.done.length).toBeLessThanOrEqual(PIECES + 1);
    expect(kept).toBeGreaterThanOrEqual(3);
    await checkEvents(client, id);
  });

  it('has its events when nobody remembers them any more', async () => {
    const client = await ctx.register();
    const id = await sent(client, LONG);
    const { segments } = await ended(client, id);
    await ctx.restart();
    const path = `speech/transcriptions/${id}/events`;
    const events = await (await client.stream(path)).collect();
    expect(events.map(({ event }) => event)).toEqual([
      'transcription.created',
      ...segments.map(() => 'transcription.segment'),
      'transcription.done',
    ]);
    expect(events.slice(1, -1).map(({ data }) => data.segment)).toEqual(segments);
    const rest = await (await client.stream(`${path}?after=3`)).collect();
    expect(rest).toMatchObject([{ id: 4, event: 'transcription.done', data: events.at(-1)!.data }]);
  });

  it('goes on when its process ends in order and is started again', async () => {
    const client = await ctx.register();
    whisper.delayMs = 700;
    const id = await sent(client, LONG);
    await eventually(async () => whisper.done.length >= 2, 20_000);
    await ctx.restart();
    whisper.delayMs = 0;
    expect((await ended(client, id, RESTART_MS)).segments).toHaveLength(PIECES);
    expect((await ctx.query('SELECT attempt, losses FROM transcriptions WHERE id = ?', [id]))[0]).toEqual({
      ...{ attempt: 1, losses: 0 },
    });
  });
});

describe.runIf(inject('dialect') === 'mariadb')('a transcription among workers', SLOW, () => {
  const ctx = useApi({ env: { WHISPER_URL: whisper.url } });

  it('goes on elsewhere when its worker is killed, and is done once', async () => {
    const client = await ctx.register();
    const worker = await ctx.startWorker();
    whisper.delayMs = 300;
    const id = await sent(client, LONG);
    const live = client.stream(`speech/transcriptions/${id}/events`);
    await eventually(async () => whisper.done.length >= 3, 20_000);
    await worker.kill();
    const other = await ctx.startWorker();
    const from = Date.now();
    const done = await ended(client, id, RESTART_MS);
    expect(Date.now() - from).toBeLessThan(RESTART_MS);
    expect(done.segments).toHaveLength(PIECES);
    expect(whisper.done.length).toBeLessThanOrEqual(PIECES + 1);
    await checkEvents(client, id);
    expect((await (await live).collect()).at(-1)!.event).toBe('transcription.done');
    await other.stop();
  });

  it('goes on elsewhere at once when its worker ends in order', async () => {
    const client = await ctx.register();
    const worker = await ctx.startWorker();
    whisper.delayMs = 1_000;
    const id = await sent(client, LONG);
    await eventually(async () => whisper.done.length >= 1, 20_000);
    const other = await ctx.startWorker();
    await worker.stop();
    whisper.delayMs = 0;
    expect((await ended(client, id, RESTART_MS)).segments).toHaveLength(PIECES);
    const [row] = await ctx.query('SELECT attempt, losses FROM transcriptions WHERE id = ?', [id]);
    expect(row).toMatchObject({ losses: 0 });
    await other.stop();
  });

  it('is not written by a worker that comes back from the dead', async () => {
    const client = await ctx.register();
    const worker = await ctx.startWorker();
    whisper.delayMs = 60_000;
    const id = await sent(client, TONE);
    await eventually(async () => whisper.busy === 1, 20_000);
    worker.signal('SIGSTOP');
    whisper.delayMs = 0;
    const other = await ctx.startWorker();
    const done = await ended(client, id, RESTART_MS);
    expect(done.status).toBe('done');
    worker.signal('SIGCONT');
    // Its own call is ended, since what would come of it could not be written.
    await eventually(async () => whisper.busy === 0, 10_000);
    await sleep(500);
    expect((await client.get(`speech/transcriptions/${id}`)).body).toEqual(done);
    await checkEvents(client, id);
    await Promise.all([worker.stop(), other.stop()]);
  });

  it('waits for a worker, and for a Redis that has lost everything', async () => {
    const client = await ctx.register();
    const ids = await Promise.all(Array.from({ length: 5 }, () => sent(client, TONE)));
    await ctx.redis!.kill();
    await ctx.redis!.start();
    const worker = await ctx.startWorker();
    for (const id of ids) expect((await ended(client, id, RESTART_MS)).status).toBe('done');
    expect(whisper.done).toHaveLength(5);
    await worker.stop();
  });

  it('is taken while Redis is away, and done when it is back', async () => {
    const client = await ctx.register();
    const worker = await ctx.startWorker();
    await ctx.redis!.kill();
    const id = await sent(client, TONE);
    await sleep(1_000);
    expect((await client.get(`speech/transcriptions/${id}`)).body.status).toBe('queued');
    await ctx.redis!.start();
    expect((await ended(client, id, RESTART_MS)).status).toBe('done');
    await checkEvents(client, id);
    await worker.stop();
  });

  it('goes on while Redis is away', async () => {
    const client = await ctx.register();
    const worker = await ctx.startWorker();
    whisper.delayMs = 300;
    const id = await sent(client, LONG);
    await eventually(async () => whisper.done.length >= 2, 20_000);
    await ctx.redis!.kill();
    await eventually(async () => whisper.done.length >= 4, 20_000);
    await ctx.redis!.start();
    expect((await ended(client, id, RESTART_MS)).segments).toHaveLength(PIECES);
    expect(whisper.done).toHaveLength(PIECES);
    await worker.stop();
  });

  it('that takes every worker with it is given up, and an admin may begin it again', async () => {
    const client = await ctx.register();
    const id = await sent(client, TONE);
    const past = new Date('2020-01-01T00:00:00Z');
    const gone =
      "UPDATE transcriptions SET status = 'running', lease_owner = 'gone', losses = ?, due_at = ? WHERE id = ?";
    await ctx.query(gone, [5, past, id]);
    expect(await ended(client, id)).toMatchObject({ status: 'failed', errorCode: 'interrupted' });
    await checkEvents(client, id, 'transcription.failed');
    const admin = await makeAdmin();
    const path = `admin/transcriptions/${id}/retry`;
    expect((await client.post(path)).status).toBe(404);
    const listed = (await admin.get('admin/transcriptions?status=failed', { expect: 200 })).body.items;
    expect(listed).toMatchObject([{ id, ownerId: client.account.id, errorCode: 'interrupted' }]);
    expect(listed[0]).not.toHaveProperty('text');
    const worker = await ctx.startWorker();
    expect((await admin.post(path, undefined, { expect: 202 })).body).toMatchObject({ status: 'queued' });
    expect(await ended(client, id)).toMatchObject({ status: 'done', errorCode: null });
    await checkEvents(client, id);
    expect((await admin.post(path)).body.code).toBe('not_failed');
    expect((await admin.post('admin/transcriptions/999999/retry')).status).toBe(404);
    await worker.stop();
  });

  async function makeAdmin(): Promise<ApiClient> {
    const admin = await ctx.register();
    await ctx.query("UPDATE users SET role = 'admin' WHERE id = ?", [admin.account.id]);
    return admin;
  }
});

describe('engines that do not work', SLOW, () => {
  const ctx = useApi({ env: { WHISPER_URL: whisper.url, SPEECH_PATIENCE_SECONDS: '3' } });

  async function working<T>(work: (client: ApiClient) => Promise<T>): Promise<T> {
    const worker = ctx.dialect === 'mariadb' ? await ctx.startWorker() : undefined;
    try {
      return await work(await ctx.register());
    } finally {
      await worker?.stop();
    }
  }

  it('are waited for', async () => {
    await working(async (client) => {
      whisper.stop();
      const id = await sent(client, TONE);
      await inStatus(client, id, 'running');
      await sleep(500);
      await whisper.start();
      expect((await ended(client, id)).status).toBe('done');
    });
  });

  it('are not waited for for ever', async () => {
    await working(async (client) => {
      whisper.stop();
      const id = await sent(client, TONE);
      expect(await ended(client, id)).toMatchObject({ status: 'failed', errorCode: 'speech_unavailable' });
      await whisper.start();
    });
  });

  it('are asked again where they fail or are full', async () => {
    await working(async (client) => {
      // INTERNAL, twice; then RESOURCE_EXHAUSTED, more often than a failure would be forgiven.
      [whisper.failure, whisper.failures] = [13, 2];
      expect((await ended(client, await sent(client, TONE))).status).toBe('done');
      [whisper.failure, whisper.failures] = [8, 5];
      expect((await ended(client, await sent(client, TONE))).status).toBe('done');
    });
  });

  it('are taken at their word where they refuse, or fail again and again', async () => {
    await working(async (client) => {
      // FAILED_PRECONDITION.
      whisper.failure = 9;
      const refused = await ended(client, await sent(client, TONE));
      expect(refused).toMatchObject({ status: 'failed', errorCode: 'speech_failed' });
      expect(whisper.log).toHaveLength(1);
      whisper.failure = 13;
      const failed = await ended(client, await sent(client, TONE));
      expect(failed).toMatchObject({ status: 'failed', errorCode: 'speech_failed' });
      expect(whisper.log).toHaveLength(4);
    });
  });
});
