import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { converted, ffmpeg, type Sentence, soundFile, speak, synthetic } from '../support/sounds.ts';
import { SENTENCES } from '../support/spoken.ts';
import { useApi } from '../support/suite.ts';
import { asBase64, asDataUrl, type Learner, learner, saidBy } from '../support/tutor.ts';
import { startWhisperMachine } from '../support/whisper-machine.ts';

/** Before the API starts: its address is in the environment. */
const machine = await startWhisperMachine();
afterAll(() => machine.stop());

const MISSING = [400, { error: 'Missing required data!' }];
const NO_TOPIC = [400, { error: 'Invalid topic' }];
const NO_AUDIO = [400, { error: 'Invalid audio!' }];
const ID = expect.any(Number);

/** What the language model says: what the Whisper model knows, so that what is spoken can be checked. */
const REPLY = `${SENTENCES.hello.text} ${SENTENCES.thanks.text}`;
const { tianqi, weather, xiexie, fox } = SENTENCES;

describe('tutor: spoken turns', { timeout: 60_000 }, () => {
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
  const filesOf = (kind: string) =>
    ctx.query('SELECT id FROM stored_files WHERE owner_id = ? AND kind = ?', [me.id, kind]);

  describe('POST handle_audio', () => {
    it.each<[string, Sentence, string, (file: string) => string]>([
      ['Chinese, a WAV as a data URL', tianqi, 'wav', (file) => asDataUrl(file)],
      ['English, webm/opus that is called a WAV', weather, 'webm', (file) => asDataUrl(file)],
      ['Chinese, m4a, bare', xiexie, 'm4a', (file) => asBase64(file)],
      [
        'English, mp3, with a type of many words',
        fox,
        'mp3',
        (file) => `data:audio/webm;codecs="vp8,opus";base64,${asBase64(file)}`,
      ],
    ])('row: %s: the text, and a turn with the recording', async (_, sentence, ending, encode) => {
      const topic_id = await me.topic();
      const file = ending === 'wav' ? speak(sentence) : converted(speak(sentence), ending);
      const [status, body] = (await hear({ topic_id, prompt_voice: encode(file) })) as [number, any];
      expect([status, body]).toEqual([
        ...[200, { topic_id, conversation_id: ID, prompt: sentence.text, audio_assessment: '' }],
      ]);
      expect(await me.details(topic_id)).toEqual([
        {
          ...{ conversation_id: body.conversation_id, prompt_word: sentence.text, prompt: sentence.text },
          ...{ prompt_voice: asBase64(file), response_word: '', response_voice: '', audio_assessment: '' },
        },
      ]);
      const { body: message } = await me.client.get(`messages/${body.conversation_id}`, { expect: 200 });
      const kept = await me.client.get(`files/${message.files[0].id}/content`, { expect: 200 });
      expect(kept.bytes.equals(readFileSync(file))).toBe(true);
      expect(ctx.upstream.log).toEqual([]);
    });

    it('row: topic -1 makes one, also by a form', async () => {
      const form = new URLSearchParams({
        ...{ user_id: String(me.id), topic_id: '-1', prompt_voice: asBase64(speak(xiexie)) },
      });
      const sent = await fetch(`${ctx.api.url}/botchat/chat/handle_audio/`, {
        ...{ method: 'POST', body: form, headers: { authorization: `Bearer ${me.client.token}` } },
      });
      const body: any = await sent.json();
      expect([sent.status, body.prompt]).toEqual([200, xiexie.text]);
      expect(await me.details(body.topic_id)).toHaveLength(1);
    });

    it('otherwise: 400 without a field, or for an invalid user or topic', async () => {
      const other = await learner(ctx);
      const [topic_id, theirs] = [await me.topic(), await other.topic()];
      const prompt_voice = asBase64(speak(xiexie));
      for (const body of [{ topic_id }, { prompt_voice }, { topic_id, prompt_voice: '' }])
        expect(await hear(body)).toEqual(MISSING);
      expect(saidBy(await me.post('chat/handle_audio', { topic_id, prompt_voice }))).toEqual(MISSING);
      for (const unknown of [theirs, 10 ** 9, 0, 'abc'])
        expect(await hear({ topic_id: unknown, prompt_voice })).toEqual(NO_TOPIC);
      const stranger = await hear({ topic_id, prompt_voice, user_id: other.id });
      expect(stranger).toEqual([403, { error: expect.any(String) }]);
      expect(await filesOf('recording')).toEqual([]);
    });

    it.each<[string, () => string]>([
      ['no base64', () => 'data:audio/wav;base64,***'],
      ['nothing in a data URL', () => 'data:audio/wav;base64,'],
      ['a text', () => asBase64(Buffer.from('This is no sound at all.'))],
      [
        'noise of bytes',
        () => asBase64(Buffer.from(Array.from({ length: 5_000 }, (_, n) => (n * 97) % 251))),
      ],
      ['an empty WAV', () => asBase64(synthetic('anullsrc=d=0'))],
      ['silence', () => asBase64(synthetic('anullsrc=d=2'))],
      ['more than is taken', () => asBase64(synthetic('sine=d=25'))],
    ])('otherwise: 400 Invalid audio! for %s, and nothing is kept', async (_, voice) => {
      const topic_id = await me.topic();
      expect(await hear({ topic_id, prompt_voice: voice() })).toEqual(NO_AUDIO);
      expect(await hear({ topic_id: -1, prompt_voice: voice() })).toEqual(NO_AUDIO);
      expect(await filesOf('recording')).toEqual([]);
      expect(await me.details(topic_id)).toEqual([]);
      const [, { topics }] = (await me.read('gettopics', { user_id: me.id })) as [number, any];
      expect(topics.map((topic: any) => topic.topic_id)).toEqual([topic_id]);
    });

    it('otherwise: 413 for more than 16 MiB', async () => {
      const body = { user_id: me.id, topic_id: -1, prompt_voice: 'A'.repeat(16 * 1024 * 1024) };
      expect(saidBy(await me.post('chat/handle_audio', body))).toEqual([413, { error: expect.any(String) }]);
    });

    it('takes almost 16 MiB', async () => {
      // A sentence, and silence behind it as uncompressed as can be.
      const file = ffmpeg(
        ...['-i', speak(xiexie), '-af', 'apad=whole_dur=15.8', '-ac', '2', '-ar', '96000'],
        ...['-c:a', 'pcm_f32le', soundFile('wav')],
      );
      expect(asBase64(file).length).toBeGreaterThan(15 * 1024 * 1024);
      const [status, body] = (await hear({ topic_id: -1, prompt_voice: asDataUrl(file) })) as [number, any];
      expect([status, body.prompt]).toEqual([200, xiexie.text]);
    });
  });
});
