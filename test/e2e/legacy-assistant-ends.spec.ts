import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { readAsPage } from '../support/assistant-page.ts';
import { postChunked } from '../support/chunked.ts';
import type { ApiClient } from '../support/client.ts';
import { storeDocument } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { begin, eventually } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';
import type { Switches } from '../support/upstream/switches.ts';

const GRACE_MS = 300;

describe('assistant: how an answer of POST /api/chat ends', () => {
  const ctx = useApi({
    env: { LLM_MAX_RETRIES: '0', DISCONNECT_GRACE_MS: String(GRACE_MS), SHUTDOWN_GRACE_MS: '100' },
  });
  let client: ApiClient;
  let username: string;

  beforeEach(async () => {
    ctx.upstream.reset();
    client = await ctx.register();
    ({ username } = client.account);
  });

  const answering = (switches: Switches) => ctx.upstream.setDefaults(switches);

  const say = (more: object = {}) => postChunked(client, '/api/chat', { message: '你好', username, ...more });

  const listed = async () => (await client.get(`/api/conversations/list/${username}`)).body.conversations;
  const answerOf = async (conversationId: number | string) =>
    (await client.get(`conversations/${conversationId}/messages`)).body.items.at(-1);

  it('failing before the first token: status 200, one piece that begins with [ERROR]', async () => {
    for (const switches of [{ status: 500 }, { reset: 0 }, { status: 401 }] as Switches[]) {
      answering(switches);
      const { status, headers, chunks } = await say().answer;
      expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
      expect(chunks).toEqual([expect.stringMatching(/^\[ERROR\] \S/)]);
      expect(await answerOf((await listed())[0].id)).toMatchObject({ content: '', status: 'failed' });
    }
  });

  it('failing midway: the text so far, then one piece that begins with [ERROR]; a page shows the error', async () => {
    answering({ gap: 5, reset: 8 });
    const { status, chunks } = await say().answer;
    expect(status).toBe(200);
    const kept = PIECES.slice(0, 8).join('');
    expect(chunks.slice(0, -1).join('')).toBe(kept);
    expect(chunks.at(-1)).toMatch(/^\[ERROR\] \S/);
    expect(await answerOf((await listed())[0].id)).toMatchObject({ content: kept, status: 'failed' });
  });

  it('in the language of the caller', async () => {
    answering({ status: 500 });
    const response = await fetch(`${client.baseUrl}/api/chat`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', 'accept-language': 'zh-CN,zh;q=0.9' },
        authorization: `Bearer ${client.token}`,
      },
      body: JSON.stringify({ message: '你好', username }),
    });
    expect(await readAsPage(response.body!)).toEqual({
      ...{ content: '[ERROR] 语言模型暂时不可用。', messageId: undefined, isError: true },
    });
  });

  it('stopped elsewhere: the text so far, and its id', async () => {
    answering({ gap: 10, 'never-ending': true });
    const asked = say();
    await eventually(async () => asked.received().includes('famil'));
    const answer = await answerOf((await listed())[0].id);
    await client.post(`messages/${answer.id}/stop`, undefined, { expect: 200 });
    const { chunks } = await asked.answer;
    const { content, status } = await answerOf(answer.conversationId);
    expect([status, chunks.at(-1)]).toEqual(['stopped', `[MESSAGE_ID:${answer.id}]`]);
    expect(chunks.slice(0, -1).join('')).toBe(content);
  });

  it('a client that hangs up stops the answer; what there is of it is kept', async () => {
    answering({ gap: 10, 'never-ending': true });
    const asked = say();
    await eventually(async () => asked.received().includes('famil'));
    asked.hangUp();
    const [{ id }] = await listed();
    const ended = await eventually(async () => {
      const answer = await answerOf(id);
      return answer.status === 'streaming' ? undefined : answer;
    });
    expect(ended).toMatchObject({
      status: 'stopped',
      error: null,
      content: expect.stringContaining('famil'),
    });
    expect(ctx.upstream.log[0]!.closedByClient).toBe(true);
  });

  it('the conversation deleted meanwhile: the stream ends with an error', async () => {
    answering({ gap: 10, 'never-ending': true });
    const asked = say();
    await eventually(async () => asked.received().includes('famil'));
    const [{ id }] = await listed();
    await client.delete(`/api/conversations/${id}/delete?username=${username}`, undefined, { expect: 200 });
    expect((await asked.answer).chunks.at(-1)).toMatch(/^\[ERROR\] /);
  });

  it('two at once in one conversation: one is answered, the other is refused and can be sent again', async () => {
    const id = await begin(client);
    answering({ gap: 5, count: 60 });
    const both = await Promise.all([
      say({ conversation_id: id }).answer,
      say({ conversation_id: id }).answer,
    ]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
    const loser = both.find(({ status }) => status === 409)!;
    expect(loser.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'retry-after': '1',
    });
    expect((await say({ conversation_id: id }).answer).status).toBe(200);
    const { body } = await client.get(`conversations/${id}/messages`);
    expect(body.items).toHaveLength(4);
  });

  it('the server ending midway: the text so far, then an error; the history has the part', async () => {
    answering({ gap: 10, 'never-ending': true });
    const asked = say();
    await eventually(async () => asked.received().includes('famil'));
    await ctx.restart();
    const { chunks, isWhole } = await asked.answer;
    expect([isWhole, chunks.at(-1)]).toEqual([true, expect.stringMatching(/^\[ERROR\] /)]);
    const [{ id }] = await listed();
    const { body } = await client.get(`/api/conversations/${id}/history?username=${username}`);
    expect(body).toMatchObject([{ query: '你好', answer: chunks.slice(0, -1).join('') }]);
    expect(await answerOf(id)).toMatchObject({ status: 'interrupted' });
  });

  it('hung up while files are still being read: the turn that begins then ends by itself', async () => {
    answering({ gap: 10, 'never-ending': true });
    const file = await storeDocument(ctx, client.account.id, 'notes.pdf', ['Oolong.']);
    const setState = (state: string) =>
      ctx.query('UPDATE stored_files SET extraction = ? WHERE id = ?', [state, file]);
    await setState('running');
    const asked = say({ file_ids: [String(file)] });
    await sleep(300);
    asked.hangUp();
    await sleep(200);
    expect(await listed()).toEqual([]);
    await setState('done');
    const [{ id }] = await eventually(async () => {
      const known = await listed();
      return known.length > 0 && known;
    });
    await eventually(async () => (await answerOf(id)).status === 'stopped');
  });

  it.runIf(inject('dialect') === 'mariadb')(
    'taken from a process that sleeps: the text as it is stored, then an error',
    async () => {
      const other = await ctx.startAnother();
      answering({ gap: 10, 'never-ending': true });
      const asked = postChunked(client.at(other.url), '/api/chat', { message: '你好', username });
      await eventually(async () => asked.received().includes('famil'));
      const [{ id }] = await listed();
      other.signal('SIGSTOP');
      await eventually(async () => (await answerOf(id)).status === 'interrupted', 20_000);
      other.signal('SIGCONT');
      const { chunks } = await asked.answer;
      expect(chunks.at(-1)).toMatch(/^\[ERROR\] /);
      expect(chunks.slice(0, -1).join('')).toBe((await answerOf(id)).content);
      await other.stop();
    },
  );
});
