import { beforeEach, describe, expect, it } from 'vitest';
import { attachFiles, storeFile } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { detail, type Learner, learner } from '../support/tutor.ts';

const ID = expect.any(Number);

describe('tutor: what was said on a topic', () => {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0', PATH: '/nowhere' } });
  let me: Learner;
  let other: Learner;

  beforeEach(async () => {
    ctx.upstream.reset();
    ctx.upstream.choose = () => ({ pieces: ['Of course, ', 'for when?'] });
    [me, other] = [await learner(ctx), await learner(ctx)];
  });

  const ask = (body: object, who = me) =>
    who.chat('obtain_openai_response', { conversation_id: -1, prompt_word: '我想订位', ...body });
  const asked = async (body: object, who = me): Promise<any> => {
    const [status, answer] = await ask(body, who);
    expect([status, answer]).toEqual([
      ...[200, { topic_id: ID, conversation_id: ID, response: 'Of course, for when?' }],
    ]);
    return answer;
  };
  it('row: all turns of the topic, oldest first, also what was said through the main API', async () => {
    const topic_id = await me.topic();
    const first = await asked({ topic_id, prompt_word: 'First' });
    const { body: conversation } = await me.client.get(`topics/${topic_id}/conversation`, { expect: 200 });
    const path = `conversations/${conversation.id}/messages`;
    const { body: turn } = await me.client.post(path, { content: '第二' }, { expect: 201 });
    const rows = [
      detail(first.conversation_id, 'First', 'Of course, for when?'),
      detail(turn.userMessage.id, '第二', 'Of course, for when?'),
    ];
    for (const id of [topic_id, String(topic_id)])
      expect(await me.read('getdetails', { topic_id: id })).toEqual([200, { details: rows }]);
  });

  it('row: of many turns, in pages inside', async () => {
    const topic_id = await me.topic();
    const { body: conversation } = await me.client.put(`topics/${topic_id}/conversation`, undefined);
    for (let batch = 0; batch < 5; batch += 1) {
      const items = Array.from({ length: 50 }, (_, n) => [
        { role: 'user', content: `Said ${batch * 50 + n}` },
        { role: 'assistant', content: `Answered ${batch * 50 + n}` },
      ]).flat();
      await me.client.post(`conversations/${conversation.id}/messages/records`, { items }, { expect: 201 });
    }
    const expected = Array.from({ length: 250 }, (_, n) =>
      detail(expect.any(Number), `Said ${n}`, `Answered ${n}`),
    );
    expect(await me.details(topic_id)).toEqual(expected);
  });

  it('row: what was answered to nothing, and said without an answer, is there', async () => {
    const topic_id = await me.topic();
    const { body: conversation } = await me.client.put(`topics/${topic_id}/conversation`, undefined);
    const items = [
      { role: 'assistant', content: 'Welcome!' },
      { role: 'user', content: 'One' },
      { role: 'user', content: 'Two' },
      { role: 'assistant', content: 'To two.' },
    ];
    const path = `conversations/${conversation.id}/messages/records`;
    const { body } = await me.client.post(path, { items }, { expect: 201 });
    const [welcome, one, two] = body.items.map(({ id }: { id: number }) => id);
    expect(await me.details(topic_id)).toEqual([
      ...[detail(welcome, '', 'Welcome!'), detail(one, 'One', ''), detail(two, 'Two', 'To two.')],
    ]);
  });

  it('row: the newest have their voices, up to 24 MiB of sound together', async () => {
    const topic_id = await me.topic();
    const { body: conversation } = await me.client.put(`topics/${topic_id}/conversation`, undefined);
    const items = Array.from({ length: 30 }, (_, n) => ({ role: 'user', content: `Said ${n}` }));
    const path = `conversations/${conversation.id}/messages/records`;
    const { body } = await me.client.post(path, { items }, { expect: 201 });
    const voices: string[] = [];
    for (const [n, { id }] of body.items.entries()) {
      const sound = Buffer.alloc(1024 * 1024, n);
      const file = await storeFile(ctx, me.id, sound, { kind: 'recording', name: 'recording' });
      await attachFiles(ctx, id, [file.id]);
      voices.push(n < 6 ? '' : sound.toString('base64'));
    }
    const shown = await me.details(topic_id);
    expect(shown.map(({ prompt }) => prompt)).toEqual(items.map(({ content }) => content));
    expect(shown.every(({ prompt_voice }, n) => prompt_voice === voices[n])).toBe(true);
  });

  it('otherwise: none for an unknown topic, -1 and another’s; 400 without a topic', async () => {
    const theirs = await asked({ topic_id: -1 }, other);
    for (const topic_id of [theirs.topic_id, 10 ** 9, -1, '-1', 0, 'abc'])
      expect(await me.read('getdetails', { topic_id })).toEqual([200, { details: [] }]);
    const missing = [400, { error: 'Missing topic_id parameter' }];
    expect(await me.read('getdetails')).toEqual(missing);
    expect(await me.read('getdetails', { topic_id: '' })).toEqual(missing);
    const before = await ctx.query('SELECT id FROM conversations WHERE owner_id = ?', [me.id]);
    await me.read('getdetails', { topic_id: await me.topic() });
    expect(await ctx.query('SELECT id FROM conversations WHERE owner_id = ?', [me.id])).toEqual(before);
  });
});
