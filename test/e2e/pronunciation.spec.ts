import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { inStatus, sent, transcribed } from '../support/recordings.ts';
import { joined, pcmOf, type Sentence, SENTENCES, speak, synthetic } from '../support/sounds.ts';
import { type ApiContext, useApi } from '../support/suite.ts';
import { begin } from '../support/talk.ts';
import { say } from '../support/voice.ts';
import { startWhisperMachine } from '../support/whisper-machine.ts';
import { startWhisperStandIn, textOfSound } from '../support/whisper-stand-in.ts';

/** Before the API starts: their addresses are in the environment. */
const standIn = await startWhisperStandIn();
const machine = await startWhisperMachine();
afterAll(async () => {
  standIn.stop();
  await machine.stop();
});

const isMariaDb = inject('dialect') === 'mariadb';
const TONE = synthetic('sine=d=2');
const TEXT = textOfSound(pcmOf(TONE));

const statuses = ({ words }: { words: { text: string; status: string }[] }) =>
  words.map(({ text, status }) => `${text} ${status}`);

async function estimate(client: ApiClient, id: number, body?: Record<string, unknown>, language = 'en') {
  const headers = { 'accept-language': language };
  return (await client.post(`speech/transcriptions/${id}/reviews`, body, { expect: 200, headers })).body;
}

function withWorker(ctx: ApiContext): void {
  beforeAll(async () => {
    if (isMariaDb) await ctx.startWorker();
  });
}

