import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { ended, send, sent } from '../support/recordings.ts';
import { synthetic } from '../support/sounds.ts';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';
import { startWhisperStandIn } from '../support/whisper-stand-in.ts';

const whisper = await startWhisperStandIn();
afterAll(() => whisper.stop());
beforeEach(() => whisper.reset());

const TONE = synthetic('sine=d=4');

describe('a user’s recordings', () => {
  const ctx = useApi({
    env: {
      ...{ WHISPER_URL: whisper.url, RATE_LIMIT_SCALE: '1000' },
      ...{ QUOTA_AUDIO_SECONDS_PER_DAY: '10', SPEECH_JOBS_PER_USER: '2', SPEECH_MAX_BYTES: '200000' },
    },
  });

  beforeAll(async () => {
    if (inject('dialect') === 'mariadb') await ctx.startWorker();
  });

  it('have a quota of seconds a day, which is exact', async () => {
    const client = await ctx.register();
    const usage = async () => (await client.get('users/me/usage', { expect: 200 })).body;
    expect((await usage()).today.audio).toEqual({ used: 0, limit: 10, remaining: 10 });
    for (const used of [4, 8]) {
      expect((await ended(client, await sent(client, TONE))).status).toBe('done');
      expect((await usage()).today.audio).toEqual({ used, limit: 10, remaining: 10 - used });
    }
    // Two seconds are left: four do not fit, two do.
    const third = await ended(client, await sent(client, TONE));
    expect(third).toMatchObject({ status: 'failed', errorCode: 'quota_exceeded', text: null });
    expect((await usage()).today.audio.used).toBe(8);
    expect((await ended(client, await sent(client, synthetic('sine=d=2')))).status).toBe('done');
    const { status, body } = await send(client, TONE);
    expect([status, body.code, body.quota, body.limit, body.used]).toEqual([
      ...[429, 'quota_exceeded', 'audio', 10, 10],
    ]);
    expect(whisper.log).toHaveLength(3);
    expect((await usage()).days).toMatchObject([{ audioSeconds: 10, requests: 0 }]);
    expect((await send(await ctx.register(), TONE)).status).toBe(202);
  });

  it('are booked once, however many of them end at once', async () => {
    const client = await ctx.register();
    whisper.slots = 2;
    const ids = [await sent(client, TONE), await sent(client, TONE)];
    for (const id of ids) await ended(client, id);
    expect((await client.get('users/me/usage')).body.today.audio.used).toBe(8);
  });

  it('are so many at a time', async () => {
    const client = await ctx.register();
    whisper.delayMs = 60_000;
    const answers = await Promise.all(Array.from({ length: 6 }, () => send(client, TONE)));
    const taken = answers.filter(({ status }) => status === 202);
    expect(taken).toHaveLength(2);
    for (const { status, body } of answers.filter((answer) => !taken.includes(answer)))
      expect([status, body.code]).toEqual([429, 'too_many_transcriptions']);
    const files = await ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', [client.account.id]);
    expect(files).toHaveLength(2);
    for (const { body } of taken) await client.post(`speech/transcriptions/${body.id}/cancel`);
    await eventually(async () => whisper.busy === 0, 5_000);
    expect((await send(client, TONE)).status).toBe(202);
  });

  it('that were taken once are found again by their key, whatever is used up', async () => {
    const client = await ctx.register();
    whisper.delayMs = 60_000;
    const headers = { 'Idempotency-Key': 'once' };
    const first = await send(client, TONE, {}, { headers });
    await sent(client, TONE);
    expect((await send(client, TONE)).status).toBe(429);
    const again = await send(client, TONE, {}, { headers });
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
  });

  it('have a size', async () => {
    const client = await ctx.register();
    const { status, body } = await send(client, synthetic('sine=d=7'));
    expect([status, body.code]).toEqual([413, 'file_too_large']);
    expect(await ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', [client.account.id])).toEqual(
      [],
    );
  });
});

describe('an installation without an engine', () => {
  const ctx = useApi({ env: { WHISPER_MODEL: '/nowhere.bin' } });

  it('says so, takes no recording, and keeps nothing', async () => {
    // Where there is a worker, the API hears from it.
    if (inject('dialect') === 'mariadb') await ctx.startWorker();
    const client = await ctx.register();
    await eventually(
      async () => (await client.get('speech')).body.transcription.state === 'not_set_up',
      20_000,
    );
    const { status, body } = await send(client, TONE);
    expect([status, body.code]).toEqual([503, 'speech_not_set_up']);
    expect(body.detail).toContain('scripts/build-whisper');
    expect(await ctx.query('SELECT id FROM stored_files')).toEqual([]);
  });
});
