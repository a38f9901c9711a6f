import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import { pcmOf, synthetic } from '../support/sounds.ts';
import { eventually } from '../support/talk.ts';
import { asBase64, type Learner, learner, saidBy } from '../support/tutor.ts';
import type { Switches } from '../support/upstream/switches.ts';
import { textOfSound } from '../support/whisper-stand-in.ts';

const NO_TURN = [400, { error: 'Invalid conversation' }];
const PENDING = [200, { audio_assessment: '' }];
const SAID = 'Yesterday I go to the shop.';
const EXPRESSION = {
  ...{ summary: '意思清楚，注意时态。', corrected: 'Yesterday I went to the shop.', better: null },
  points: [
    { kind: 'grammar', quote: 'I go', problem: '时态错误', suggestion: 'I went', explanation: '过去时' },
  ],
};
const FEEDBACK = [
  ...['意思清楚，注意时态。', '改正：Yesterday I went to the shop.'],
  '1. “I go” → “I went”，时态错误，过去时',
].join('\n');

const isReview = (body: any) => body.messages[0].content.startsWith('You are a kind and exact teacher');

describe('tutor: feedback', () => {
  const ctx = useApi({ whisper: true, env: { LLM_MAX_RETRIES: '0' } });
  let me: Learner;
  let reviewing: Switches;
  const tone = synthetic('sine=d=2');

  beforeAll(async () => {
    if (inject('dialect') === 'mariadb') await ctx.startWorker();
  });

  beforeEach(async () => {
    ctx.upstream.reset();
    ctx.whisper!.reset();
    reviewing = { pieces: [JSON.stringify(EXPRESSION)] };
    ctx.upstream.choose = (body) => (isReview(body) ? reviewing : { pieces: ['Which shop?'] });
    me = await learner(ctx);
  });

  /** The id of a turn that was typed. */
  async function typed(who = me): Promise<number> {
    const body = { topic_id: -1, conversation_id: -1, prompt_word: SAID };
    const [status, { conversation_id }] = (await who.chat('obtain_openai_response', body)) as [number, any];
    expect(status).toBe(200);
    return conversation_id as number;
  }

  async function spoken(): Promise<{ topic_id: number; conversation_id: number }> {
    const [status, body] = await me.chat('handle_audio', { topic_id: -1, prompt_voice: asBase64(tone) });
    expect([status, body]).toMatchObject([200, { prompt: textOfSound(pcmOf(tone)), audio_assessment: '' }]);
    return body as { topic_id: number; conversation_id: number };
  }

  const asked = () => ctx.upstream.log.filter(({ body }) => isReview(body));

  it('row: get_expression_assessment is "" while pending, then feedback in Chinese, made once', async () => {
    const conversation_id = await typed();
    expect(asked()).toEqual([]);
    expect(await me.read('get_expression_assessment', { conversation_id })).toEqual(PENDING);
    const done = [200, { audio_assessment: FEEDBACK }];
    await eventually(async () => {
      const said = await me.read('get_expression_assessment', { conversation_id: String(conversation_id) });
      if (said[0] !== 200) throw new Error(String(said[0]));
      return (said[1] as any).audio_assessment !== '';
    }, 15_000);
    for (let again = 0; again < 3; again += 1)
      expect(await me.read('get_expression_assessment', { conversation_id })).toEqual(done);
    expect(asked()).toHaveLength(1);
    const { messages } = asked()[0]!.body as any;
    expect(messages[0].content).toContain('"explanation" in Simplified Chinese');
    expect(JSON.parse(messages[1].content)).toEqual({ said: SAID });
  });

  it('row: get_expression_assessment stays "" while the model fails, and comes when it is back', async () => {
    reviewing = { status: 401 };
    const conversation_id = await typed();
    // Each one that has failed is followed by another when it is asked for again, and not before.
    await eventually(async () => {
      expect(await me.read('get_expression_assessment', { conversation_id })).toEqual(PENDING);
      return asked().length >= 3;
    }, 30_000);
    reviewing = { pieces: [JSON.stringify(EXPRESSION)] };
    await eventually(async () => {
      const [status, body] = await me.read('get_expression_assessment', { conversation_id });
      return status === 200 && (body as any).audio_assessment === FEEDBACK;
    }, 30_000);
  });

  it('row: get_expression_assessment spends tokens: with the cookie for pages of this origin alone', async () => {
    const conversation_id = await typed();
    const { username, password } = me.client.account;
    const login = await ctx.client.post('/botchat/user/login/', { username, password }, { expect: 200 });
    const cookie = login.headers['set-cookie']![0]!.split(';')[0]!;
    const get = async (site: object) => {
      const path = `/botchat/chat/get_expression_assessment/?conversation_id=${conversation_id}`;
      return saidBy(await ctx.client.get(path, { headers: { cookie, ...site } }));
    };
    const refused = [403, { error: expect.any(String) }];
    expect(await get({})).toEqual(refused);
    expect(await get({ 'sec-fetch-site': 'cross-site' })).toEqual(refused);
    expect(asked()).toEqual([]);
    expect(await get({ 'sec-fetch-site': 'same-origin' })).toEqual(PENDING);
    await eventually(async () => asked().length === 1, 15_000);
  });

  it('row: get_audio_assessment is an estimate in Chinese that says so, of what was said aloud', async () => {
    const { topic_id, conversation_id } = await spoken();
    expect(await me.details(topic_id)).toMatchObject([{ audio_assessment: '' }]);
    const [status, body] = (await me.read('get_audio_assessment', { conversation_id })) as [number, any];
    expect([status, body]).toEqual([200, { audio_assessment: expect.any(String) }]);
    expect(body.audio_assessment).toMatch(/^共听到 2 个词。/);
    expect(body.audio_assessment).toContain('估计，不是评分');
    expect(await me.details(topic_id)).toMatchObject([body]);
    expect(ctx.upstream.log).toEqual([]);
  });

  it('row: get_audio_assessment says that what was typed has no recording', async () => {
    const conversation_id = await typed();
    expect(await me.read('get_audio_assessment', { conversation_id })).toEqual([
      ...[200, { audio_assessment: '这条消息是键入的，没有录音可供参考。' }],
    ]);
  });

  it('row: get_audio_assessment is of the new recording when a turn was said once more', async () => {
    const { conversation_id } = await spoken();
    const before = await me.read('get_audio_assessment', { conversation_id });
    const longer = synthetic('sine=frequency=300:d=4');
    const body = { conversation_id, prompt_voice: asBase64(longer) };
    expect(saidBy(await me.post('chat/rerecord_voice', body))[0]).toBe(200);
    const after = await me.read('get_audio_assessment', { conversation_id });
    expect(after[0]).toBe(200);
    const [{ id }] = await ctx.query('SELECT id FROM transcriptions WHERE owner_id = ?', [me.id]);
    const { body: transcription } = await me.client.get(`speech/transcriptions/${id}`, { expect: 200 });
    expect(transcription.text).toBe(textOfSound(pcmOf(longer)));
    expect(before[0]).toBe(200);
  });

  it.each(['get_expression_assessment', 'get_audio_assessment'])(
    'otherwise: %s of what is not there, of another’s and of an answer is 400',
    async (route) => {
      const other = await learner(ctx);
      const theirs = await typed(other);
      const mine = await typed();
      const [answer] = await ctx.query('SELECT id FROM messages WHERE reply_to = ?', [mine]);
      for (const conversation_id of [theirs, answer.id, 10 ** 9, -1, 0, 'abc', ''])
        expect(await me.read(route, { conversation_id })).toEqual(NO_TURN);
      expect(await me.read(route)).toEqual(NO_TURN);
      const path = `/botchat/chat/${route}/?conversation_id=${mine}`;
      expect(saidBy(await ctx.client.get(path))).toEqual([401, { error: expect.any(String) }]);
      expect(asked()).toEqual([]);
    },
  );
});
