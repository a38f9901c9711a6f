import { beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { form, transcribed } from '../support/recordings.ts';
import { converted, type Sentence, speak } from '../support/sounds.ts';
import { SENTENCES } from '../support/spoken.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually } from '../support/talk.ts';
import { bySource, faultsOf, say, spokenOf } from '../support/voice.ts';
import { FIXTURE_MODEL, whisperServerBinary } from '../support/whisper-server.ts';

const WHISPER_SERVER_BIN = await whisperServerBinary();
const READY_MS = 60_000;

/** What the language model says: sentences that the Whisper model knows, so that what is spoken can be checked. */
const REPLY = [SENTENCES.hello.text, SENTENCES.thanks.text];

describe('a talk with nothing from outside but a language model', () => {
  const ctx = useApi({
    env: { WHISPER_SERVER_BIN, WHISPER_MODEL: FIXTURE_MODEL, WHISPER_THREADS: '1', TTS_PROVIDER: 'espeak' },
  });

  beforeAll(async () => {
    // With Redis the API runs no jobs, and so has no engine.
    if (ctx.dialect === 'mariadb') await ctx.startWorker();
    const client = await ctx.register();
    await eventually(async () => (await client.get('speech')).body.transcription.state === 'ready', READY_MS);
  }, 2 * READY_MS);

  it.each<[Sentence, string]>([
    [SENTENCES.weather, 'wav'],
    [SENTENCES.tianqi, 'webm'],
    [SENTENCES.reminder, 'm4a'],
    [SENTENCES.nihao, 'mp3'],
  ])('takes $text, answers in English, and its voice is understood', async (sentence, ending) => {
    const client = await ctx.register();
    const topic = { theme: 'At the airport', replyLanguage: 'en' };
    const { body: made } = await client.post('topics', topic, { expect: 201 });
    const id = await begin(client, { topicId: made.id });
    ctx.upstream.reset();
    ctx.upstream.choose = () => ({ gap: 10, pieces: REPLY.join(' ').match(/.{1,5}/gs)! });
    const file = ending === 'wav' ? speak(sentence) : converted(speak(sentence), ending);
    const events = await (await say(client, id, file, { voice: 'en-us' })).collect();
    expect(faultsOf(events)).toEqual([]);
    expect(events.at(-1)!.event).toBe('voice.done');
    const { transcription, turn } = bySource(events);
    expect(transcription.at(-1)!.data).toMatchObject({ text: sentence.text, language: sentence.language });
    expect(turn[0]!.data.userMessage).toMatchObject({ content: sentence.text });
    const [system] = (ctx.upstream.log[0]!.body as any).messages;
    expect(system.content).toContain(
      'Always answer in English, whatever language the message is written in.',
    );
    expect(spokenOf(events).map(({ text }) => text)).toEqual(REPLY);
    for (const { text, url } of spokenOf(events)) {
      const sound = await client.get(url, { expect: 200 });
      expect((await client.get(url)).bytes.equals(sound.bytes)).toBe(true);
      expect((await transcribed(client, sound.bytes)).text).toBe(text);
    }
    const recording = turn[0]!.data.userMessage.files[0];
    const kept = await client.get(`files/${recording.id}/content`, { expect: 200 });
    expect(kept.bytes.equals(readFileSync(file))).toBe(true);
  });

  it('is made by a recording that says what it is not', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    ctx.upstream.choose = () => ({ pieces: REPLY });
    const sent = { file: converted(speak(SENTENCES.fox), 'webm'), name: 'fox.mp3', type: 'audio/mpeg' };
    const { body } = await client.post(`conversations/${id}/voice-messages`, form(sent, { speak: false }), {
      expect: 201,
    });
    expect(body.userMessage.content).toBe(SENTENCES.fox.text);
    expect(body.userMessage.files[0].mediaType).toMatch(/^(audio|video)\/webm$/);
  });
});
