import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { ended, form, inStatus, send, sent, transcribed } from '../support/recordings.ts';
import { ffmpeg, joined, pcmOf, soundFile, synthetic } from '../support/sounds.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually } from '../support/talk.ts';
import { startWhisperStandIn, textOfSound } from '../support/whisper-stand-in.ts';

/** Before the API starts: its address is in the environment. */
const whisper = await startWhisperStandIn();
afterAll(() => whisper.stop());

const ctx = useApi({ env: { WHISPER_URL: whisper.url, SPEECH_MAX_SECONDS: '120' } });

beforeAll(async () => {
  if (inject('dialect') === 'mariadb') await ctx.startWorker();
});

beforeEach(() => whisper.reset());

const TONE = synthetic('sine=d=2');

/** Long: four tones of twenty seconds with pauses between them. */
const LONG = joined(
  [300, 400, 500, 600].map((hz) => synthetic(`sine=frequency=${hz}:duration=20`)),
  1,
);

describe('a recording that is sent', () => {
  it('is taken at once, and transcribed', async () => {
    const client = await ctx.register();
    const answer = await send(client, TONE, { language: 'en-US', prompt: 'tea', words: true });
    expect(answer.status).toBe(202);
    expect(answer.headers.location).toBe(`/api/v1/speech/transcriptions/${answer.body.id}`);
    expect(answer.body).toMatchObject({
      ...{ status: 'queued', progress: 0, text: null, language: 'en', task: 'transcribe', segments: [] },
      ...{ duration: null, engine: null, errorCode: null, finishedAt: null, conversationId: null },
    });
    const done = await ended(client, answer.body.id);
    const text = textOfSound(pcmOf(TONE));
    expect(done).toMatchObject({
      ...{ id: answer.body.id, status: 'done', progress: 1, text, language: 'en', duration: 2 },
      ...{ engine: 'stand-in', fileId: answer.body.fileId, errorCode: null },
    });
    const word = { text, start: 0, end: 2, probability: 0.9 };
    expect(done.segments).toEqual([
      { start: 0, end: 2, text, probability: 0.9, noSpeech: 0.1, words: [word] },
    ]);
    expect(whisper.log).toMatchObject([
      { bytes: 64_000, task: 'TRANSCRIBE', language: 'en', prompt: 'tea', words: true },
    ]);
  });

  it('may be said in English, and the engine may find out the language', async () => {
    const client = await ctx.register();
    whisper.language = 'zh';
    const done = await transcribed(client, TONE, { task: 'translate' });
    expect(done).toMatchObject({ status: 'done', language: 'zh', task: 'translate' });
    expect(done.segments[0]).not.toHaveProperty('words');
    expect(whisper.log).toMatchObject([{ task: 'TRANSLATE', language: undefined, words: false }]);
  });

  it('is cut into pieces where it is long, and put together again', async () => {
    const client = await ctx.register();
    whisper.slots = 3;
    whisper.delayMs = 100;
    const id = await sent(client, LONG);
    const events = await (await client.stream(`speech/transcriptions/${id}/events`)).collect();
    const { text, segments, duration } = (await client.get(`speech/transcriptions/${id}`)).body;
    expect(duration).toBe(84);
    expect(segments).toHaveLength(4);
    expect(text).toBe(segments.map((segment: { text: string }) => segment.text).join(' '));
    expect(segments.map(({ start }: { start: number }) => Math.round(start / 21))).toEqual([0, 1, 2, 3]);
    const pcm = pcmOf(LONG);
    for (const segment of segments)
      expect(segment.text).toBe(textOfSound(pcm.subarray(segment.start * 32_000, segment.end * 32_000)));
    expect(events.map(({ id: at }) => at)).toEqual(events.map((_, index) => index + 1));
    expect(events[0]!.event).toBe('transcription.created');
    expect(events.at(-1)).toMatchObject({ event: 'transcription.done', data: { transcription: { text } } });
    const told = events.filter(({ event }) => event === 'transcription.segment').map(({ data }) => data);
    expect(told).toEqual(segments.map((segment: object, index: number) => ({ index, segment })));
    const progress = events
      .filter(({ event }) => event === 'transcription.progress')
      .map(({ data }) => data.progress);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(whisper.log).toHaveLength(4);
  });

  it('of silence is done, without asking an engine, and has no text', async () => {
    const client = await ctx.register();
    const done = await transcribed(client, synthetic('anullsrc=d=40'), { language: 'zh' });
    expect(done).toMatchObject({ status: 'done', text: '', segments: [], language: 'zh', duration: 40 });
    expect(whisper.log).toEqual([]);
  });

  it('is read for what it is, whatever it is called', async () => {
    const client = await ctx.register();
    const webm = ffmpeg('-i', TONE, '-c:a', 'libopus', soundFile('webm'));
    const { body } = await client.post(
      'speech/transcriptions',
      form({ file: webm, name: 'x.wav', type: 'audio/wav' }),
      { expect: 202 },
    );
    expect(await ended(client, body.id)).toMatchObject({ status: 'done' });
    const [file] = await ctx.query('SELECT media_type, name, kind FROM stored_files WHERE id = ?', [
      body.fileId,
    ]);
    expect(file).toEqual({ media_type: 'video/webm', name: 'x.wav', kind: 'recording' });
  });

  it('is transcribed again from what is stored, by JSON', async () => {
    const client = await ctx.register();
    const first = await transcribed(client, TONE);
    const { body } = await client.post(
      'speech/transcriptions',
      { fileId: first.fileId, task: 'translate' },
      { expect: 202 },
    );
    expect(await ended(client, body.id)).toMatchObject({
      ...{ status: 'done', text: first.text, task: 'translate', fileId: first.fileId },
    });
  });

  it('brings the words of a topic along', async () => {
    const client = await ctx.register();
    const topic = await client.post('topics', { theme: 'Hawker food', instructions: 'Laksa,\n  kopi.' });
    const conversation = await begin(client, { topicId: topic.body.id });
    await transcribed(client, TONE, { topicId: topic.body.id, prompt: 'chendol' });
    const done = await transcribed(client, TONE, { conversationId: conversation });
    expect(done.conversationId).toBe(conversation);
    expect(whisper.log.map(({ prompt }) => prompt)).toEqual([
      'Hawker food. Laksa, kopi. chendol',
      'Hawker food. Laksa, kopi.',
    ]);
  });
});

