import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { synthetic } from '../support/sounds.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually, textOf } from '../support/talk.ts';
import { bySource, faultsOf, say, spokenOf } from '../support/voice.ts';
import { startWhisperStandIn } from '../support/whisper-stand-in.ts';

/** Before the API starts: its address is in the environment. */
const whisper = await startWhisperStandIn();
afterAll(() => whisper.stop());

const env = { WHISPER_URL: whisper.url, TTS_PROVIDER: 'openai', DISCONNECT_GRACE_MS: '300' };
const ctx = useApi({ env: { ...env, LLM_MAX_RETRIES: '0' } });

beforeAll(async () => {
  if (inject('dialect') === 'mariadb') await ctx.startWorker();
});

beforeEach(() => {
  whisper.reset();
  ctx.upstream.reset();
});

const TONE = synthetic('sine=d=1');
const SENTENCES = ['One is here.', 'Two is here.', 'Three is here.', 'Four is here.', 'Five is here.'];
/** More than anybody waits for. */
const LONG_MS = 60_000;

/** Where a voice turn is caught. */
const STAGES = ['transcribing', 'answering', 'speaking'] as const;
type Stage = (typeof STAGES)[number];

/** A voice turn that does not get beyond its stage by itself. */
async function caught(client: ApiClient, stage: Stage, fields: object = {}) {
  const id = await begin(client);
  if (stage === 'transcribing') whisper.delayMs = LONG_MS;
  const answer = { gap: 0, pieces: SENTENCES.map((sentence) => `${sentence} `) };
  ctx.upstream.choose = (body) => {
    if ('input' in body) return body.input === SENTENCES[0] ? {} : { delay: LONG_MS };
    return stage === 'answering' ? { ...answer, gap: 20, 'never-ending': true } : answer;
  };
  const stream = await say(client, id, TONE, fields);
  const { voiceTurn } = (await stream.nextOf('voice.created')).data;
  let answerId: number | undefined;
  if (stage === 'transcribing') await eventually(async () => whisper.busy === 1);
  else {
    answerId = (await stream.nextOf('message.created')).data.assistantMessage.id as number;
    await stream.nextOf('speech.sentence');
    if (stage === 'speaking') await eventually(async () => statusOf(client, answerId!, 'completed'));
  }
  return { id, stream, path: `voice-messages/${voiceTurn.id}`, answerId: answerId! };
}

async function statusOf(client: ApiClient, id: number, status: string): Promise<boolean> {
  return (await client.get(`messages/${id}`)).body.status === status;
}

/** Nothing of it is being worked on any more, and nothing will be. */
async function assertIdle(): Promise<void> {
  await eventually(async () => whisper.busy === 0);
  await eventually(async () =>
    ctx.upstream.log.every(({ finished, closedByClient }) => finished || closedByClient),
  );
  await eventually(async () => {
    const due = 'SELECT id FROM voice_turns WHERE due_at IS NOT NULL OR active_in IS NOT NULL';
    const rows = await ctx.query(`${due} UNION SELECT id FROM messages WHERE running_in IS NOT NULL`);
    return rows.length === 0;
  });
}

