import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probe } from '../support/audio.ts';
import { expectDone, type Imported, keysOf, runImport } from '../support/import.ts';
import { chatsOf, comeBack, djangoHash, saidIn } from '../support/import-talk.ts';
import { TUTOR_TABLES } from '../support/old-database.ts';
import { oldDatabase, stopOldServer } from '../support/old-server.ts';
import { ffmpeg, SENTENCES, soundFile, speak } from '../support/sounds.ts';
import { blobPath } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { verifyFiles } from '../support/verify.ts';

const account = (id: number, username: string) => ({
  ...{ id, username, password: djangoHash(`secret of ${id}`), date_joined: '2023-09-01 10:00:00.123456' },
});

interface Sounds {
  wav: Buffer;
  webm: Buffer;
  mp3: Buffer;
}

function makeSounds(): Sounds {
  const wav = speak(SENTENCES[0]!);
  return {
    wav: readFileSync(wav),
    webm: readFileSync(ffmpeg('-i', wav, '-c:a', 'libopus', soundFile('webm'))),
    mp3: readFileSync(ffmpeg('-i', wav, soundFile('mp3'))),
  };
}

const turn = (id: number, topic_id: number | null, prompt: string | null, response: string | null) => ({
  ...{ id, topic_id, prompt, response },
  created_time: `2023-09-02 08:00:${String(id).padStart(2, '0')}.500000`,
});

type Voiced = Record<string, unknown>;

