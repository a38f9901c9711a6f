import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { converted, pcmOf, type Sentence, soundFile, speak, synthetic } from '../support/sounds.ts';
import { SENTENCES } from '../support/spoken.ts';
import { useApi } from '../support/suite.ts';
import { transcribed } from '../support/recordings.ts';
import { asBase64, asDataUrl, type Learner, learner, saidBy } from '../support/tutor.ts';
import { startWhisperMachine } from '../support/whisper-machine.ts';

/** Before the API starts: its address is in the environment. */
const machine = await startWhisperMachine();
afterAll(() => machine.stop());

const MISSING = [400, { error: 'Missing required data!' }];
const NO_TOPIC = [400, { error: 'Invalid topic' }];
const NO_TURN = [400, { error: 'Invalid conversation' }];
const NO_AUDIO = [400, { error: 'Invalid audio!' }];
const ID = expect.any(Number);

/** What the language model says: what the Whisper model knows, so that what is spoken can be checked. */
const REPLY = `${SENTENCES.hello.text} ${SENTENCES.thanks.text}`;
const { tianqi, weather, xiexie, fox } = SENTENCES;

/** The file of an MP3 that came as base64; throws where ffmpeg makes nothing of it. */
function decoded(voice: string): string {
  const file = soundFile('mp3');
  writeFileSync(file, Buffer.from(voice, 'base64'));
  expect(pcmOf(file).length / 32_000).toBeGreaterThan(1);
  return file;
}