describe('a recording that cannot be transcribed', () => {
  /** The header alone. */
  const empty = readFileSync(TONE).subarray(0, 78);

  it.each([
    [
      'unreadable',
      () => Buffer.from([0xff, 0xfb, ...Array.from({ length: 4_000 }, (_, n) => (n * 7) % 251)]),
      'audio_unreadable',
    ],
    ['empty', () => empty, 'audio_empty'],
    ['too long', () => readFileSync(synthetic('sine=d=121')), 'audio_too_long'],
  ])('%s: says so', async (_, make, errorCode) => {
    const client = await ctx.register();
    const id = await sent(client, make());
    const events = await (await client.stream(`speech/transcriptions/${id}/events`)).collect();
    expect(events.at(-1)).toMatchObject({
      event: 'transcription.failed',
      data: { transcription: { status: 'failed', errorCode, text: null } },
    });
    expect(await ended(client, id)).toMatchObject({ status: 'failed', errorCode });
    expect(whisper.log).toEqual([]);
  });

  it('is refused where it is plainly something else, and nothing is kept', async () => {
    const client = await ctx.register();
    const picture = ffmpeg('-f', 'lavfi', '-i', 'testsrc=d=1:s=32x32', '-frames:v', '1', soundFile('png'));
    const others = [
      readFileSync(picture),
      Buffer.from('%PDF-1.7\n1 0 obj\n'),
      Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'),
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ];
    for (const file of others) {
      const { status, body } = await send(client, file);
      expect([status, body.code]).toEqual([415, 'unsupported_audio']);
    }
    expect((await send(client, Buffer.alloc(0))).body.code).toBe('file_empty');
    expect((await client.get('speech/transcriptions')).body.items).toEqual([]);
    expect(await ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', [client.account.id])).toEqual(
      [],
    );
  });

  it('is refused with wrong options, and nothing is kept', async () => {
    const client = await ctx.register();
    const stranger = await ctx.register();
    const theirs = await begin(stranger);
    const { fileId } = await transcribed(stranger, TONE);
    const bad: [object, number, string][] = [
      [{ language: 'not a language' }, 400, 'language'],
      [{ task: 'sing' }, 400, 'task'],
      [{ words: 'maybe' }, 400, 'words'],
      [{ prompt: 'x'.repeat(501) }, 400, 'prompt'],
      [{ volume: '11' }, 400, 'volume'],
      [{ fileId: '1' }, 400, 'fileId'],
    ];
    for (const [fields, status, field] of bad) {
      const answer = await send(client, TONE, fields);
      expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([status, field]);
    }
    expect((await send(client, TONE, { conversationId: theirs })).status).toBe(404);
    expect((await send(client, TONE, { topicId: 999_999 })).status).toBe(404);
    expect((await client.post('speech/transcriptions', { fileId })).status).toBe(404);
    expect((await client.post('speech/transcriptions', {})).status).toBe(400);
    expect(await ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', [client.account.id])).toEqual(
      [],
    );
  });
});

