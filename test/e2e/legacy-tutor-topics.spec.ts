import { describe, expect, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import { type Learner, learner, saidBy } from '../support/tutor.ts';

const PRESETS = [
  ...['Attractions for help', 'Teacher helps with English', 'Lost Items at Station'],
  ...['Cajoling your girlfriend', 'Food Ordering', 'Apply for resignation'],
];

const THEME = /^.+:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

const userOf = ({ id, client }: Learner) => ({
  ...{ user_id: id, username: client.account.username, email: '', password: '' },
});

const topicOf = (me: Learner, more: object = {}) => ({
  ...{ topic_id: expect.any(Number), user: userOf(me), theme: expect.stringMatching(THEME) },
  ...{ context: '', custom_context: '', ...more },
});

describe('tutor: topics', () => {
  const ctx = useApi({ upstream: false, env: { LEGACY_TIME_ZONE: 'Asia/Shanghai' } });

  it('row: GET gettopics gives all, in the order of their ids', async () => {
    const me = await learner(ctx);
    expect(await me.read('gettopics', { user_id: me.id })).toEqual([200, { topics: [] }]);
    const ids = [await me.topic(), await me.topic()];
    const { body: made } = await me.client.post('topics', { theme: 'By the main API' }, { expect: 201 });
    const [status, body] = (await me.read('gettopics', { user_id: me.id })) as [number, any];
    expect(status).toBe(200);
    expect(body).toEqual({
      topics: [topicOf(me), topicOf(me), topicOf(me, { theme: 'By the main API' })],
    });
    expect(body.topics.map((topic: any) => topic.topic_id)).toEqual([...ids, made.id]);
  });

  it('row: GET gettopics has what is remembered of the running conversation as context', async () => {
    const me = await learner(ctx);
    const id = await me.topic();
    await me.client.put(`topics/${id}/conversation`, undefined, { expect: 200 });
    const summary = 'The guest ordered soup. 客人点了汤。';
    await ctx.query('UPDATE conversations SET summary = ?, summary_until = 2 WHERE topic_id = ?', [
      summary,
      id,
    ]);
    const [, body] = (await me.read('gettopics', { user_id: me.id })) as [number, any];
    expect(body.topics).toEqual([topicOf(me, { topic_id: id, context: summary })]);
  });

  it('otherwise: GET gettopics without a user is 400, of another 403, without a login 401', async () => {
    const [me, other] = [await learner(ctx), await learner(ctx)];
    await other.topic();
    expect(await me.read('gettopics')).toEqual([400, { error: 'Invalid user' }]);
    expect(await me.read('gettopics', { user_id: '' })).toEqual([400, { error: 'Invalid user' }]);
    expect(await me.read('gettopics', { user_id: other.id })).toEqual([403, { error: expect.any(String) }]);
    const path = `/botchat/chat/gettopics/?user_id=${me.id}`;
    expect(saidBy(await ctx.client.get(path))).toEqual([401, { error: expect.any(String) }]);
  });

  it('row: POST newtopic answers 201 with all topics, called by user and time in the configured zone', async () => {
    const me = await learner(ctx, `学${'x'.repeat(49)}`);
    const before = Date.now();
    await me.topic();
    const [status, body] = (await me.chat('newtopic')) as [number, any];
    expect([status, body]).toEqual([201, { topics: [topicOf(me), topicOf(me)] }]);
    const { theme } = body.topics[1] as { theme: string };
    expect(theme.startsWith(`${me.client.account.username}:`)).toBe(true);
    const at = Date.parse(`${theme.slice(-19).replace(' ', 'T')}+08:00`);
    expect(at).toBeGreaterThanOrEqual(Math.floor(before / 1_000) * 1_000);
    expect(at).toBeLessThanOrEqual(Date.now());
    const { body: shown } = await me.client.get(`topics/${body.topics[1].topic_id}`);
    expect(shown).toMatchObject({ theme, replyLanguage: 'en', practice: true, instructions: null });
  });

  it('otherwise: POST newtopic without a user is 400, for another 403', async () => {
    const [me, other] = [await learner(ctx), await learner(ctx)];
    expect(saidBy(await me.post('chat/newtopic', {}))).toEqual([400, { error: 'Invalid user' }]);
    expect(saidBy(await me.post('chat/newtopic'))).toEqual([400, { error: 'Invalid user' }]);
    expect(await me.chat('newtopic', { user_id: other.id })).toEqual([403, { error: expect.any(String) }]);
    expect(await other.read('gettopics', { user_id: other.id })).toEqual([200, { topics: [] }]);
  });

  it('row: POST customtopic answers 201 with all topics; the instructions are its custom_context', async () => {
    const me = await learner(ctx);
    const instructions = '你是我的房东。\nThe heating is broken. 🥶';
    expect(await me.chat('customtopic', { instructions })).toEqual([
      ...[201, { topics: [topicOf(me, { custom_context: instructions })] }],
    ]);
  });

  it('otherwise: POST customtopic without user or instructions is 400', async () => {
    const me = await learner(ctx);
    const missing = [400, { error: 'The necessary data is missing!' }];
    expect(await me.chat('customtopic')).toEqual(missing);
    expect(await me.chat('customtopic', { instructions: ' ' })).toEqual(missing);
    expect(saidBy(await me.post('chat/customtopic', { instructions: 'x' }))).toEqual(missing);
    const [status, body] = await me.chat('customtopic', { instructions: 'x'.repeat(20_001) });
    expect([status, body]).toEqual([400, { error: 'must have at most 20000 characters' }]);
    expect(await me.read('gettopics', { user_id: me.id })).toEqual([200, { topics: [] }]);
  });

  it.each(PRESETS)('row: POST preset_topic makes %s', async (pre_theme) => {
    const me = await learner(ctx);
    const [status, body] = (await me.chat('preset_topic', { pre_theme })) as [number, any];
    const [topic] = body.topics;
    expect([status, body]).toEqual([
      ...[201, { topics: [topicOf(me, { theme: pre_theme, custom_context: expect.any(String) })] }],
    ]);
    expect(topic.custom_context.length).toBeGreaterThan(100);
    const { body: shown } = await me.client.get(`topics/${topic.topic_id}`);
    const { body: presets } = await me.client.get('topics/presets');
    const preset = presets.items.find(({ id }: { id: string }) => id === shown.preset);
    expect(shown).toMatchObject({ practice: true, replyLanguage: 'en', instructions: preset.instructions });
  });

  it('otherwise: POST preset_topic of an unknown preset is 400', async () => {
    const me = await learner(ctx);
    for (const pre_theme of ['No such', '', undefined, 'constructor', 'food-ordering'])
      expect(await me.chat('preset_topic', { pre_theme })).toEqual([400, { error: 'Unknown preset' }]);
    const body = { pre_theme: PRESETS[0] };
    expect(saidBy(await me.post('chat/preset_topic', body))).toEqual([400, { error: 'Invalid user' }]);
  });

  it('row: POST change/theme renames a topic, by a number or by digits', async () => {
    const me = await learner(ctx);
    const id = await me.topic();
    for (const topic_id of [id, String(id)]) {
      const theme = `餐厅 ${typeof topic_id}`;
      expect(await me.chat('change/theme', { topic_id, theme })).toEqual([
        ...[200, { message: 'Theme updated successfully' }],
      ]);
      const [, body] = (await me.read('gettopics', { user_id: me.id })) as [number, any];
      expect(body.topics).toEqual([topicOf(me, { topic_id: id, theme })]);
    }
  });

  it('otherwise: POST change/theme of an unknown topic and of another’s is 404, without data 400', async () => {
    const [me, other] = [await learner(ctx), await learner(ctx)];
    const theirs = await other.topic();
    for (const topic_id of [theirs, theirs + 1_000_000, -1, 0, 'abc', 1e300])
      expect(await me.chat('change/theme', { topic_id, theme: 'Mine' })).toEqual([
        ...[404, { error: 'Topic does not exist' }],
      ]);
    const missing = [400, { error: 'Missing topic_id or theme data' }];
    expect(await me.chat('change/theme', { theme: 'Mine' })).toEqual(missing);
    expect(await me.chat('change/theme', { topic_id: theirs })).toEqual(missing);
    expect(await me.chat('change/theme', { topic_id: theirs, theme: ' ' })).toEqual(missing);
    const [, body] = (await other.read('gettopics', { user_id: other.id })) as [number, any];
    expect(body.topics).toEqual([topicOf(other)]);
  });
});