describe('an import of the tutor', { timeout: 120_000 }, () => {
  const ctx = useApi();
  let done: Imported;
  let sounds: Sounds;

  const voiced = (row: Voiced, prompt_audio: unknown = null, response_audio: unknown = null) => ({
    ...row,
    ...{ prompt_audio, response_audio, audio_assessment: '不错', expression_assessment: '' },
  });

  const query = (sql: string, values: unknown[] = []) => ctx.query(sql, values);

  beforeAll(async () => {
    sounds = makeSounds();
    const { wav, webm, mp3 } = sounds;
    const old = await oldDatabase('tutor_of_import');
    await old.run(...TUTOR_TABLES);
    await old.insert('auth_user', [account(1, 'lin'), account(2, 'mei')]);
    await old.insert('topics', [
      {
        id: 1,
        user_id: 1,
        theme: 'Food Ordering',
        context: 'They ordered soup.',
        custom_context: 'You are a waiter.',
      },
      { id: 2, user_id: 1, theme: '', context: '', custom_context: '' },
      { id: 3, user_id: 2, theme: '旅'.repeat(250), context: null, custom_context: null },
      { id: 4, user_id: 77, theme: 'of nobody', context: '', custom_context: '' },
      { id: 5, user_id: 2, theme: 'nothing said', context: '', custom_context: '' },
    ]);
    await old.insert('conversations', [
      voiced(turn(1, 1, 'I want soup', 'Which soup?'), wav, mp3),
      voiced(turn(2, 1, '要汤', 'Of course.'), webm.toString('base64'), mp3.toString('base64')),
      voiced(turn(3, 1, '', ''), `data:audio/wav;base64,${webm.toString('base64')}`),
      voiced(turn(4, 2, 'no answer', '')),
      voiced(turn(5, 3, null, 'an answer alone'), 'no sound at all', 'nor this'),
      voiced(turn(6, 99, 'of no topic', 'nothing')),
      voiced(turn(7, null, 'of null', 'nothing')),
      voiced(turn(8, 1, '  ', null)),
      voiced(turn(9, 1, 'Thanks', 'You are welcome.'), `b'${webm.toString('base64')}'`, wav),
    ]);
    done = await runImport(ctx.api.env, 'tutor', old.url, '--time-zone=Asia/Shanghai');
  }, 90_000);

  afterAll(() => stopOldServer());

  it('says what it did', () => {
    expectDone(done);
    expect(done.report).toMatchObject({
      tables: { users: 'auth_user', topics: 'topics', messages: 'conversations' },
      kinds: {
        users: { read: 2, imported: 2 },
        topics: { read: 5, imported: 4, skipped: 1 },
        messages: { read: 9, imported: 6, skipped: 3 },
      },
    });
    expect(keysOf(done, 'topics', 'owner_missing')).toEqual(['4']);
    expect(keysOf(done, 'topics', 'theme_missing')).toEqual(['2']);
    expect(keysOf(done, 'topics', 'theme_too_long')).toEqual(['3']);
    expect(keysOf(done, 'messages', 'topic_missing')).toEqual(['6', '7']);
    expect(keysOf(done, 'messages', 'empty')).toEqual(['8']);
    expect(keysOf(done, 'messages', 'voice_unreadable')).toEqual(['5', '5']);
  });

  it('has topics with their instructions and what is remembered of them', async () => {
    const lin = await comeBack(ctx, 'lin', 'secret of 1');
    expect((await lin.get('topics', { expect: 200 })).body.items).toMatchObject([
      { theme: 'Topic 2', instructions: null, context: null },
      {
        ...{ theme: 'Food Ordering', instructions: 'You are a waiter.', context: 'They ordered soup.' },
        replyLanguage: 'en',
      },
    ]);
    const mei = await comeBack(ctx, 'mei', 'secret of 2');
    const { items } = (await mei.get('topics', { expect: 200 })).body;
    expect(items.map(({ theme }: { theme: string }) => theme)).toEqual(['nothing said', '旅'.repeat(200)]);
  });

  it('has turns as question and answer, in their zone’s time, in the topic’s running conversation', async () => {
    const lin = await comeBack(ctx, 'lin', 'secret of 1');
    const chats = await chatsOf(lin);
    expect(chats.map(({ title }) => title)).toEqual(['I want soup', 'no answer']);
    const running = await lin.put(`topics/${chats[0]!.topicId}/conversation`, undefined, { expect: 200 });
    expect(running.body.id).toBe(chats[0]!.id);
    const messages = await saidIn(lin, chats[0]!.id);
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'I want soup'],
      ['assistant', 'Which soup?'],
      ['user', '要汤'],
      ['assistant', 'Of course.'],
      ['user', ''],
      ['user', 'Thanks'],
      ['assistant', 'You are welcome.'],
    ]);
    expect(messages[0]!.createdAt).toBe('2023-09-02T00:00:01.500Z');
  });

  it('has the recordings of what was said, whatever they were stored as', async () => {
    const lin = await comeBack(ctx, 'lin', 'secret of 1');
    const [chat] = await chatsOf(lin);
    const files = (await saidIn(lin, chat!.id)).map((message) => message.files);
    expect(files.map((some) => some.map(({ kind, mediaType }) => [kind, mediaType]))).toEqual([
      [['recording', 'audio/wav']],
      [],
      [['recording', 'video/webm']],
      [],
      [['recording', 'video/webm']],
      [['recording', 'video/webm']],
      [],
    ]);
    const content = await lin.get(`files/${files[0]![0]!.id}/content`, { expect: 200 });
    expect(content.bytes.equals(sounds.wav)).toBe(true);
    const second = await lin.get(`files/${files[2]![0]!.id}/content`, { expect: 200 });
    expect(second.bytes.equals(sounds.webm)).toBe(true);
  });

  it('has the answers as they were spoken', async () => {
    const lin = await comeBack(ctx, 'lin', 'secret of 1');
    const [chat] = await chatsOf(lin);
    const messages = await saidIn(lin, chat!.id);
    const clips = await query(
      `SELECT c.message_id, c.format, c.duration_ms, f.storage_key, f.conversation_id FROM speech_clips c
       JOIN stored_files f ON f.id = c.file_id ORDER BY c.message_id`,
    );
    expect(clips.map(({ message_id, format }) => [Number(message_id), format])).toEqual([
      [messages[1]!.id, 'mp3'],
      [messages[3]!.id, 'mp3'],
      [messages[6]!.id, 'wav'],
    ]);
    for (const { storage_key, duration_ms, conversation_id } of clips) {
      const { duration } = await probe(readFileSync(blobPath(ctx, storage_key)));
      expect(Math.abs(duration * 1_000 - Number(duration_ms))).toBeLessThan(200);
      expect(Number(conversation_id)).toBe(chat!.id);
    }
  });

  it('keeps files and rows together: nothing is lost, nothing is left over', async () => {
    expect(await query('SELECT storage_key FROM blob_removals')).toEqual([]);
    expect(await verifyFiles(ctx.api.env)).toMatchObject({ code: 0 });
    const lin = await comeBack(ctx, 'lin', 'secret of 1');
    const [chat] = await chatsOf(lin);
    await lin.delete(`conversations/${chat!.id}`, undefined, { expect: 204 });
    expect(await query('SELECT id FROM stored_files')).toEqual([]);
  });
});
