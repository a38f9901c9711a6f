import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../../test/support/child.ts';
import { type SpeechOnSqlite, speechOnSqlite } from '../../test/support/speech-database.ts';
import type { Transcription } from './transcription.entity.js';
import { ClaimLostError } from './transcription.lease.js';
import type { Attempt } from './transcription.store.js';

const RESULT = { language: 'en', segments: [] };
const TRANSCRIPT = { text: 'Tea.', language: 'en', segments: [] };
const PLAN = {
  durationMs: 40_000,
  pieces: [
    { startMs: 0, endMs: 20_000 },
    { startMs: 20_000, endMs: 40_000 },
  ],
};

describe('TranscriptionStore', () => {
  let dir: string;
  let speech: SpeechOnSqlite;

  beforeEach(async () => {
    dir = temporaryFolder('speech');
    speech = await speechOnSqlite(dir, 100);
  });

  afterEach(async () => {
    await speech.dataSource.destroy();
    removeFolder(dir);
  });

  const attemptAt = ({ id, ownerId, attempt }: Transcription): Attempt => ({
    ...{ ownerId, transcriptionId: id, attempt },
  });

  async function claimed(): Promise<Transcription> {
    return (await speech.store.claim(attemptAt(await speech.queued())))!;
  }

  const used = async ({ ownerId }: Transcription) => (await speech.usage.report(ownerId, 1)).today.audio.used;

  it('gives a queued attempt to one job, however many come', async () => {
    const row = await speech.queued();
    const claims = await Promise.all(Array.from({ length: 5 }, () => speech.store.claim(attemptAt(row))));
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(await speech.store.claim(attemptAt(row))).toBeNull();
    expect(await speech.store.claim({ ...attemptAt(row), attempt: 2 })).toBeNull();
    expect(await speech.row(row.id)).toMatchObject({ status: 'running', attempt: 1 });
  });

  it('writes nothing for a job whose claim does not stand any more', async () => {
    const lost = await claimed();
    await speech.store.plan(lost, PLAN);
    // The sweeper has taken it for lost, and another job has it.
    await speech.dataSource.query(
      "UPDATE transcriptions SET status = 'queued', attempt = 2, lease_owner = NULL",
    );
    const next = (await speech.store.claim({ ...attemptAt(lost), attempt: 2 }))!;
    const before = await speech.row(lost.id);
    for (const writing of [
      () => speech.store.plan(lost, PLAN),
      () => speech.store.keep(lost, 0, RESULT, 0.5, 'x'),
      () => speech.store.finish(lost, TRANSCRIPT, 'x'),
      () => speech.store.fail(lost, 'speech_failed'),
      () => speech.store.release(lost),
    ])
      await expect(writing()).rejects.toBeInstanceOf(ClaimLostError);
    expect(await speech.row(lost.id)).toEqual(before);
    expect((await speech.store.pieces(lost)).map(({ result }) => result)).toEqual([null, null]);
    expect(await used(lost)).toBe(40);
    expect(await speech.store.finish(next, TRANSCRIPT, 'x')).toMatchObject({ status: 'done' });
    await expect(speech.store.fail(next, 'speech_failed')).rejects.toBeInstanceOf(ClaimLostError);
  });

  it('books a recording once, whatever becomes of the answer', async () => {
    const row = await claimed();
    expect(await speech.store.plan(row, PLAN)).toBe(true);
    await expect(speech.store.plan(row, PLAN)).rejects.toBeInstanceOf(ClaimLostError);
    expect(await used(row)).toBe(40);
  });

  it('books nothing that does not fit, and takes what just fits', async () => {
    const [first, second, third] = [await claimed(), await claimed(), await claimed()];
    expect(await speech.store.plan(first, { ...PLAN, durationMs: 60_000 })).toBe(true);
    expect(await speech.store.plan(second, { ...PLAN, durationMs: 40_001 })).toBe(false);
    expect(await speech.row(second.id)).toMatchObject({ durationMs: null, status: 'running' });
    expect(await speech.store.pieces(second)).toEqual([]);
    expect(await speech.store.plan(third, PLAN)).toBe(true);
    expect(await used(first)).toBe(100);
  });

  it('keeps pieces, and forgets losses and pieces when it is time', async () => {
    const row = await claimed();
    await speech.store.plan(row, PLAN);
    await speech.store.keep(row, 1, RESULT, 0.5, 'engine');
    expect(await speech.row(row.id)).toMatchObject({ progress: 0.5, losses: 0, engine: 'engine' });
    expect((await speech.store.pieces(row)).map(({ result }) => result)).toEqual([
      null,
      JSON.stringify(RESULT),
    ]);
    const done = await speech.store.finish(row, TRANSCRIPT, null);
    const stored = await speech.row(row.id);
    expect(stored).toMatchObject({ status: 'done', text: 'Tea.', detectedLanguage: 'en', leaseOwner: null });
    expect(stored.finishedAt).toEqual(done.finishedAt);
    expect(await speech.store.pieces(row)).toEqual([]);
    expect(stored.dueAt).not.toBeNull();
    await speech.store.settle(done);
    expect((await speech.row(row.id)).dueAt).toBeNull();
  });

  it('gives a claim back, as the attempt that it was', async () => {
    const row = await claimed();
    await speech.store.release(row);
    expect(await speech.row(row.id)).toMatchObject({ status: 'queued', attempt: 1, leaseOwner: null });
    expect(await speech.store.claim(attemptAt(row))).not.toBeNull();
  });
});
