import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import { useApi } from '../support/suite.ts';
import { pcmOf, synthetic } from '../support/sounds.ts';
import { form } from '../support/recordings.ts';
import { eventually } from '../support/talk.ts';
import { asBase64, type Learner, learner, Learner as Person } from '../support/tutor.ts';
import { textOfSound } from '../support/whisper-stand-in.ts';

const isMariaDb = inject('dialect') === 'mariadb';
const TONE = synthetic('sine=d=1');
const OTHER = synthetic('sine=frequency=300:d=1');
const [HEARD, OTHER_HEARD] = [TONE, OTHER].map((file) => textOfSound(pcmOf(file))) as [string, string];

describe('tutor: recordings, whatever happens meanwhile', { timeout: 60_000 }, () => {
  const ctx = useApi({ whisper: true, env: { LLM_MAX_RETRIES: '0' } });
  let me: Learner;
  let topic_id: number;
  let worker: ApiProcess | undefined;

  beforeAll(async () => {
    if (isMariaDb) worker = await ctx.startWorker();
  });

  beforeEach(async () => {
    ctx.upstream.reset();
    ctx.whisper!.reset();
    ctx.upstream.choose = () => ({ pieces: ['Go on.'] });
    me = await learner(ctx);
    topic_id = await me.topic();
  });

  const hear = (file: string, who = me) =>
    who.chat('handle_audio', { topic_id, prompt_voice: asBase64(file) });
  const prompts = async () => (await me.details(topic_id)).map(({ prompt }) => prompt);
  const rows = (table: string) => ctx.query(`SELECT id FROM ${table} WHERE owner_id = ?`, [me.id]);

  it('the same recording sent again while it is being heard is one turn', async () => {
    ctx.whisper!.delayMs = 3_000;
    const [first, ...others] = await Promise.all([hear(TONE), hear(TONE), hear(TONE)]);
    expect(first).toMatchObject([200, { prompt: HEARD }]);
    expect(others).toEqual([first, first]);
    expect(await prompts()).toEqual([HEARD]);
    expect(await rows('stored_files')).toHaveLength(1);
    expect(ctx.whisper!.log).toHaveLength(1);
  });

  it('another process hears of the same one', async () => {
    const elsewhere = new Person(me.client.at((await ctx.startAnother()).url));
    ctx.whisper!.delayMs = 4_000;
    const [here, there] = await Promise.all([hear(TONE), hear(TONE, elsewhere)]);
    expect(here).toMatchObject([200, { prompt: HEARD }]);
    expect(there).toEqual(here);
    expect(await prompts()).toEqual([HEARD]);
  });

  it('another recording, and another turn, waits', async () => {
    ctx.whisper!.delayMs = 500;
    ctx.upstream.choose = () => ({ gap: 50, count: 20, pieces: ['la '] });
    const word = { topic_id, conversation_id: -1, prompt_word: 'Typed' };
    const answers = await Promise.all([hear(TONE), hear(OTHER), me.chat('obtain_openai_response', word)]);
    expect(answers.map(([status]) => status)).toEqual([200, 200, 200]);
    expect(new Set(await prompts())).toEqual(new Set([HEARD, OTHER_HEARD, 'Typed']));
  });

  it('the same recording again, later, is another turn', async () => {
    const [first, second] = [await hear(TONE), await hear(TONE)] as [number, any][];
    expect(second![1].conversation_id).toBeGreaterThan(first![1].conversation_id);
    expect(await prompts()).toEqual([HEARD, HEARD]);
  });

  it('a client that leaves finds its turn later', async () => {
    ctx.whisper!.delayMs = 3_000;
    const gone = new AbortController();
    const body = { user_id: me.id, topic_id, prompt_voice: asBase64(TONE) };
    const sending = me.post('chat/handle_audio', body, { signal: gone.signal });
    await expect.poll(() => ctx.whisper!.log.length, { timeout: 15_000 }).toBe(1);
    gone.abort();
    await expect(sending).rejects.toThrow();
    await expect.poll(prompts, { timeout: 15_000 }).toEqual([HEARD]);
  });

  it('a process that dies leaves nothing half done: the turn is there when another has gone on', async () => {
    ctx.whisper!.delayMs = 4_000;
    const sending = hear(TONE).catch((error: unknown) => error);
    await expect.poll(() => ctx.whisper!.log.length, { timeout: 15_000 }).toBe(1);
    ctx.api.signal('SIGKILL');
    expect(await sending).toBeInstanceOf(Error);
    await ctx.restart();
    await expect.poll(prompts, { timeout: 50_000 }).toEqual([HEARD]);
    expect(worker === undefined).toBe(!isMariaDb);
    const [{ conversation_id }] = await me.details(topic_id);
    const body = { topic_id, conversation_id, prompt_word: HEARD };
    expect(await me.chat('obtain_openai_response', body)).toEqual([
      ...[200, { topic_id, conversation_id, response: 'Go on.' }],
    ]);
  });
});

describe('tutor: recordings, where nothing hears them', () => {
  const ctx = useApi({ env: { PATH: '/nowhere' } });

  it('are answered with 503, and no topic is left', async () => {
    if (isMariaDb) await ctx.startWorker();
    const me = await learner(ctx);
    // Where there is a Redis, workers say what they can do.
    const state = async () => (await me.client.get('speech', { expect: 200 })).body.transcription.state;
    await eventually(async () => (await state()) === 'not_set_up', 15_000);
    expect(await me.chat('handle_audio', { topic_id: -1, prompt_voice: asBase64(TONE) })).toEqual([
      ...[503, { error: expect.any(String) }],
    ]);
    expect(await me.read('gettopics', { user_id: me.id })).toEqual([200, { topics: [] }]);
  });
});

describe('POST conversations/:id/voice-messages without an answer', () => {
  const ctx = useApi({ whisper: true });

  beforeAll(async () => {
    if (isMariaDb) await ctx.startWorker();
  });

  it('makes a message that waits, and is answered later', async () => {
    const client = await ctx.register();
    const { body: conversation } = await client.post('conversations', {}, { expect: 201 });
    const path = `conversations/${conversation.id}/voice-messages`;
    const { body } = await client.post(path, form({ file: TONE }, { answer: false }), { expect: 201 });
    expect(body).toMatchObject({
      ...{ status: 'done', answer: false, speak: false, assistantMessageId: null, assistantMessage: null },
      ...{ userMessage: { content: HEARD, role: 'user', files: [{ kind: 'recording' }] }, sentences: [] },
    });
    expect((await client.get(`voice-messages/${body.id}`)).body).toEqual(body);
    const stream = await client.stream(`voice-messages/${body.id}/events`);
    const names = (await stream.collect()).map(({ event }) => event);
    expect([names[0], names.at(-1), names.includes('message.created')]).toEqual([
      ...['voice.created', 'voice.done', false],
    ]);
    expect(ctx.upstream.log).toEqual([]);
    const regenerate = `messages/${body.userMessageId}/regenerate`;
    const { body: turn } = await client.post(regenerate, undefined, { expect: 201 });
    expect(turn.assistantMessage).toMatchObject({ status: 'completed', replyTo: body.userMessageId });
  });
});