describe('a transcription', () => {
  async function cancelled(client: ApiClient, id: number) {
    return (await client.post(`speech/transcriptions/${id}/cancel`, undefined, { expect: 200 })).body;
  }

  it('is cancelled while it is transcribed, and the engine is free at once', async () => {
    const client = await ctx.register();
    whisper.delayMs = 60_000;
    const id = await sent(client, TONE);
    const stream = await client.stream(`speech/transcriptions/${id}/events`);
    await eventually(async () => whisper.busy === 1, 10_000);
    const from = Date.now();
    expect(await cancelled(client, id)).toMatchObject({ status: 'cancelled', text: null });
    await eventually(async () => whisper.busy === 0, 5_000);
    expect(whisper.log[0]!.endedAt! - from).toBeLessThan(1_000);
    expect(whisper.log[0]!.outcome).toBe('cancelled');
    expect((await stream.collect()).at(-1)!.event).toBe('transcription.cancelled');
    expect(await cancelled(client, id)).toMatchObject({ status: 'cancelled' });
  });

  it('is cancelled while it waits, and never begins', async () => {
    const client = await ctx.register();
    whisper.delayMs = 60_000;
    const busy = await Promise.all(Array.from({ length: 4 }, () => sent(client, TONE)));
    for (const id of busy) await inStatus(client, id, 'running');
    const waiting = await sent(client, TONE);
    expect(await cancelled(client, waiting)).toMatchObject({ status: 'cancelled' });
    for (const id of busy) await cancelled(client, id);
    whisper.delayMs = 0;
    await transcribed(client, TONE);
    expect(await ended(client, waiting)).toMatchObject({ status: 'cancelled', duration: null });
    expect(whisper.done).toHaveLength(1);
  });

  it('that has ended stays as it is', async () => {
    const client = await ctx.register();
    const done = await transcribed(client, TONE);
    expect(await cancelled(client, done.id)).toEqual(done);
  });

  it('is listed, newest first, by its state and page by page', async () => {
    const client = await ctx.register();
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.unshift((await transcribed(client, TONE)).id);
    const page = (await client.get('speech/transcriptions?limit=2')).body;
    expect(page.items.map(({ id }: { id: number }) => id)).toEqual(ids.slice(0, 2));
    expect(page.items[0]).not.toHaveProperty('segments');
    const rest = (await client.get(`speech/transcriptions?limit=2&cursor=${page.nextCursor}`)).body;
    expect(rest).toMatchObject({ items: [{ id: ids[2] }], nextCursor: null });
    expect((await client.get('speech/transcriptions?status=failed')).body.items).toEqual([]);
  });

  it('is deleted with its recording, unless another one has that', async () => {
    const client = await ctx.register();
    const { id, fileId } = await transcribed(client, TONE);
    const { body: again } = await client.post('speech/transcriptions', { fileId }, { expect: 202 });
    await ended(client, again.id);
    const files = () => ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', [client.account.id]);
    await client.delete(`speech/transcriptions/${id}`, undefined, { expect: 204 });
    expect((await client.get(`speech/transcriptions/${id}`)).status).toBe(404);
    expect(await files()).toHaveLength(1);
    await client.delete(`speech/transcriptions/${again.id}`, undefined, { expect: 204 });
    expect(await files()).toEqual([]);
    expect((await client.delete(`speech/transcriptions/${id}`)).status).toBe(404);
  });

  it('that is deleted while it is transcribed frees the engine, and its listeners', async () => {
    const client = await ctx.register();
    whisper.delayMs = 60_000;
    const id = await sent(client, TONE);
    const stream = await client.stream(`speech/transcriptions/${id}/events`);
    await eventually(async () => whisper.busy === 1, 10_000);
    await client.delete(`speech/transcriptions/${id}`, undefined, { expect: 204 });
    await eventually(async () => whisper.busy === 0, 2_000);
    expect((await stream.collect()).at(-1)!.event).toBe('transcription.cancelled');
  });

  it('goes with its conversation, and with its account', async () => {
    const client = await ctx.register();
    const conversationId = await begin(client);
    whisper.delayMs = 60_000;
    const id = await sent(client, TONE, { conversationId });
    const stream = await client.stream(`speech/transcriptions/${id}/events`);
    await eventually(async () => whisper.busy === 1, 10_000);
    await client.delete(`conversations/${conversationId}`, undefined, { expect: 204 });
    await eventually(async () => whisper.busy === 0, 5_000);
    await stream.collect();
    const left = (table: string) =>
      ctx.query(`SELECT id FROM ${table} WHERE owner_id = ?`, [client.account.id]);
    expect([await left('transcriptions'), await left('stored_files')]).toEqual([[], []]);
    await sent(client, TONE);
    await client.delete('users/me', { password: client.account.password }, { expect: 204 });
    expect([await left('transcriptions'), await left('stored_files')]).toEqual([[], []]);
  });

  it('is nobody else’s', async () => {
    const client = await ctx.register();
    const { id } = await transcribed(client, TONE);
    const stranger = await ctx.register();
    const path = `speech/transcriptions/${id}`;
    for (const answer of [
      await stranger.get(path),
      await stranger.get(`${path}/events`),
      await stranger.post(`${path}/cancel`),
      await stranger.delete(path),
    ])
      expect(answer.status).toBe(404);
    expect((await client.get(path)).status).toBe(200);
  });
});

