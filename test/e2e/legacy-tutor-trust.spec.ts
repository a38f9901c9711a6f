import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import { pcmOf, synthetic } from '../support/sounds.ts';
import { asBase64, saidBy, type Said } from '../support/tutor.ts';
import { textOfSound } from '../support/whisper-stand-in.ts';

const NO_TURN = [400, { error: 'Invalid conversation' }];
const UNKNOWN = 10 ** 9;

describe('tutor: clients without a login, in a closed network', () => {
  const ctx = useApi({ whisper: true, env: { LEGACY_TRUST_CALLER: 'true-in-closed-network' } });

  beforeAll(async () => {
    if (inject('dialect') === 'mariadb') await ctx.startWorker();
  });

  const post = async (route: string, body: object): Promise<[number, any]> =>
    saidBy(await ctx.client.post(`/botchat/${route}/`, body)) as [number, any];
  const get = async (route: string, query: Record<string, unknown> = {}): Promise<Said> => {
    const text = new URLSearchParams(query as Record<string, string>).toString();
    return saidBy(await ctx.client.get(`/botchat/chat/${route}/?${text}`));
  };
  const register = async (username: string): Promise<number> =>
    (await post('user/register', { username, password: 'abc123' }))[1].user_id;

  it('go the whole round', async () => {
    const user_id = await register('old');
    const [, { topics }] = await post('chat/newtopic', { user_id });
    const { topic_id } = topics[0];
    const tone = synthetic('sine=d=1');
    const [, heard] = await post('chat/handle_audio', { user_id, topic_id, prompt_voice: asBase64(tone) });
    expect(heard).toMatchObject({ topic_id, prompt: textOfSound(pcmOf(tone)) });
    const { conversation_id, prompt } = heard;
    const turn = { user_id, topic_id, conversation_id, prompt_word: prompt };
    expect((await post('chat/obtain_openai_response', turn))[0]).toBe(200);
    expect((await post('chat/tts', { conversation_id, response_word: '' }))[0]).toBe(200);
    expect(await get('get_audio_assessment', { conversation_id })).toMatchObject([200, {}]);
    expect(await get('get_expression_assessment', { conversation_id })).toMatchObject([200, {}]);
    expect(await get('getdetails', { topic_id })).toMatchObject([200, { details: [{ conversation_id }] }]);
    expect(await post('chat/change/theme', { topic_id, theme: 'Mine' })).toMatchObject([200, {}]);
    expect(await post('user/change/info', { user_id, email: 'o@example.com' })).toEqual([
      ...[200, { user_id, username: 'old', email: 'o@example.com', password: '' }],
    ]);
  });

  it.each<[string, object, unknown, unknown]>([
    ['newtopic', { user_id: UNKNOWN }, [400, { error: 'Invalid user' }], [400, { error: 'Invalid user' }]],
    [
      ...['customtopic', { user_id: UNKNOWN, instructions: 'x' }, [400, { error: 'Invalid user' }]],
      [400, { error: 'The necessary data is missing!' }],
    ] as [string, object, unknown, unknown],
    [
      'preset_topic',
      { user_id: UNKNOWN },
      [400, { error: 'Invalid user' }],
      [400, { error: 'Invalid user' }],
    ],
    [
      ...['handle_audio', { user_id: UNKNOWN }, [400, { error: 'Invalid user' }]],
      [400, { error: 'Missing required data!' }],
    ] as [string, object, unknown, unknown],
    [
      ...['change/theme', { topic_id: UNKNOWN, theme: 'x' }, [404, { error: 'Topic does not exist' }]],
      [400, { error: 'Missing topic_id or theme data' }],
    ] as [string, object, unknown, unknown],
    ['tts', { conversation_id: UNKNOWN }, NO_TURN, NO_TURN],
    [
      ...['rerecord_voice', { conversation_id: UNKNOWN }],
      ...Array<unknown>(2).fill([400, { success: false, message: 'Invalid conversation ID' }]),
    ] as [string, object, unknown, unknown],
  ])('otherwise: POST %s of somebody unknown, and of nobody', async (route, body, unknown, nobody) => {
    expect(await post(`chat/${route}`, body)).toEqual(unknown);
    expect(await post(`chat/${route}`, {})).toEqual(nobody);
  });

  it('otherwise: GETs and change/info of somebody unknown, and of nobody', async () => {
    const noUser = [400, { error: 'Invalid user' }];
    expect(await get('gettopics', { user_id: UNKNOWN })).toEqual(noUser);
    expect(await get('gettopics')).toEqual(noUser);
    for (const topic_id of [UNKNOWN, -1])
      expect(await get('getdetails', { topic_id })).toEqual([200, { details: [] }]);
    expect(await get('getdetails')).toEqual([400, { error: 'Missing topic_id parameter' }]);
    for (const route of ['get_audio_assessment', 'get_expression_assessment']) {
      expect(await get(route, { conversation_id: UNKNOWN })).toEqual(NO_TURN);
      expect(await get(route)).toEqual(NO_TURN);
    }
    const gone = [404, { error: 'User does not exist' }];
    expect(await post('user/change/info', { user_id: UNKNOWN, email: 'x@example.com' })).toEqual(gone);
    expect(await post('user/change/info', {})).toEqual(gone);
  });
});