describe('an estimate of pronunciation', () => {
  const ctx = useApi({ env: { WHISPER_URL: standIn.url } });
  withWorker(ctx);
  beforeEach(() => standIn.reset());

  it('is made of a transcription, at once, and kept with its target', async () => {
    const client = await ctx.register();
    const { id } = await transcribed(client, TONE, { words: true });
    const free = await estimate(client, id);
    expect(free).toMatchObject({
      ...{ messageId: null, transcriptionId: id, kind: 'pronunciation', language: 'en', status: 'done' },
      ...{ expression: null, gloss: null, error: null, provider: null, model: null },
      pronunciation: {
        ...{ estimate: true, basis: ['word_probability'], reason: null, engine: 'stand-in', heard: TEXT },
        ...{ target: null, coverage: null, speakingRate: null, pauses: [] },
      },
    });
    expect(free.pronunciation.summary).toMatch(/^Words heard: 2\. .*This is an estimate .* not a grade/);
    const repeated = await estimate(client, id, { target: `${TEXT} again` });
    expect(repeated.id).toBe(free.id);
    expect(repeated.pronunciation).toMatchObject({
      ...{
        basis: ['word_probability', 'alignment'],
        coverage: { matched: 2, of: 3 },
        target: `${TEXT} again`,
      },
    });
    expect(statuses(repeated.pronunciation).at(-1)).toBe('again missing');
    expect((await estimate(client, id)).pronunciation).toEqual(repeated.pronunciation);
    const chinese = await estimate(client, id, { target: TEXT }, 'zh');
    expect(chinese.id).not.toBe(free.id);
    expect(chinese.pronunciation.summary).toMatch(/^与原文一致：2 个词中的 2 个。.*不是评分/);
    const { items } = (await client.get(`speech/transcriptions/${id}/reviews`, { expect: 200 })).body;
    expect(items.map((review: { id: number }) => review.id)).toEqual([chinese.id, free.id]);
    expect(standIn.log).toHaveLength(1);
  });

  it('says what is missing', async () => {
    const client = await ctx.register();
    const without = await transcribed(client, TONE);
    expect((await estimate(client, without.id)).pronunciation).toMatchObject({
      basis: [],
      reason: 'no_words',
    });
    const { pronunciation: aligned } = await estimate(client, without.id, { target: TEXT });
    expect(aligned).toMatchObject({
      basis: ['alignment'],
      reason: 'no_words',
      coverage: { matched: 2, of: 2 },
    });
    const translated = await transcribed(client, TONE, { words: true, task: 'translate' });
    expect((await estimate(client, translated.id)).pronunciation).toMatchObject({
      basis: [],
      reason: 'translated',
    });
    standIn.delayMs = 60_000;
    const id = await sent(client, TONE, { words: true });
    await inStatus(client, id, 'running');
    expect((await estimate(client, id)).pronunciation).toMatchObject({
      basis: [],
      reason: 'not_transcribed',
    });
    await client.post(`speech/transcriptions/${id}/cancel`, undefined, { expect: 200 });
  });

  it('is one, however many ask for it at the same time', async () => {
    const client = await ctx.register();
    const { id } = await transcribed(client, TONE, { words: true });
    const made = await Promise.all(
      Array.from({ length: 10 }, (_, n) => estimate(client, id, { target: `number ${n}` })),
    );
    expect(new Set(made.map((review) => review.id)).size).toBe(1);
    expect(await ctx.query('SELECT id FROM reviews WHERE transcription_id = ?', [id])).toHaveLength(1);
  });

  it('is of the message too that was spoken, and for its owner only', async () => {
    const [client, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    const conversation = await begin(client);
    await (await say(client, conversation, TONE, { words: true, speak: false })).collect();
    const { items } = (await client.get(`conversations/${conversation}/messages`, { expect: 200 })).body;
    const { id: message } = items.find(({ role }: { role: string }) => role === 'user');
    const path = `messages/${message}/reviews`;
    const { body } = await client.post(path, { kind: 'pronunciation', target: TEXT }, { expect: 200 });
    expect(body).toMatchObject({
      ...{ messageId: message, transcriptionId: null, status: 'done' },
      pronunciation: { reason: null, heard: TEXT, coverage: { matched: 2, of: 2 } },
    });
    expect((await client.get(path, { expect: 200 })).body.items).toEqual([body]);
    const { items: transcriptions } = (await client.get('speech/transcriptions', { expect: 200 })).body;
    for (const [what, asked] of [
      [path, { kind: 'pronunciation' }],
      [`speech/transcriptions/${transcriptions[0].id}/reviews`, undefined],
    ] as const) {
      expect((await stranger.post(what, asked)).status).toBe(404);
      expect((await stranger.get(what)).status).toBe(404);
    }
    await client.delete(`conversations/${conversation}`, undefined, { expect: 204 });
    expect(await ctx.query('SELECT id FROM reviews WHERE message_id = ?', [message])).toEqual([]);
  });

  it('goes with its transcription', async () => {
    const client = await ctx.register();
    const { id } = await transcribed(client, TONE, { words: true });
    const review = await estimate(client, id);
    await client.delete(`speech/transcriptions/${id}`, undefined, { expect: 204 });
    expect((await client.get(`reviews/${review.id}`)).status).toBe(404);
    expect((await client.post(`speech/transcriptions/${id}/reviews`)).status).toBe(404);
  });
});

describe('an estimate of what a true engine heard', () => {
  const ctx = useApi({ env: { WHISPER_URL: `grpc://${machine.address}` } });
  withWorker(ctx);
  const named = (text: string): Sentence => SENTENCES.find((sentence) => sentence.text.includes(text))!;

  it('covers a sentence that was repeated, and names what was not', async () => {
    const client = await ctx.register();
    const { text } = named('fox');
    const { id } = await transcribed(client, speak(named('fox')), { words: true, language: 'en' });
    const { pronunciation: same } = await estimate(client, id, { target: text });
    expect(same).toMatchObject({
      ...{ reason: null, heard: text, coverage: { matched: 9, of: 9 } },
      ...{ basis: ['word_probability', 'timing', 'alignment'], speakingRate: { unit: 'words_per_minute' } },
    });
    expect(same.engine).toMatch(/whisper/);
    for (const { start, end, probability } of same.words) {
      expect(end).toBeGreaterThanOrEqual(start);
      expect(probability).toBeGreaterThan(0);
    }
    const { pronunciation: other } = await estimate(client, id, {
      target: 'The quick red fox jumps high over the dog.',
    });
    expect(statuses(other).filter((status) => !/ (clear|unclear)$/.test(status))).toEqual([
      'red different',
      'high missing',
      'lazy extra',
    ]);
    expect(other.coverage).toEqual({ matched: 7, of: 9 });
  });

  it('compares Chinese by characters', async () => {
    const client = await ctx.register();
    const { text } = named('今天');
    const { id } = await transcribed(client, speak(named('今天')), { words: true, language: 'zh' });
    const { pronunciation: found } = await estimate(client, id, { target: text }, 'zh');
    expect(found).toMatchObject({ coverage: { matched: 8, of: 8 }, reason: null });
    const { pronunciation: other } = await estimate(client, id, { target: '昨天的天气怎么样？' });
    expect(other.words[0]).toMatchObject({ text: '昨', heard: '今', status: 'different' });
    expect(other.coverage).toEqual({ matched: 7, of: 8 });
  });

  it('of silence is that nothing was heard', async () => {
    const client = await ctx.register();
    const { id, text } = await transcribed(client, synthetic('anullsrc=d=3'), { words: true });
    expect(text).toBe('');
    const { pronunciation: found } = await estimate(client, id, { target: 'Hello there' });
    expect(found).toMatchObject({ basis: [], reason: 'no_speech', coverage: { matched: 0, of: 2 } });
    expect(found.summary).toBe('No speech was heard in the recording.');
  });

  it('counts the pause between two sentences', async () => {
    const client = await ctx.register();
    // So long that they go to the engine as two pieces: the fixture model knows one sentence at a time.
    const file = joined([speak(named('fox')), speak(named('document'))], 29);
    const { id } = await transcribed(client, file, { words: true, language: 'en' });
    const { pronunciation: found } = await estimate(client, id);
    const [pause] = found.pauses.filter(({ seconds }: { seconds: number }) => seconds > 5);
    expect(pause.after).toBe('dog');
    expect(Math.abs(pause.seconds - 29)).toBeLessThan(1.5);
  });
});
