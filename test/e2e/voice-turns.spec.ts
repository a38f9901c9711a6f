import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { form } from '../support/recordings.ts';
import { ffmpeg, pcmOf, soundFile, synthetic } from '../support/sounds.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually, textOf } from '../support/talk.ts';
import { bySource, faultsOf, namesOf, say, spokenOf } from '../support/voice.ts';
import { startWhisperStandIn, textOfSound } from '../support/whisper-stand-in.ts';

/** Before the API starts: its address is in the environment. */
const whisper = await startWhisperStandIn();
afterAll(() => whisper.stop());

const ctx = useApi({ env: { WHISPER_URL: whisper.url, LLM_MAX_RETRIES: '0' } });

beforeAll(async () => {
  if (inject('dialect') === 'mariadb') await ctx.startWorker();
});

beforeEach(() => {
  whisper.reset();
  ctx.upstream.reset();
});

const TONE = synthetic('sine=d=1');
const HEARD = textOfSound(pcmOf(TONE));

const SENTENCES = ['Good morning to you.', 'How are you today?', 'I hope that you are well.'];
/** The answer in pieces that end in the middle of words and sentences. */
const PIECES = SENTENCES.join(' ').match(/.{1,4}/gs)!;

/** What the model is to say, and how fast. */
function answers(gap: number, pieces: string[] = PIECES, more: object = {}): void {
  ctx.upstream.choose = () => ({ gap, pieces, ...more });
}

async function bytesOf(client: ApiClient, url: string): Promise<Buffer> {
  const answer = await client.get(url, { expect: 200 });
  expect(answer.headers['content-type']).toBe('audio/mpeg');
  return answer.bytes;
}

/** How long a sound is, in seconds; throws where it is none. */
function secondsOf(sound: Buffer): number {
  const file = soundFile('mp3');
  writeFileSync(file, sound);
  return pcmOf(file).length / 32_000;
}

