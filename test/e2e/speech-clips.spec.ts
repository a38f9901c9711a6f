import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probe } from '../support/audio.ts';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { piecesB64 } from '../support/upstream/switches.ts';
import { begin, beginWith, eventually } from '../support/talk.ts';

const TEXT = 'Good morning! How are you today? **I am fine.** 你好，我很好。';
const CODECS = { mp3: ['audio/mpeg', 'mp3'], wav: ['audio/wav', 'pcm_s16le'], opus: ['audio/ogg', 'opus'] };

describe('spoken messages', () => {
  const ctx = useApi();

  /** A user's message with this text; its answer is of no interest. */
  async function say(client: ApiClient, content = TEXT): Promise<{ id: number; conversationId: number }> {
    const conversationId = await begin(client);
    const { body } = await client.post(
      `conversations/${conversationId}/messages`,
      { content },
      { expect: 201 },
    );
    return { id: body.userMessage.id, conversationId };
  }

  /** What there is of a message's clips. */
  const clipsOf = (id: number) =>
    ctx.query(
      'SELECT c.*, f.sha256, f.size FROM speech_clips c JOIN stored_files f ON f.id = c.file_id WHERE c.message_id = ?',
      [id],
    );
  const blobs = () => {
    const folder = join(ctx.dataDir, 'files');
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  };

  it.each(['mp3', 'wav', 'opus'] as const)(
    'are %s that decodes, and the same bytes ever after',
    async (format) => {
      const client = await ctx.register();
      const { id } = await say(client);
      const [type, codec] = CODECS[format];
      const path = `messages/${id}/speech?format=${format}`;
      const first = await client.get(path, { expect: 200 });
      expect(first.headers['content-type']).toBe(type);
      expect(await probe(first.bytes)).toMatchObject({ codec });
      const { duration } = await probe(first.bytes);
      expect(duration).toBeGreaterThan(3);
      expect(duration).toBeLessThan(15);
      const [clip] = await clipsOf(id);
      expect(Math.abs(clip.duration_ms / 1_000 - duration)).toBeLessThan(0.15);
      for (let i = 0; i < 3; i += 1)
        expect((await client.get(path, { expect: 200 })).bytes).toEqual(first.bytes);
      expect(await clipsOf(id)).toHaveLength(1);
    },
  );

  it('come whole, in part, or not again', async () => {
    const client = await ctx.register();
    const { id } = await say(client);
    const path = `messages/${id}/speech`;
    const { bytes, headers } = await client.get(path, { expect: 200 });
    const etag = headers.etag!;
    expect((await client.get(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const part = await client.get(path, { headers: { range: 'bytes=100-199' }, expect: 206 });
    expect(part.bytes).toEqual(bytes.subarray(100, 200));
    expect(part.headers['content-range']).toBe(`bytes 100-199/${bytes.length}`);
    expect((await client.get(path, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
    const head = await client.request('HEAD', path, { expect: 200 });
    expect([head.headers['content-length'], head.headers.etag, head.bytes.length]).toEqual([
      String(bytes.length),
      etag,
      0,
    ]);
  });

  it('can be heard sentence by sentence', async () => {
    const client = await ctx.register();
    const { id } = await say(client);
    const whole = await probe((await client.get(`messages/${id}/speech`, { expect: 200 })).bytes);
    let sum = 0;
    for (const index of [0, 1, 2, 3]) {
      const { bytes } = await client.get(`messages/${id}/speech/sentences/${index}`, { expect: 200 });
      sum += (await probe(bytes)).duration;
    }
    expect(Math.abs(sum - whole.duration)).toBeLessThan(3);
    expect(await clipsOf(id)).toHaveLength(5);
    // The last one is in Chinese, and nobody was named.
    const voices = (await clipsOf(id)).map(({ part, voice }) => [Number(part), voice]);
    expect(voices).toContainEqual([4, 'cmn']);
    expect(voices).toContainEqual([0, 'en-us']);
    expect((await client.get(`messages/${id}/speech/sentences/4`)).body.code).toBe('not_found');
    for (const index of ['x', '-1', '1e0', '01', '9999999999'])
      expect((await client.get(`messages/${id}/speech/sentences/${index}`)).body.errors[0].field).toBe(
        'index',
      );
  });

  it('are made once, however many ask at a time and wherever', async () => {
    const client = await ctx.register();
    const other = await ctx.startAnother();
    const before = blobs().length;
    for (const format of ['mp3', 'wav'] as const) {
      const { id } = await say(client);
      const askers = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? client : client.at(other.url)));
      const answers = await Promise.all(
        askers.map((asker) => asker.get(`messages/${id}/speech?format=${format}`, { expect: 200 })),
      );
      for (const { bytes } of answers) expect(bytes.equals(answers[0]!.bytes)).toBe(true);
      const clips = await clipsOf(id);
      expect(clips).toHaveLength(1);
      expect(clips[0].size).toBe(answers[0]!.bytes.length);
    }
    // What the slower process made is gone.
    await eventually(async () => blobs().length === before + 2, 10_000);
    expect(await ctx.query('SELECT * FROM blob_removals')).toEqual([]);
  });

  it('are joined where they are longer than one call takes', async () => {
    const client = await ctx.register();
    const sentence = 'This is a sentence of some length, and it is spoken again and again. ';
    const { id } = await say(client, sentence.repeat(32));
    const one = await probe((await client.get(`messages/${id}/speech/sentences/0`, { expect: 200 })).bytes);
    for (const format of ['mp3', 'wav', 'opus']) {
      const { bytes } = await client.get(`messages/${id}/speech?format=${format}`, { expect: 200 });
      const { duration } = await probe(bytes);
      expect(duration / (one.duration * 32)).toBeGreaterThan(0.7);
      expect(duration / (one.duration * 32)).toBeLessThan(1.1);
    }
  });

  it("are nobody else's", async () => {
    const client = await ctx.register();
    const { id } = await say(client);
    await client.get(`messages/${id}/speech`, { expect: 200 });
    const stranger = await ctx.register();
    for (const path of [
      `messages/${id}/speech`,
      `messages/${id}/speech/sentences/0`,
      'messages/987654321/speech',
    ]) {
      expect((await stranger.get(path)).status).toBe(404);
      expect((await ctx.client.get(path, { token: null })).status).toBe(401);
    }
    expect((await stranger.get('speech/voices', { expect: 200 })).body).toMatchObject({ provider: 'espeak' });
  });

  it('have a voice and a format that there are', async () => {
    const client = await ctx.register();
    const { id } = await say(client);
    const { body } = await client.get('speech/voices', { expect: 200 });
    expect(body.items.filter(({ isDefault }: any) => isDefault).map(({ id: voice }: any) => voice)).toEqual([
      'en-us',
    ]);
    await client.get(`messages/${id}/speech?voice=en-gb&format=wav`, { expect: 200 });
    expect((await clipsOf(id)).map(({ voice, format }) => [voice, format])).toEqual([['en-gb', 'wav']]);
    for (const [query, field] of [
      ['voice=nobody', 'voice'],
      ['voice=', 'voice'],
      ['voice=--version', 'voice'],
      ['voice=a&voice=b', 'voice'],
      ['format=ogg', 'format'],
      ['speed=2', 'speed'],
    ])
      expect((await client.get(`messages/${id}/speech?${query}`)).body).toMatchObject({
        code: 'invalid_input',
        errors: [{ field }],
      });
    expect(await clipsOf(id)).toHaveLength(1);
  });

  it('have something to say', async () => {
    const client = await ctx.register();
    const { id } = await say(client, '```\nrm -rf /\n```\n👋 ...');
    expect((await client.get(`messages/${id}/speech`)).body.code).toBe('nothing_to_speak');
    const { id: long } = await say(client, 'Too much to say. '.repeat(1_500));
    expect((await client.get(`messages/${long}/speech`)).body.code).toBe('too_long_to_speak');
    await client.get(`messages/${long}/speech/sentences/1499`, { expect: 200 });
  });

  it('are heard as far as they are written', async () => {
    const client = await ctx.register();
    const pieces = piecesB64(['First one. ', 'Second one. ', 'Third']);
    const id = await beginWith(client, { model: `test:pieces-b64=${pieces},hang=3` });
    const stream = await client.stream(`conversations/${id}/messages`, { body: { content: 'Hi' } });
    const { data } = (await stream.next())!;
    const answer = data.assistantMessage.id as number;
    await eventually(async () => (await client.get(`messages/${answer}`)).body.content.includes('Third'));
    const { bytes } = await client.get(`messages/${answer}/speech/sentences/1`, { expect: 200 });
    expect((await probe(bytes)).duration).toBeGreaterThan(0.4);
    for (const path of ['speech', 'speech/sentences/2'])
      expect((await client.get(`messages/${answer}/${path}`)).body.code).toBe('message_not_final');
    await client.post(`messages/${answer}/stop`, {}, { expect: 200 });
    stream.close();
    for (const path of ['speech', 'speech/sentences/2'])
      await client.get(`messages/${answer}/${path}`, { expect: 200 });
    expect((await client.get(`messages/${answer}/speech/sentences/1`, { expect: 200 })).bytes).toEqual(bytes);
  });

  it('go with their conversation, and with the account', async () => {
    const client = await ctx.register();
    const before = blobs().length;
    const first = await say(client);
    const second = await say(client);
    for (const { id } of [first, second]) await client.get(`messages/${id}/speech`, { expect: 200 });
    expect(blobs()).toHaveLength(before + 2);
    await client.delete(`conversations/${first.conversationId}`, undefined, { expect: 204 });
    expect(await clipsOf(first.id)).toEqual([]);
    expect((await client.get(`messages/${first.id}/speech`)).status).toBe(404);
    await eventually(async () => blobs().length === before + 1, 20_000);
    await client.delete('users/me', { password: client.account.password }, { expect: 204 });
    expect(await clipsOf(second.id)).toEqual([]);
    await eventually(async () => blobs().length === before, 20_000);
  });
});