describe('an idempotency key', () => {
  const keyed = { headers: { 'Idempotency-Key': 'once' } };

  it('makes one transcription, however often and how closely it comes', async () => {
    const client = await ctx.register();
    const answers = await Promise.all(Array.from({ length: 6 }, () => send(client, TONE, {}, keyed)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 202));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(5);
    const done = await ended(client, answers[0]!.body.id);
    expect((await send(client, TONE, {}, keyed)).body).toEqual(done);
    expect(whisper.log).toHaveLength(1);
    const files = await ctx.query('SELECT id FROM stored_files WHERE owner_id = ?', [client.account.id]);
    expect(files).toHaveLength(1);
  });

  it('is for one recording and its options', async () => {
    const client = await ctx.register();
    await send(client, TONE, {}, keyed);
    for (const answer of [
      await send(client, LONG, {}, keyed),
      await send(client, TONE, { language: 'en' }, keyed),
    ])
      expect([answer.status, answer.body.code]).toEqual([422, 'idempotency_key_reused']);
    expect((await send(await ctx.register(), TONE, {}, keyed)).headers).not.toHaveProperty(
      'idempotent-replayed',
    );
  });
});

describe('the events of a transcription', () => {
  it('can be read from any place, while it runs and when its stream is forgotten', async () => {
    const client = await ctx.register();
    whisper.delayMs = 200;
    const id = await sent(client, LONG);
    const path = `speech/transcriptions/${id}/events`;
    const live = await (await client.stream(path)).collect();
    const behind = await (await client.stream(path, { headers: { 'Last-Event-ID': '3' } })).collect();
    expect(behind.map(({ id: at, data }) => [at, data])).toEqual(
      live.slice(3).map(({ id: at, data }) => [at, data]),
    );
    const after = await (await client.stream(`${path}?after=${live.length - 1}`)).collect();
    expect(after).toHaveLength(1);
  });
});
