import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probe } from '../support/audio.ts';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually } from '../support/talk.ts';

describe('providers of voices', () => {
  const ctx = useApi();

  const openAi = (switches = '', more = {}) =>
    ctx.startAnother({
      ...{ TTS_PROVIDER: 'openai', TTS_BASE_URL: `${ctx.upstream.url}/v1`, TTS_API_KEY: 'sk-tts' },
      ...{ TTS_MODEL: `tts:${switches}`, ...more },
    });

  async function say(client: ApiClient, content = 'Good morning. How are you?'): Promise<number> {
    const conversation = await begin(client);
    const { body } = await client.post(
      `conversations/${conversation}/messages`,
      { content },
      { expect: 201 },
    );
    return body.userMessage.id;
  }

  const blobs = () => {
    const folder = join(ctx.dataDir, 'files');
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  };
  const spoken = () => ctx.upstream.log.filter(({ protocol }) => protocol.endsWith('speech'));

  it('speak as OpenAI does, in one call', async () => {
    const client = await ctx.register();
    const id = await say(client);
    const at = client.at((await openAi('gap=10', { TTS_VOICE: 'zoe', TTS_INSTRUCTIONS: 'Slowly.' })).url);
    const { body } = await at.get('speech/voices', { expect: 200 });
    expect([body.provider, body.items[0].id, body.items[0].isDefault]).toEqual(['openai', 'zoe', true]);
    ctx.upstream.reset();
    const { bytes } = await at.get(`messages/${id}/speech`, { expect: 200 });
    expect((await probe(bytes)).codec).toBe('mp3');
    expect(spoken()).toHaveLength(1);
    expect(spoken()[0]!.body).toMatchObject({
      voice: 'zoe',
      instructions: 'Slowly.',
      input: 'Good morning. How are you?',
    });
    // What was spoken is heard where its voice is none.
    expect((await client.get(`messages/${id}/speech?voice=zoe`, { expect: 200 })).bytes).toEqual(bytes);
    expect(spoken()).toHaveLength(1);
  });

  it('speak as Qwen does, with a link that is fetched at once', async () => {
    const client = await ctx.register();
    const id = await say(client, 'Good morning. '.repeat(100));
    const qwen = await ctx.startAnother({
      ...{ TTS_PROVIDER: 'qwen', BAILIAN_BASE_URL: ctx.upstream.url, DASHSCOPE_API_KEY: 'sk-tts' },
    });
    ctx.upstream.reset();
    const { bytes } = await client
      .at(qwen.url)
      .get(`messages/${id}/speech?voice=Ethan&format=opus`, { expect: 200 });
    // 1,400 characters, at 600 a call.
    expect(spoken()).toHaveLength(3);
    for (const { body } of spoken()) expect((body as any).input.text.length).toBeLessThanOrEqual(600);
    expect((await probe(bytes)).duration).toBeCloseTo(1_400 * 0.06, -1);
    const { bytes: again } = await client.get(`messages/${id}/speech?voice=Ethan&format=opus`, {
      expect: 200,
    });
    expect(again).toEqual(bytes);
  });

  it.each([
    ['status=500', 503, 'speech_unavailable'],
    ['status=429,retry-after=17', 503, 'speech_unavailable'],
    ['status=429,code=insufficient_quota', 503, 'speech_unavailable'],
    ['status=401', 503, 'speech_unavailable'],
    ['reset=3', 503, 'speech_unavailable'],
    ['hang=3', 503, 'speech_unavailable'],
    ['garbage', 503, 'speech_unavailable'],
    ['count=0', 503, 'speech_unavailable'],
    ['end=1,count=2000', 503, 'speech_unavailable'],
    ['status=400,code=content_policy_violation', 422, 'speech_refused'],
  ])('that do %s are told, and nothing is kept', async (switches, status, code) => {
    const client = await ctx.register();
    const id = await say(client);
    const at = client.at((await openAi(switches, { TTS_TIMEOUT_MS: '700' })).url);
    const before = blobs().length;
    for (const path of [`messages/${id}/speech`, `messages/${id}/speech/sentences/1?format=wav`]) {
      const { body, headers } = await at.get(path);
      expect([body.status, body.code]).toEqual([status, code]);
      expect(JSON.stringify(body)).not.toContain('upstream-message');
      if (status === 503) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      if (switches.includes('17')) expect(headers['retry-after']).toBe('17');
    }
    expect(await ctx.query('SELECT * FROM speech_clips WHERE message_id = ?', [id])).toEqual([]);
    await eventually(async () => blobs().length === before);
    expect(ctx.logs()).not.toContain('upstream-message');
    expect(ctx.logs()).not.toContain('Good morning');
  });

  it("are shown no key that is another one's", async () => {
    const client = await ctx.register();
    const id = await say(client);
    const at = client.at((await openAi('', { TTS_API_KEY: undefined, OPENAI_API_KEY: 'sk-llm' })).url);
    ctx.upstream.reset();
    expect((await at.get(`messages/${id}/speech`)).status).toBe(503);
    expect(spoken()).toHaveLength(1);
    expect(spoken()[0]!.headers).not.toHaveProperty('authorization');
  });

  it('are asked once more where they failed once', async () => {
    const client = await ctx.register();
    const id = await say(client);
    const at = client.at((await openAi('status=500,fail-times=1')).url);
    ctx.upstream.reset();
    await at.get(`messages/${id}/speech`, { expect: 200 });
    expect(spoken()).toHaveLength(2);
  });

  it('are left alone when nobody waits any more', async () => {
    const client = await ctx.register();
    const id = await say(client);
    const at = client.at((await openAi('gap=200,count=1000')).url);
    ctx.upstream.reset();
    const controller = new AbortController();
    const asking = at.get(`messages/${id}/speech`, { signal: controller.signal }).catch(() => undefined);
    const staying = new AbortController();
    const other = at.get(`messages/${id}/speech`, { signal: staying.signal }).catch(() => undefined);
    await eventually(async () => spoken()[0] !== undefined && spoken()[0]!.chunksSent > 0);
    controller.abort();
    await asking;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(spoken()).toMatchObject([{ closedAt: null }]);
    staying.abort();
    await other;
    await eventually(async () => spoken()[0]!.closedByClient);
    expect(spoken()).toHaveLength(1);
    expect(await ctx.query('SELECT * FROM speech_clips WHERE message_id = ?', [id])).toEqual([]);
  });

  it('speak so much in a minute, and replay as much as one likes', async () => {
    const client = await ctx.register();
    const ids = [await say(client), await say(client), await say(client)];
    const at = client.at((await ctx.startAnother({ RATE_LIMIT_SCALE: '1', CLIPS_PER_MINUTE: '2' })).url);
    for (const id of [ids[0], ids[0], ids[1], ids[1], ids[0]])
      await at.get(`messages/${id}/speech`, { expect: 200 });
    const refused = await at.get(`messages/${ids[2]}/speech`);
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await at.get(`messages/${ids[0]}/speech`, { expect: 200 });
  });

  it('may be none', async () => {
    const client = await ctx.register();
    const id = await say(client);
    const at = client.at((await ctx.startAnother({ PATH: '/nowhere' })).url);
    expect((await at.get('speech/voices', { expect: 200 })).body).toMatchObject({
      items: [],
      provider: 'none',
    });
    const { body } = await at.get(`messages/${id}/speech`);
    expect([body.status, body.code]).toEqual([503, 'voice_not_set_up']);
    expect(body.detail).toContain('espeak-ng');
  });
});