describe('a voice turn that is stopped', () => {
  it.each(STAGES)('while %s, says and does nothing further', async (stage) => {
    const client = await ctx.register();
    const { id, stream, path } = await caught(client, stage);
    const askedAt = performance.now();
    const { body } = await client.post(`${path}/stop`, undefined, { expect: 200 });
    expect(body).toMatchObject({ status: 'cancelled', errorCode: null });
    const events = await stream.collect();
    // How long it takes is another matter; a busy machine is allowed for.
    expect(performance.now() - askedAt).toBeLessThan(3_000);
    expect(faultsOf(events)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ event: 'voice.cancelled', data: { voiceTurn: body } });
    const ends = { transcribing: [], answering: ['message.stopped'], speaking: ['message.completed'] };
    expect(
      bySource(events)
        .turn.slice(-1)
        .map(({ event }) => event),
    ).toEqual(ends[stage]);
    if (stage === 'speaking') expect(spokenOf(events).map(({ text }) => text)).toEqual([SENTENCES[0]]);
    await assertIdle();
    const { body: page } = await client.get(`conversations/${id}/messages`);
    expect(page.items).toHaveLength(stage === 'transcribing' ? 0 : 2);
    if (stage !== 'transcribing') expect(page.items[1].content).toBe(textOf(events));
    expect((await client.post(`${path}/stop`, undefined, { expect: 200 })).body).toEqual(body);
    expect(bySource(await (await client.stream(`${path}/events`)).collect())).toEqual(bySource(events));
  });

  it.each(['answering', 'speaking'] as const)('by its answer while %s, is silent, too', async (stage) => {
    const client = await ctx.register();
    const { stream, answerId } = await caught(client, stage);
    await client.post(`messages/${answerId}/stop`, undefined, { expect: 200 });
    const events = await stream.collect();
    expect(faultsOf(events)).toEqual([]);
    expect(events.at(-1)!.event).toBe('voice.cancelled');
    await assertIdle();
  });

  it('while it waits for another turn, never says anything', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    whisper.delayMs = 500;
    ctx.upstream.choose = () => ({ gap: 20, 'never-ending': true });
    const stream = await say(client, id, TONE);
    const { voiceTurn } = (await stream.nextOf('voice.created')).data;
    const typed = await client.stream(`conversations/${id}/messages`, { body: { content: 'Me first' } });
    const { assistantMessage } = (await typed.nextOf('message.created')).data;
    await stream.nextOf('transcript');
    const { body } = await client.post(`voice-messages/${voiceTurn.id}/stop`, undefined, { expect: 200 });
    expect(body.status).toBe('cancelled');
    expect(faultsOf(await stream.collect())).toEqual([]);
    expect(await statusOf(client, assistantMessage.id, 'streaming')).toBe(true);
    await client.post(`messages/${assistantMessage.id}/stop`, undefined, { expect: 200 });
    await assertIdle();
    expect((await client.get(`conversations/${id}/messages`)).body.items).toHaveLength(2);
  });

  it.each(STAGES)('by the end of its conversation while %s, leaves nothing', async (stage) => {
    const client = await ctx.register();
    const { id, stream, path } = await caught(client, stage);
    await client.delete(`conversations/${id}`, undefined, { expect: 204 });
    await stream.collect();
    expect((await client.get(path)).status).toBe(404);
    await assertIdle();
    for (const table of ['voice_turns', 'transcriptions', 'messages', 'stored_files'])
      expect(await ctx.query(`SELECT id FROM ${table} WHERE conversation_id = ?`, [id])).toEqual([]);
  });

  it('when nobody listens any more, where that was asked for', async () => {
    const client = await ctx.register();
    const { stream, answerId } = await caught(client, 'answering', { onDisconnect: 'cancel' });
    stream.close();
    await eventually(async () => statusOf(client, answerId, 'stopped'));
    await assertIdle();
  });
});

describe('a voice that fails', () => {
  it('is told of once, and the answer is whole', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    ctx.upstream.choose = (body) => {
      if (!('input' in body)) return { gap: 10, pieces: SENTENCES.map((sentence) => `${sentence} `) };
      return body.input === SENTENCES[0] ? {} : { status: 400, code: 'invalid_request_error' };
    };
    const events = await (await say(client, id, TONE)).collect();
    expect(faultsOf(events)).toEqual([]);
    expect(bySource(events).turn.at(-1)!.event).toBe('message.completed');
    expect(textOf(events).trim()).toBe(SENTENCES.join(' '));
    const { speech } = bySource(events);
    expect(speech.map(({ event }) => event)).toEqual([
      ...['voice.created', 'speech.sentence', 'speech.failed', 'voice.done'],
    ]);
    expect(speech[2]!.data).toEqual({ code: 'speech_refused' });
    expect(speech[3]!.data.voiceTurn).toMatchObject({ status: 'done', speechErrorCode: 'speech_refused' });
    await assertIdle();
  });
});