describe('a voice turn', () => {
  it('is heard, said, answered and spoken, in one stream of events', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(25);
    const stream = await say(client, id, TONE, { language: 'zh' });
    const events = await stream.collect();
    expect(faultsOf(events)).toEqual([]);
    expect(
      namesOf(events).filter((name) => !name.startsWith('message.') && name !== 'speech.sentence'),
    ).toEqual([
      ...['voice.created', 'transcription.created', 'transcription.segment', 'transcript', 'voice.done'],
    ]);
    const { transcription, turn } = bySource(events);
    expect(transcription.at(-1)!.data).toMatchObject({ text: HEARD, language: 'zh' });
    const [created, ended] = [turn[0]!.data, turn.at(-1)!.data.message];
    expect(created.userMessage).toMatchObject({ role: 'user', content: HEARD, conversationId: id });
    expect(created.userMessage.files).toMatchObject([{ kind: 'recording' }]);
    expect(ended).toMatchObject({ status: 'completed', content: SENTENCES.join(' ') });
    expect(textOf(events)).toBe(ended.content);
    const spoken = spokenOf(events);
    expect(spoken.map(({ text }) => text)).toEqual(SENTENCES);
    for (const { url } of spoken) expect(secondsOf(await bytesOf(client, url))).toBeGreaterThan(0.5);
    const { voiceTurn } = events.at(-1)!.data;
    expect(voiceTurn).toMatchObject({
      ...{ conversationId: id, status: 'done', userMessageId: created.userMessage.id },
      ...{ assistantMessageId: ended.id, speak: true, format: 'mp3', errorCode: null, speechErrorCode: null },
    });
    const { body } = await client.get(`voice-messages/${voiceTurn.id}`, { expect: 200 });
    expect(body).toEqual({
      ...{ ...voiceTurn, transcription: transcription.at(-1)!.data.transcription },
      ...{ userMessage: created.userMessage, assistantMessage: ended, sentences: spoken },
    });
    const { body: page } = await client.get(`conversations/${id}/messages`);
    expect(page.items).toEqual([created.userMessage, ended]);
    const asked = ctx.upstream.log[0]!.body as any;
    expect(asked.messages).toEqual([{ role: 'user', content: HEARD }]);
  });

  it('is heard before its text is finished', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    // The last piece comes only when the first sentence was heard.
    answers(0, [...PIECES, ' And', ' so', ' on.'], { hang: PIECES.length + 1 });
    const stream = await say(client, id, TONE);
    const { data: first } = await stream.nextOf('speech.sentence');
    expect(first).toMatchObject({ index: 0, text: SENTENCES[0] });
    expect((await bytesOf(client, first.url)).length).toBeGreaterThan(1_000);
    expect(stream.received.every(({ event }) => event !== 'message.completed')).toBe(true);
    const { voiceTurn } = stream.received[0]!.data;
    await client.post(`voice-messages/${voiceTurn.id}/stop`, undefined, { expect: 200 });
    await stream.collect();
  });

  it('is told of no sentence that went on behind its stop, and keeps nothing of it', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const pieces = ['Look at example', '.', 'com, it is good', '.', ' Bye now', '.'];
    const heard = async (gap: number, of: number) => {
      answers(gap, pieces);
      const events = await (await say(client, of, TONE)).collect();
      expect(faultsOf(events)).toEqual([]);
      expect(spokenOf(events).map(({ text }) => text)).toEqual([
        'Look at example.com, it is good.',
        'Bye now.',
      ]);
      return Promise.all(spokenOf(events).map(({ url }) => bytesOf(client, url)));
    };
    // Long enough that what looks like a sentence is spoken before it is known to be none.
    const [first, second] = await heard(700, id);
    expect(await heard(0, await begin(client))).toEqual([first, second]);
    await eventually(async () => (await ctx.query('SELECT * FROM blob_removals')).length === 0);
    const kinds = await ctx.query('SELECT kind FROM stored_files WHERE conversation_id = ? ORDER BY id', [
      id,
    ]);
    expect(kinds.map(({ kind }) => kind)).toEqual(['recording', 'clip', 'clip']);
  });

  it('is answered whole where no stream is asked for', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(0);
    const { body } = await client.post(
      `conversations/${id}/voice-messages`,
      form({ file: TONE }, { format: 'wav' }),
      {
        expect: 201,
      },
    );
    expect(body).toMatchObject({
      ...{ status: 'done', conversationId: id, format: 'wav' },
      ...{ transcription: { status: 'done', text: HEARD }, userMessage: { content: HEARD } },
      assistantMessage: { status: 'completed', content: SENTENCES.join(' ') },
    });
    expect(body.sentences.map(({ text }: { text: string }) => text)).toEqual(SENTENCES);
    const sound = await client.get(body.sentences[0].url, { expect: 200 });
    expect(sound.headers['content-type']).toBe('audio/wav');
    expect((await client.get(`voice-messages/${body.id}`)).body).toEqual(body);
  });

  it('may be silent, and go on from where one wants', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(0);
    const { body: first } = await client.post(`conversations/${id}/messages`, { content: 'First' });
    await client.post(`conversations/${id}/messages`, { content: 'Second' });
    const fields = { speak: false, replyTo: first.assistantMessage.id };
    const events = await (await say(client, id, TONE, fields)).collect();
    expect(spokenOf(events)).toEqual([]);
    expect(events.at(-1)!.event).toBe('voice.done');
    const { userMessage } = bySource(events).turn[0]!.data;
    expect(userMessage.replyTo).toBe(first.assistantMessage.id);
    const anew = await (await say(client, id, TONE, { speak: false, replyTo: 0 })).collect();
    expect(bySource(anew).turn[0]!.data.userMessage.replyTo).toBeNull();
    const refused = await client.post(
      `conversations/${id}/voice-messages`,
      form({ file: TONE }, { replyTo: userMessage.id }),
    );
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'replyTo']);
  });

  it('goes on behind every event, with the same events of each source', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(5);
    const events = await (await say(client, id, TONE)).collect();
    const path = `voice-messages/${events[0]!.data.voiceTurn.id}/events`;
    expect(faultsOf(await (await client.stream(path)).collect())).toEqual([]);
    for (const [index, { id: seen }] of events.entries()) {
      const rest = await (await client.stream(`${path}?after=${seen}`)).collect();
      expect(bySource(rest)).toEqual(bySource(events.slice(index + 1)));
      if (rest.length > 0) expect(rest.at(-1)).toMatchObject({ id: events.at(-1)!.id });
    }
    const header = { 'Last-Event-ID': String(events.at(-2)!.id) };
    const last = await (await client.stream(path, { headers: header })).collect();
    expect(last.map(({ event }) => event)).toEqual(['voice.done']);
    for (const after of ['7', 't1', 't1.m1.s1.x1']) {
      const refused = await client.get(`${path}?after=${after}`);
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'after']);
    }
  });

  it('goes on live for a client that is cut off again and again', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(15);
    const first = await say(client, id, TONE);
    await first.nextOf('voice.created');
    const seen = [...first.received.slice(0, 1)];
    first.close();
    const path = `voice-messages/${seen[0]!.data.voiceTurn.id}/events`;
    for (let cut = 1; !/^voice\.(done|failed|cancelled)$/.test(seen.at(-1)!.event); cut += 1) {
      const again = await client.stream(path, { headers: { 'Last-Event-ID': String(seen.at(-1)!.id) } });
      for (let taken = 0; taken < cut; taken += 1) {
        const event = await again.next();
        if (event) seen.push(event);
      }
      again.close();
    }
    expect(faultsOf(seen)).toEqual([]);
    expect(textOf(seen)).toBe(SENTENCES.join(' '));
    expect(spokenOf(seen).map(({ text }) => text)).toEqual(SENTENCES);
  });

  it('is rebuilt from its rows when its events are forgotten', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(0);
    const events = await (await say(client, id, TONE)).collect();
    await ctx.restart();
    if (ctx.redis) execFileSync('redis-cli', ['-u', ctx.redis.url, 'FLUSHALL']);
    const path = `voice-messages/${events[0]!.data.voiceTurn.id}/events`;
    const whole = await (await client.stream(path)).collect();
    expect(faultsOf(whole)).toEqual([]);
    expect(textOf(whole)).toBe(SENTENCES.join(' '));
    // Its beginning was told when nothing was known yet.
    expect(bySource(whole).speech.slice(1)).toEqual(bySource(events).speech.slice(1));
    for (const [index, { id: seen }] of events.entries()) {
      const rest = await (await client.stream(`${path}?after=${seen}`)).collect();
      expect(bySource(rest).speech).toEqual(bySource(events.slice(index + 1)).speech);
      const isTurnOver = events.slice(0, index + 1).some(({ event }) => event === 'message.completed');
      expect(bySource(rest).turn.at(-1)?.event).toBe(isTurnOver ? undefined : 'message.completed');
    }
  });
});

