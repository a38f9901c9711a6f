import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { storeDocument } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { textOf } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const ANSWER = PIECES.join('');

describe('a conversation that begins with what is said first', () => {
  const ctx = useApi({
    env: { LLM_MAX_RETRIES: '0', QUOTA_TOKENS_PER_DAY: '40000' },
  });

  const conversationsOf = async (client: ApiClient) => (await client.get('conversations')).body.items;

  it('is there with its first turn, and has its name', async () => {
    const client = await ctx.register();
    const { body } = await client.post('messages', { content: '你好，茶' }, { expect: 201 });
    expect(body.assistantMessage).toMatchObject({ status: 'completed', content: ANSWER, seq: 2 });
    const [conversation] = await conversationsOf(client);
    expect(conversation).toMatchObject({
      id: body.userMessage.conversationId,
      title: '你好，茶',
      activeSeq: 2,
    });
    const { conversationId: id } = body.userMessage;
    const more = await client.post(`conversations/${id}/messages`, { content: 'More' }, { expect: 201 });
    expect(more.body.userMessage).toMatchObject({ seq: 3, replyTo: body.assistantMessage.id });
  });

  it('is streamed, with chatbot, topic and a document', async () => {
    const client = await ctx.register();
    const { body: bot } = await client.post('chatbots', { name: 'Bot', instructions: 'Be a sailor.' });
    const { body: topic } = await client.post('topics', {
      theme: 'Ropes',
      instructions: 'Talk about ropes.',
    });
    const fileId = await storeDocument(ctx, client.account.id, 'knots.pdf', ['A bowline holds.']);
    ctx.upstream.reset();
    const stream = await client.stream('messages', {
      body: { content: 'Which knot?', chatbotId: bot.id, topicId: topic.id, fileIds: [fileId] },
    });
    expect(textOf(await stream.collect())).toBe(ANSWER);
    const [conversation] = await conversationsOf(client);
    expect(conversation).toMatchObject({ chatbotId: bot.id, topicId: topic.id });
    const { messages } = ctx.upstream.log[0]!.body as any;
    for (const text of ['Be a sailor.', 'Talk about ropes.', 'A bowline holds.'])
      expect(messages[0].content).toContain(text);
  });

  it('is not there where its first message is refused', async () => {
    const client = await ctx.register();
    const stranger = await ctx.register();
    const { body: theirs } = await stranger.post('chatbots', { name: 'Bot' }, { expect: 201 });
    const { body: deleted } = await client.post('chatbots', { name: 'Bot' }, { expect: 201 });
    await client.delete(`chatbots/${deleted.id}`, undefined, { expect: 204 });
    const refusals: [object, number][] = [
      [{ chatbotId: theirs.id }, 404],
      [{ chatbotId: deleted.id }, 404],
      [{ topicId: 987_654 }, 404],
      [{ fileIds: [987_654] }, 404],
      [{ content: ' ' }, 400],
      [{ content: 'x '.repeat(49_000) }, 429],
      [{ replyTo: 1 }, 400],
    ];
    for (const [wrong, status] of refusals)
      await client.post('messages', { content: 'Hello', ...wrong }, { expect: status });
    expect(await conversationsOf(client)).toEqual([]);
    expect(await ctx.query('SELECT id FROM conversations WHERE owner_id = ?', [client.account.id])).toEqual(
      [],
    );
  });

  it('is begun once under one key, also by several at once', async () => {
    const client = await ctx.register();
    const headers = { 'Idempotency-Key': 'first-1' };
    const say = () => client.post('messages', { content: 'Hello' }, { headers, expect: 201 });
    const answers = await Promise.all([say(), say(), say()]);
    expect(new Set(answers.map(({ body }) => body.assistantMessage.id)).size).toBe(1);
    expect(await conversationsOf(client)).toHaveLength(1);
    const again = await say();
    expect(again.headers['idempotent-replayed']).toBe('true');
    await client.post('messages', { content: 'Other' }, { headers, expect: 422 });
    expect(await conversationsOf(client)).toHaveLength(1);
  });
});
