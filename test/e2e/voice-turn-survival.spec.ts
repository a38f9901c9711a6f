import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import type { ApiClient } from '../support/client.ts';
import type { EventStream, SseEvent } from '../support/event-stream.ts';
import { form } from '../support/recordings.ts';
import { synthetic } from '../support/sounds.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually, textOf } from '../support/talk.ts';
import { bySource, faultsOf, say, spokenOf } from '../support/voice.ts';
import { startWhisperStandIn } from '../support/whisper-stand-in.ts';

/** Before the API starts: its address is in the environment. */
const whisper = await startWhisperStandIn();
afterAll(() => whisper.stop());

const env = { WHISPER_URL: whisper.url, TTS_PROVIDER: 'openai', LLM_MAX_RETRIES: '0' };
const isShared = inject('dialect') === 'mariadb';

const TONE = synthetic('sine=d=1');
const SENTENCES = ['One is here.', 'Two is here.', 'Three is here.', 'Four is here.', 'Five is here.'];
/** More than anybody waits for. */
const LONG_MS = 60_000;
const ENDING_MS = 40_000;

const STAGES = ['transcribing', 'answering', 'speaking'] as const;
type Stage = (typeof STAGES)[number];

describe('a voice turn', () => {
  const ctx = useApi({ env });
  let worker: ApiProcess | undefined;

  beforeEach(async () => {
    whisper.reset();
    ctx.upstream.reset();
    if (isShared && !worker) worker = await ctx.startWorker();
  });

  /** A voice turn that does not get beyond its stage by itself. */
  async function caught(client: ApiClient, stage: Stage) {
    const id = await begin(client);
    if (stage === 'transcribing') whisper.delayMs = LONG_MS;
    const answer = { gap: 0, pieces: SENTENCES.map((sentence) => `${sentence} `) };
    ctx.upstream.choose = (body) => {
      if ('input' in body) return body.input === SENTENCES[0] ? {} : { delay: LONG_MS };
      return stage === 'answering' ? { ...answer, hang: 2 } : answer;
    };
    const stream = await say(client, id, TONE);
    const { voiceTurn } = (await stream.nextOf('voice.created')).data;
    if (stage === 'transcribing') await eventually(async () => whisper.busy === 1);
    else await stream.nextOf('speech.sentence');
    // What is in the row by now is not lost with the process.
    if (stage === 'answering')
      await eventually(async () => {
        const rows = await ctx.query('SELECT content FROM messages WHERE conversation_id = ?', [id]);
        return rows.some(({ content }) => content === `${SENTENCES[0]} ${SENTENCES[1]} `);
      });
    if (stage === 'speaking')
      await eventually(async () => stream.received.some(({ event }) => event === 'message.completed'));
    return { id, stream, path: `voice-messages/${voiceTurn.id}` };
  }

  /** From now on everything is quick. */
  function free(): void {
    whisper.delayMs = 0;
    ctx.upstream.choose = (body) =>
      'input' in body ? {} : { gap: 0, pieces: SENTENCES.map((sentence) => `${sentence} `) };
  }

  /** Kills the process that does the work, and starts another one. */
  async function killAndStart(): Promise<void> {
    await (worker ?? ctx.api).kill();
    free();
    if (worker) worker = await ctx.startWorker();
    else await ctx.restart();
  }

  /** What a client has seen that came back where its stream broke. */
  async function allOf(client: ApiClient, stream: EventStream, path: string): Promise<SseEvent[]> {
    await stream.collect().catch(() => undefined);
    const seen = stream.received;
    if (/^voice\.(done|failed|cancelled)$/.test(seen.at(-1)!.event)) return seen;
    const headers = { 'Last-Event-ID': String(seen.at(-1)!.id) };
    return [...seen, ...(await (await client.stream(`${path}/events`, { headers })).collect())];
  }

  async function assertSettled(id: number, answers: number): Promise<void> {
    await eventually(async () => {
      const due = 'SELECT id FROM voice_turns WHERE due_at IS NOT NULL OR active_in IS NOT NULL';
      return (await ctx.query(due)).length === 0;
    });
    const rows = await ctx.query('SELECT id FROM messages WHERE conversation_id = ?', [id]);
    expect(rows).toHaveLength(answers * 2);
  }

  it.each(STAGES)(
    'ends once, though its process is killed while %s',
    async (stage) => {
      const client = await ctx.register();
      const { id, stream, path } = await caught(client, stage);
      await killAndStart();
      const events = await allOf(client, stream, path);
      expect(faultsOf(events)).toEqual([]);
      expect(events.at(-1)!.event).toBe('voice.done');
      const { turn } = bySource(events);
      expect(turn.filter(({ event }) => event === 'message.created')).toHaveLength(1);
      const last = turn.at(-1)!;
      expect(last.event).toBe(stage === 'answering' ? 'message.interrupted' : 'message.completed');
      const expected = stage === 'answering' ? SENTENCES.slice(0, 2) : SENTENCES;
      expect(spokenOf(events).map(({ text }) => text)).toEqual(expected);
      const { body } = await client.get(path, { expect: 200 });
      expect(body.sentences).toEqual(spokenOf(events));
      expect(body.assistantMessage).toEqual(last.data.message);
      for (const { url } of spokenOf(events)) await client.get(url, { expect: 200 });
      await assertSettled(id, 1);
    },
    ENDING_MS,
  );

  it('goes on in another process where its own ends in order', { timeout: ENDING_MS }, async () => {
    const client = await ctx.register();
    const { id, stream, path } = await caught(client, 'speaking');
    if (worker) {
      const other = await ctx.startWorker();
      free();
      expect((await worker.stop()).code).toBe(0);
      worker = other;
    } else {
      free();
      await ctx.restart();
    }
    const events = await allOf(client, stream, path);
    expect(faultsOf(events)).toEqual([]);
    expect(spokenOf(events).map(({ text }) => text)).toEqual(SENTENCES);
    await assertSettled(id, 1);
  });

  it.runIf(isShared)(
    'is read on at another process, and where Redis was away',
    { timeout: ENDING_MS },
    async () => {
      const client = await ctx.register();
      const other = await ctx.startAnother();
      const { id, stream, path } = await caught(client, 'answering');
      const there = await client.at(other.url).stream(`${path}/events`);
      await there.nextOf('speech.sentence');
      await ctx.redis!.restart(1_000);
      free();
      const { assistantMessageId } = (await client.get(path)).body;
      await eventually(
        async () => (await client.post(`messages/${assistantMessageId}/stop`)).status === 200,
        10_000,
      );
      for (const events of [
        await allOf(client, stream, path),
        await allOf(client.at(other.url), there, path),
      ]) {
        expect(faultsOf(events)).toEqual([]);
        expect(events.at(-1)!.event).toBe('voice.cancelled');
        expect(textOf(events)).toBe(`${SENTENCES[0]} ${SENTENCES[1]} `);
      }
      await assertSettled(id, 1);
    },
  );

  it.runIf(isShared)('goes on though the API is killed', { timeout: ENDING_MS }, async () => {
    const client = await ctx.register();
    const { id, stream, path } = await caught(client, 'speaking');
    await ctx.api.kill();
    free();
    await ctx.restart();
    const { voiceTurn } = stream.received[0]!.data;
    await client.post(`voice-messages/${voiceTurn.id}/stop`, undefined, { expect: 200 });
    const events = await allOf(client, stream, path);
    expect(faultsOf(events)).toEqual([]);
    expect(events.at(-1)!.event).toBe('voice.cancelled');
    await assertSettled(id, 1);
  });
});

describe('an installation without Whisper', () => {
  const ctx = useApi({ env: { WHISPER_MODEL: '/nowhere.bin' } });

  it('says so, and stores nothing', async () => {
    // Where there is a worker, the API hears from it.
    if (isShared) await ctx.startWorker();
    const client = await ctx.register();
    const id = await begin(client);
    await eventually(
      async () => (await client.get('speech')).body.transcription.state === 'not_set_up',
      20_000,
    );
    const refused = await client.post(`conversations/${id}/voice-messages`, form({ file: TONE }));
    expect([refused.status, refused.body.code]).toEqual([503, 'speech_not_set_up']);
    for (const table of ['voice_turns', 'transcriptions', 'stored_files', 'blob_removals'])
      expect(await ctx.query(`SELECT * FROM ${table}`)).toEqual([]);
  });
});
