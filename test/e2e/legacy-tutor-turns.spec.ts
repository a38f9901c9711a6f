import { beforeEach, describe, expect, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import { detail, type Learner, learner, saidBy } from '../support/tutor.ts';

const TEXT = expect.any(String);
const ID = expect.any(Number);
const MISSING = [400, { error: 'Missing required data!' }];
const NO_TOPIC = [400, { error: 'Invalid topic' }];
const NO_TURN = [400, { error: 'Invalid conversation' }];

describe('tutor: typed turns', () => {
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
  const shown = (): { role: string; content: string }[] => (ctx.upstream.log.at(-1)!.body as any).messages;

  describe('POST obtain_openai_response', () => {
    it('row: answers in English on a topic, and the turn is known by the user’s message', async () => {
      const topic_id = await me.topic();
      const { conversation_id, ...rest } = await asked({ topic_id });
      expect(rest).toEqual({ topic_id, response: 'Of course, for when?' });
      const { body } = await me.client.get(`messages/${conversation_id}`, { expect: 200 });
      expect(body).toMatchObject({ role: 'user', content: '我想订位' });
    });

    it('row: topic -1 and conversation -1 make both, as numbers and as strings', async () => {
      const first = await asked({ topic_id: -1 });
      const second = await asked({ topic_id: '-1', conversation_id: '-1' });
      expect(second.topic_id).toBeGreaterThan(first.topic_id);
      const [, { topics }] = (await me.read('gettopics', { user_id: me.id })) as [number, any];
      expect(topics.map((topic: any) => topic.topic_id)).toEqual([first.topic_id, second.topic_id]);
    });

    it('row: topic -1 with a real conversation uses that conversation’s topic', async () => {
      const { topic_id, conversation_id } = await asked({ topic_id: -1 });
      expect(await asked({ topic_id: -1, conversation_id })).toEqual({
        ...{ topic_id, conversation_id, response: TEXT },
      });
      const [, { topics }] = (await me.read('gettopics', { user_id: me.id })) as [number, any];
      expect(topics).toHaveLength(1);
    });

    it('row: what is said on a topic before is part of it, and the current prompt stands there once', async () => {
      const topic_id = await me.topic();
      await asked({ topic_id, prompt_word: 'First' });
      await asked({ topic_id: String(topic_id), prompt_word: 'Second' });
      expect(shown().slice(1)).toEqual([
        { role: 'user', content: 'First' },
        { role: 'assistant', content: 'Of course, for when?' },
        { role: 'user', content: 'Second' },
      ]);
    });

    it('row: the model is told topic, part, length, language and instructions', async () => {
      const instructions = 'You are my landlord; the heating is broken.';
      const [, { topics }] = (await me.chat('customtopic', { instructions })) as [number, any];
      await asked({ topic_id: topics[0].topic_id });
      const [system] = shown();
      expect(system!.role).toBe('system');
      for (const told of [
        'The topic of this conversation is the scenario below. Keep to it',
        instructions,
        'Be the person whom the learner wants to talk to',
        'at most about 125 words, unless the learner asks for more',
        'Always answer in English, whatever language the message is written in.',
      ])
        expect(system!.content).toContain(told);
      expect(system!.content).not.toContain(topics[0].theme);
    });

    it('row: two topics of a learner know nothing of each other', async () => {
      const [one, two] = [await me.topic(), await me.topic()];
      await asked({ topic_id: one, prompt_word: 'Only on one' });
      await asked({ topic_id: two, prompt_word: 'Only on two' });
      expect(JSON.stringify(shown())).not.toContain('Only on one');
      expect((await me.details(one)).map(({ prompt }) => prompt)).toEqual(['Only on one']);
    });

    it('otherwise: 400 without a field, and with blank ones', async () => {
      const topic_id = await me.topic();
      for (const missing of [{ topic_id: '' }, { prompt_word: ' ' }, { conversation_id: null }])
        expect(await ask({ topic_id, ...missing })).toEqual(MISSING);
      const anonymous = { topic_id, conversation_id: -1, prompt_word: 'Hello' };
      expect(saidBy(await me.post('chat/obtain_openai_response', anonymous))).toEqual(MISSING);
      expect(await me.details(topic_id)).toEqual([]);
    });

    it('otherwise: 400 for a topic or conversation that is not there, and for another’s alike', async () => {
      const theirs = await asked({ topic_id: -1 }, other);
      const topic_id = await me.topic();
      for (const id of [theirs.topic_id, 10 ** 9, 0, -2, 'abc']) {
        expect(await ask({ topic_id: id })).toEqual(NO_TOPIC);
        expect(await ask({ topic_id: id, conversation_id: theirs.conversation_id })).toEqual(NO_TOPIC);
      }
      for (const conversation_id of [theirs.conversation_id, 10 ** 9, 0, 'abc']) {
        expect(await ask({ topic_id, conversation_id })).toEqual(NO_TURN);
        expect(await ask({ topic_id: -1, conversation_id })).toEqual(NO_TURN);
      }
      expect(await other.details(theirs.topic_id)).toHaveLength(1);
    });

    it('otherwise: 400 for a conversation of another topic, an answer, and one without a topic', async () => {
      const [one, two] = [await asked({ topic_id: -1 }), await me.topic()];
      expect(await ask({ topic_id: two, conversation_id: one.conversation_id })).toEqual(NO_TURN);
      const answer = await ctx.query('SELECT id FROM messages WHERE reply_to = ?', [one.conversation_id]);
      expect(await ask({ topic_id: one.topic_id, conversation_id: answer[0].id })).toEqual(NO_TURN);
      const { body: plain } = await me.client.post('conversations', {}, { expect: 201 });
      const { body } = await me.client.post(`conversations/${plain.id}/messages`, { content: 'Hello' });
      expect(await ask({ topic_id: -1, conversation_id: body.userMessage.id })).toEqual(NO_TURN);
    });

    it.each([
      ['before its first word', { status: 500 }, 'The language model is out of service just now.'],
      ['midway', { pieces: ['Of cou', 'rse'], reset: 1 }, TEXT],
    ])('otherwise: 502 where the model fails %s; nothing is a response', async (_, fault, error) => {
      const topic_id = await me.topic();
      ctx.upstream.choose = () => fault;
      expect(await ask({ topic_id })).toEqual([502, { error }]);
      const [failed, ...more] = await me.details(topic_id);
      expect([failed, more]).toEqual([detail(expect.any(Number), '我想订位', ''), []]);
      ctx.upstream.choose = () => ({ pieces: ['Of course, for when?'] });
      const { conversation_id } = failed;
      expect((await asked({ topic_id, conversation_id })).conversation_id).toBe(conversation_id);
      expect(shown().filter(({ content }) => content === '我想订位')).toHaveLength(1);
      expect(await me.details(topic_id)).toEqual([
        detail(conversation_id, '我想订位', 'Of course, for when?'),
      ]);
    });

    it('keeps a topic that was made for a message whose answer has failed', async () => {
      ctx.upstream.choose = () => ({ status: 500 });
      expect((await ask({ topic_id: -1 }))[0]).toBe(502);
      const [, { topics }] = (await me.read('gettopics', { user_id: me.id })) as [number, any];
      expect(await me.details(topics[0].topic_id)).toEqual([detail(expect.any(Number), '我想订位', '')]);
    });

    it('answers an answered turn once more: the newest answer is the one that is shown', async () => {
      const { topic_id, conversation_id } = await asked({ topic_id: -1 });
      ctx.upstream.choose = () => ({ pieces: ['Tonight?'] });
      expect(await ask({ topic_id, conversation_id })).toEqual([
        ...[200, { topic_id, conversation_id, response: 'Tonight?' }],
      ]);
      expect(await me.details(topic_id)).toEqual([detail(conversation_id, '我想订位', 'Tonight?')]);
      const { body } = await me.client.get(`messages/${conversation_id}`);
      const { body: all } = await me.client.get(`conversations/${body.conversationId}/messages?branch=all`);
      expect(all.items.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant', 'assistant']);
    });

    it('puts other words beside an answered turn, which stays', async () => {
      const { topic_id, conversation_id } = await asked({ topic_id: -1 });
      const other_words = await asked({ topic_id, conversation_id, prompt_word: 'A table, please' });
      expect(other_words.conversation_id).toBeGreaterThan(conversation_id);
      expect(shown().slice(1)).toEqual([{ role: 'user', content: 'A table, please' }]);
      expect((await me.details(topic_id)).map(({ prompt }) => prompt)).toEqual([
        '我想订位',
        'A table, please',
      ]);
    });

    it('does nothing twice that is asked for twice while it runs', async () => {
      const topic_id = await me.topic();
      ctx.upstream.choose = () => ({ gap: 60, count: 20, pieces: ['la '] });
      const twice = await Promise.all([ask({ topic_id }), ask({ topic_id }), ask({ topic_id })]);
      expect(new Set(twice.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(twice[0]![0]).toBe(200);
      expect(ctx.upstream.log).toHaveLength(1);
      expect(await me.details(topic_id)).toHaveLength(1);
    });

    it('has something else wait for its turn', async () => {
      const topic_id = await me.topic();
      ctx.upstream.choose = () => ({ gap: 20, count: 10, pieces: ['la '] });
      const words = ['One', 'Two', 'Three'];
      const answers = await Promise.all(words.map((prompt_word) => ask({ topic_id, prompt_word })));
      expect(answers.map(([status]) => status)).toEqual([200, 200, 200]);
      const prompts = (await me.details(topic_id)).map(({ prompt }) => prompt);
      expect(prompts).toHaveLength(3);
      expect(new Set(prompts)).toEqual(new Set(words));
      expect(shown()).toHaveLength(6);
    });

    it('goes on to its end when the client has gone', async () => {
      const topic_id = await me.topic();
      ctx.upstream.choose = () => ({ gap: 40, count: 10, pieces: ['la '] });
      const gone = new AbortController();
      const body = { user_id: me.id, topic_id, conversation_id: -1, prompt_word: 'Bye' };
      const asking = me.post('chat/obtain_openai_response', body, { signal: gone.signal });
      await expect.poll(() => ctx.upstream.log.length, { timeout: 15_000 }).toBe(1);
      gone.abort();
      await expect(asking).rejects.toThrow();
      const whole = detail(expect.any(Number), 'Bye', 'la '.repeat(10));
      await expect.poll(() => me.details(topic_id), { timeout: 10_000 }).toEqual([whole]);
    });
  });

  describe('POST sendword', () => {
    it('row: the whole round in one call; without a voice it is silent', async () => {
      const topic_id = await me.topic();
      const said = { response_word: 'Of course, for when?', response_voice: '' };
      expect(await me.chat('sendword', { topic_id, prompt_word: '你好' })).toEqual([
        200,
        { ...said, topic_id },
      ]);
      const made = (await me.chat('sendword', { topic_id: -1, prompt_word: '你好' })) as [number, any];
      expect(made).toEqual([200, { ...said, topic_id: expect.any(Number) }]);
      expect(made[1].topic_id).not.toBe(topic_id);
      expect(await me.details(topic_id)).toEqual([
        detail(expect.any(Number), '你好', 'Of course, for when?'),
      ]);
    });

    it('otherwise: 400 as above, 502 where the model fails', async () => {
      const theirs = await other.topic();
      expect(await me.chat('sendword', { topic_id: theirs, prompt_word: '你好' })).toEqual(NO_TOPIC);
      expect(await me.chat('sendword', { topic_id: -1 })).toEqual(MISSING);
      expect(await me.chat('sendword', { prompt_word: '你好' })).toEqual(MISSING);
      ctx.upstream.choose = () => ({ status: 500 });
      expect(await me.chat('sendword', { topic_id: -1, prompt_word: '你好' })).toEqual([
        502,
        { error: TEXT },
      ]);
    });
  });
});