describe('a voice turn beside others', () => {
  it('has its conversation to itself, and waits for a typed one that came in between', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    whisper.delayMs = 1_500;
    const stream = await say(client, id, TONE);
    const { voiceTurn } = (await stream.nextOf('voice.created')).data;
    const second = await client.post(`conversations/${id}/voice-messages`, form({ file: TONE }));
    expect([second.status, second.body.code, second.body.runningVoiceTurnId]).toEqual([
      ...[409, 'turn_running', voiceTurn.id],
    ]);
    const slow = { gap: 20, pieces: ['I ', 'am ', 'typed.', ...Array<string>(120).fill(' Yes.')] };
    ctx.upstream.choose = (body) =>
      body.messages.at(-1).content === 'Me first' ? slow : { gap: 0, pieces: PIECES };
    const typed = await client.stream(`conversations/${id}/messages`, { body: { content: 'Me first' } });
    await typed.nextOf('message.delta');
    const elsewhere = form({ file: TONE }, { speak: false });
    const other = await client.post(`conversations/${await begin(client)}/voice-messages`, elsewhere);
    expect(other.status).toBe(201);
    const events = await stream.collect();
    expect(faultsOf(events)).toEqual([]);
    expect(events.at(-1)!.event).toBe('voice.done');
    const { body: page } = await client.get(`conversations/${id}/messages`);
    expect(page.items.map(({ role }: { role: string }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ]);
    expect(page.items[0].content).toBe('Me first');
    expect(page.items[1]).toMatchObject({ status: 'completed' });
    await typed.collect();
  });

  it('is refused while a typed one runs, and nothing is stored', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(20, ['On '], { 'never-ending': true });
    const typed = await client.stream(`conversations/${id}/messages`, { body: { content: 'Go' } });
    const { assistantMessage } = (await typed.nextOf('message.created')).data;
    const refused = await client.post(`conversations/${id}/voice-messages`, form({ file: TONE }));
    expect([refused.status, refused.body.code, refused.body.runningMessageId]).toEqual([
      ...[409, 'turn_running', assistantMessage.id],
    ]);
    expect(await ctx.query('SELECT id FROM voice_turns WHERE conversation_id = ?', [id])).toEqual([]);
    await client.post(`messages/${assistantMessage.id}/stop`, undefined, { expect: 200 });
  });

  it('is made once with one key, however often it is asked for', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(10);
    const headers = { 'Idempotency-Key': 'once' };
    const ask = () =>
      client.post(`conversations/${id}/voice-messages`, form({ file: TONE }), { headers, expect: 201 });
    const all = await Promise.all([ask(), ask(), ask()]);
    all.push(await ask());
    for (const { body } of all) expect(body).toEqual(all[0]!.body);
    expect(all.filter(({ headers: got }) => got['idempotent-replayed'] === 'true')).toHaveLength(3);
    const events = await (await say(client, id, TONE, {}, headers)).collect();
    expect(faultsOf(events)).toEqual([]);
    const { body: page } = await client.get(`conversations/${id}/messages`);
    expect(page.items).toHaveLength(2);
    const other = await client.post(
      `conversations/${id}/voice-messages`,
      form({ file: TONE }, { speak: false }),
      {
        headers,
      },
    );
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('is nobody else’s', async () => {
    const [client, stranger] = await Promise.all([ctx.register(), ctx.register()]);
    const id = await begin(client);
    answers(0);
    const { body } = await client.post(
      `conversations/${id}/voice-messages`,
      form({ file: TONE }, { speak: false }),
    );
    const refusals = await Promise.all([
      stranger.get(`voice-messages/${body.id}`),
      stranger.get(`voice-messages/${body.id}/events`),
      stranger.post(`voice-messages/${body.id}/stop`),
      stranger.post(`conversations/${id}/voice-messages`, form({ file: TONE })),
    ]);
    expect(refusals.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });
});

describe('a voice turn that comes to nothing', () => {
  it('makes no messages where nobody speaks', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const silence = ffmpeg('-f', 'lavfi', '-i', 'anullsrc=d=1', '-ar', '16000', '-ac', '1', soundFile('wav'));
    const events = await (await say(client, id, silence)).collect();
    expect(faultsOf(events)).toEqual([]);
    expect(events.at(-1)).toMatchObject({
      ...{ event: 'voice.failed', data: { voiceTurn: { status: 'failed', errorCode: 'no_speech' } } },
    });
    expect((await client.get(`conversations/${id}/messages`)).body.items).toEqual([]);
    expect(ctx.upstream.log).toEqual([]);
  });

  it('says why, where the recording cannot be read', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const broken = ffmpeg('-i', TONE, soundFile('mp3'));
    writeFileSync(broken, Buffer.concat([Buffer.from('ID3'), Buffer.alloc(4_000, 1)]));
    const answer = await client.post(
      `conversations/${id}/voice-messages`,
      form({ file: broken, name: 'a.mp3' }),
    );
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ status: 'failed', errorCode: 'audio_unreadable', userMessage: null });
  });

  it('says why, where it cannot be asked', async () => {
    const client = await ctx.register();
    const { body: bot } = await client.post('chatbots', { name: 'Gone' }, { expect: 201 });
    const id = await begin(client, { chatbotId: bot.id });
    await client.delete(`chatbots/${bot.id}`, undefined, { expect: 204 });
    const { body } = await client.post(`conversations/${id}/voice-messages`, form({ file: TONE }));
    expect(body).toMatchObject({ status: 'failed', errorCode: 'chatbot_deleted', assistantMessage: null });
    await eventually(async () => {
      const rows = await ctx.query(
        'SELECT id FROM voice_turns WHERE due_at IS NOT NULL OR active_in IS NOT NULL',
      );
      return rows.length === 0;
    });
  });

  it('is done with an answer that failed, whose part is spoken', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    answers(0, ['One sentence. ', 'And half'], { reset: 2 });
    const events = await (await say(client, id, TONE)).collect();
    expect(faultsOf(events)).toEqual([]);
    expect(bySource(events).turn.at(-1)!.event).toBe('message.failed');
    expect(spokenOf(events).map(({ text }) => text)).toEqual(['One sentence.', 'And half']);
    expect(events.at(-1)!.event).toBe('voice.done');
  });
});