describe('tutor: spoken rounds', { timeout: 60_000 }, () => {
  const ctx = useApi({
    env: { WHISPER_URL: `grpc://${machine.address}`, LLM_MAX_RETRIES: '0', SPEECH_MAX_SECONDS: '20' },
  });
  let me: Learner;

  beforeAll(async () => {
    if (inject('dialect') === 'mariadb') await ctx.startWorker();
  });

  beforeEach(async () => {
    ctx.upstream.reset();
    ctx.upstream.choose = () => ({ pieces: REPLY.match(/.{1,5}/gs)! });
    me = await learner(ctx);
  });

  const hear = (body: object, who = me) => who.chat('handle_audio', body);
  const heard = async (topic_id: number | string, sentence: Sentence): Promise<any> => {
    const [status, body] = await hear({ topic_id, prompt_voice: asDataUrl(speak(sentence)) });
    expect([status, body]).toEqual([
      ...[200, { topic_id: ID, conversation_id: ID, prompt: sentence.text, audio_assessment: '' }],
    ]);
    return body;
  };
  const answer = (body: object) => me.chat('obtain_openai_response', body);
  const filesOf = (kind: string) =>
    ctx.query('SELECT id FROM stored_files WHERE owner_id = ? AND kind = ?', [me.id, kind]);

  describe('a round in three calls', () => {
    it('is heard, answered and spoken; the voice is made once and kept', async () => {
      const { topic_id, conversation_id } = await heard(await me.topic(), tianqi);
      expect(await answer({ topic_id, conversation_id, prompt_word: tianqi.text })).toEqual([
        ...[200, { topic_id, conversation_id, response: REPLY }],
      ]);
      const { messages } = ctx.upstream.log[0]!.body as any;
      expect(messages.slice(1)).toEqual([{ role: 'user', content: tianqi.text }]);
      const [status, spoken] = (await me.chat('tts', { conversation_id, response_word: REPLY })) as [
        number,
        any,
      ];
      expect([status, spoken]).toEqual([
        200,
        { response_voice: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) },
      ]);
      const mp3 = decoded(spoken.response_voice);
      expect((await transcribed(me.client, mp3)).text).toContain(SENTENCES.hello.text);
      // What is spoken is what is stored, whatever the client says that it is.
      for (const response_word of ['Something else', undefined])
        expect(await me.chat('tts', { conversation_id, response_word })).toEqual([200, spoken]);
      expect(await filesOf('clip')).toHaveLength(1);
      expect(await me.details(topic_id)).toEqual([
        {
          ...{ conversation_id, prompt_word: tianqi.text, prompt: tianqi.text, response_word: REPLY },
          ...{ prompt_voice: asBase64(speak(tianqi)), response_voice: spoken.response_voice },
          audio_assessment: '',
        },
      ]);
    });

    it('is answered in the words that were corrected, as the same turn', async () => {
      const { topic_id, conversation_id } = await heard(-1, weather);
      const prompt_word = 'What is the weather like in Shanghai tomorrow?';
      expect(await answer({ topic_id: -1, conversation_id: String(conversation_id), prompt_word })).toEqual([
        ...[200, { topic_id, conversation_id, response: REPLY }],
      ]);
      const { messages } = ctx.upstream.log[0]!.body as any;
      expect(messages.slice(1)).toEqual([{ role: 'user', content: prompt_word }]);
      expect(await me.details(topic_id)).toMatchObject([
        { conversation_id, prompt_word, response_word: REPLY },
      ]);
    });

    it('goes on where the process was started again in between', async () => {
      const { topic_id, conversation_id } = await heard(await me.topic(), xiexie);
      await ctx.restart();
      expect(await answer({ topic_id, conversation_id, prompt_word: xiexie.text })).toEqual([
        ...[200, { topic_id, conversation_id, response: REPLY }],
      ]);
      const [, { response_voice }] = (await me.chat('tts', { conversation_id })) as [number, any];
      await ctx.restart();
      expect(await me.chat('tts', { conversation_id })).toEqual([200, { response_voice }]);
      decoded(response_voice);
    });
  });

  describe('POST tts', () => {
    it('otherwise: 400 for a conversation that is not there, another’s alike', async () => {
      const other = await learner(ctx);
      const [, { topic_id }] = (await other.chat('sendword', { topic_id: -1, prompt_word: 'Hi' })) as [
        number,
        any,
      ];
      const [{ conversation_id: theirs }] = await other.details(topic_id);
      for (const conversation_id of [theirs, 10 ** 9, -1, 0, 'abc', undefined])
        expect(await me.chat('tts', { conversation_id, response_word: 'Hi' })).toEqual(NO_TURN);
    });

    it('otherwise: "" where there is nothing to speak', async () => {
      const { conversation_id } = await heard(-1, xiexie);
      expect(await me.chat('tts', { conversation_id })).toEqual([200, { response_voice: '' }]);
    });
  });

  describe('POST rerecord_voice', () => {
    const again = async (body: object, who = me) => saidBy(await who.post('chat/rerecord_voice', body));
    const REPLACED = [200, { success: true, message: 'Voice replaced successfully' }];

    it('row: transcribed again: text and recording of a turn without a response are the new ones', async () => {
      const { topic_id, conversation_id } = await heard(await me.topic(), weather);
      const prompt_voice = asDataUrl(speak(fox));
      expect(await again({ conversation_id, prompt_voice })).toEqual(REPLACED);
      const [turn] = await me.details(topic_id);
      expect(turn).toMatchObject({ conversation_id, prompt: fox.text, prompt_voice: asBase64(speak(fox)) });
      expect(await filesOf('recording')).toHaveLength(1);
      const { body } = await me.client.get('speech/transcriptions', { expect: 200 });
      expect(body.items.map(({ text }: { text: string }) => text)).toEqual([fox.text]);
      expect(await answer({ topic_id, conversation_id, prompt_word: fox.text })).toMatchObject([200, {}]);
    });

    it('row: a turn with a response keeps the text that it answers; the recording is the new one', async () => {
      const { topic_id, conversation_id } = await heard(await me.topic(), weather);
      await answer({ topic_id, conversation_id, prompt_word: weather.text });
      expect(
        await again({ conversation_id: String(conversation_id), prompt_voice: asBase64(speak(fox)) }),
      ).toEqual(REPLACED);
      expect(await me.details(topic_id)).toMatchObject([
        { prompt: weather.text, prompt_voice: asBase64(speak(fox)), response_word: REPLY },
      ]);
      const [, { audio_assessment }] = (await me.read('get_audio_assessment', { conversation_id })) as [
        number,
        any,
      ];
      expect(audio_assessment).toContain('9');
    });

    it('row: gives a typed turn its first recording', async () => {
      const [, { topic_id }] = (await me.chat('sendword', { topic_id: -1, prompt_word: 'Typed' })) as [
        number,
        any,
      ];
      const [{ conversation_id }] = await me.details(topic_id);
      expect(await again({ conversation_id, prompt_voice: asBase64(speak(fox)) })).toEqual(REPLACED);
      expect(await me.details(topic_id)).toMatchObject([
        { prompt: 'Typed', prompt_voice: asBase64(speak(fox)) },
      ]);
    });

    it('otherwise: 400, and all stays as it was', async () => {
      const other = await learner(ctx);
      const { topic_id, conversation_id } = await heard(await me.topic(), weather);
      const prompt_voice = asBase64(speak(fox));
      const before = await me.details(topic_id);
      for (const id of [conversation_id, 10 ** 9, -1, undefined])
        expect(await again({ conversation_id: id, prompt_voice }, other)).toEqual([
          ...[400, { success: false, message: 'Invalid conversation ID' }],
        ]);
      for (const bad of ['', '***', asBase64(Buffer.from('no sound')), asBase64(synthetic('anullsrc=d=2'))])
        expect(await again({ conversation_id, prompt_voice: bad })).toEqual([
          ...[400, { success: false, message: 'Invalid audio!' }],
        ]);
      expect(await me.details(topic_id)).toEqual(before);
      expect(await filesOf('recording')).toHaveLength(1);
    });
  });

  describe('POST sendvoice', () => {
    it('row: the whole round in one call', async () => {
      const topic_id = await me.topic();
      const body = { topic_id, prompt_voice: asDataUrl(converted(speak(tianqi), 'webm')) };
      const [status, said] = (await me.chat('sendvoice', body)) as [number, any];
      expect([status, said]).toEqual([
        ...[200, { response_word: REPLY, response_voice: expect.any(String), topic_id }],
      ]);
      expect((await transcribed(me.client, decoded(said.response_voice))).text).toContain(
        SENTENCES.hello.text,
      );
      expect(await me.details(topic_id)).toMatchObject([
        { prompt: tianqi.text, response_word: REPLY, response_voice: said.response_voice },
      ]);
    });

    it('otherwise: 400 as above, 502 where the model fails', async () => {
      const prompt_voice = asBase64(speak(xiexie));
      expect(await me.chat('sendvoice', { topic_id: -1 })).toEqual(MISSING);
      expect(await me.chat('sendvoice', { topic_id: 10 ** 9, prompt_voice })).toEqual(NO_TOPIC);
      expect(await me.chat('sendvoice', { topic_id: -1, prompt_voice: '***' })).toEqual(NO_AUDIO);
      ctx.upstream.choose = () => ({ status: 500 });
      expect(await me.chat('sendvoice', { topic_id: -1, prompt_voice })).toEqual([
        ...[502, { error: 'The language model is out of service just now.' }],
      ]);
      const [, { topics }] = (await me.read('gettopics', { user_id: me.id })) as [number, any];
      expect(await me.details(topics[0].topic_id)).toMatchObject([
        { prompt: xiexie.text, response_word: '' },
      ]);
    });
  });
});
