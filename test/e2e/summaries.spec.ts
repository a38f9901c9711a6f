import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin, beginWith, eventually } from '../support/talk.ts';
import type { CallRecord } from '../support/upstream/call.ts';
import type { Switches } from '../support/upstream/switches.ts';

interface LlmMessage {
  role: string;
  content: string;
}

interface Spoken {
  id: number;
  seq: number;
  content: string;
}

const CONTEXT = 600;
/** A quarter is kept free for the answer, and six tokens stand around each message. */
const BUDGET = 450;
const ROOM = BUDGET - 6;
const isMariaDb = inject('dialect') === 'mariadb';

const messagesOf = ({ body }: CallRecord) => (body as { messages: LlmMessage[] }).messages;
const isSummary = (body: any) => body.messages[0].content.startsWith('You keep the running summary');

describe('a long conversation', () => {
  const ctx = useApi({ env: { LLM_CONTEXT_TOKENS: String(CONTEXT), LLM_MAX_RETRIES: '0' } });
  let countTokens: (text: string) => number;
  let worker: ApiProcess | undefined;
  /** How the model answers when it is to summarize; by default `Summary 1.`, `Summary 2.` … */
  let summarizing: (n: number) => Switches;
  let summaries = 0;
  let answers = 0;

  beforeAll(async () => {
    ({ countTokens } = await import('../../dist/src/llm/token-counter.js' as string));
    if (isMariaDb) worker = await ctx.startWorker();
  });

  beforeEach(() => {
    ctx.upstream.reset();
    summarizing = (n) => ({ pieces: [`Summary ${n}.`] });
    ctx.upstream.choose = (body) => {
      if (isSummary(body)) return summarizing((summaries += 1));
      return { pieces: [`Answer ${(answers += 1)}: ${'and so on '.repeat(12)}`] };
    };
  });

  const asked = () => ctx.upstream.log.filter(({ body }) => !isSummary(body));
  const summarized = () => ctx.upstream.log.filter(({ body }) => isSummary(body));

  async function say(client: ApiClient, id: number, content: string, more: Record<string, unknown> = {}) {
    const { body } = await client.post(`conversations/${id}/messages`, { content, ...more }, { expect: 201 });
    expect(body.assistantMessage.status).toBe('completed');
    return body as { userMessage: Spoken; assistantMessage: Spoken };
  }

  const rowOf = async (id: number) =>
    (await ctx.query('SELECT summary, summary_until AS until FROM conversations WHERE id = ?', [id]))[0];

  /** Waits until what is said word for word is short of what has a summary made. */
  const settled = (id: number) =>
    eventually(async () => {
      const [row] = await ctx.query(
        `SELECT SUM(m.content_tokens + 6) AS tokens FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE c.id = ? AND m.seq > c.summary_until`,
        [id],
      );
      return Number(row.tokens) < ROOM * 0.7;
    }, 15_000);

  const long = (n: number) => `Message ${n}: ${'I have more to say. '.repeat(6)}`;

  async function talk(client: ApiClient, id: number, count: number, text = long): Promise<Spoken[]> {
    const said: Spoken[] = [];
    for (let n = 1; n <= count; n += 1) {
      const { userMessage, assistantMessage } = await say(client, id, text(n));
      said.push(userMessage, assistantMessage);
      await settled(id);
    }
    return said;
  }

  /** What the summary with this text was made of, with what the one before it was made of, and so on. */
  function sourceOf(text: string): string {
    const made = /Summary \d+\./.exec(text)?.[0];
    if (!made) return '';
    const number = Number(/\d+/.exec(made)![0]);
    const source = summarySources.get(number) ?? '';
    return `${sourceOf(source)}\n${source}`;
  }

  const summarySources = new Map<number, string>();
  function noteSources(): void {
    const choose = ctx.upstream.choose!;
    ctx.upstream.choose = (body) => {
      const switches = choose(body);
      if (isSummary(body)) summarySources.set(summaries, body.messages[1].content);
      return switches;
    };
  }

  /** Each message is shown word for word, or is in what the summary was made of; and all of it fits. */
  function expectWhole(request: LlmMessage[], before: string[]): void {
    const system = request[0]!.role === 'system' ? request[0]!.content : '';
    const source = sourceOf(system);
    const shown = request.filter(({ role }) => role !== 'system').map(({ content }) => content);
    const wrong = before.filter((content) => shown.includes(content) === source.includes(content));
    expect(wrong).toEqual([]);
    const taken = request.reduce((sum, { content }) => sum + countTokens(content) + 6, 0);
    expect(taken).toBeLessThanOrEqual(BUDGET);
  }

  function expectNothingLost(said: Spoken[], requests: LlmMessage[][]): void {
    for (const [turn, request] of requests.entries()) {
      expect(request.at(-1)!.content).toBe(said[turn * 2]!.content);
      const before = said.slice(0, turn * 2).map(({ content }) => content.trim());
      const trimmed = request.map(({ role, content }) => ({ role, content: content.trim() }));
      expectWhole(trimmed, before);
    }
  }

  it.each([
    ['English', long],
    ['Chinese', (n: number) => `第${n}句：${'我还有很多话要说，请您耐心地听完。'.repeat(4)}`],
  ])(
    'is seen whole, word for word or in its summary: %s',
    async (_, text) => {
      noteSources();
      const client = await ctx.register();
      const id = await begin(client);
      const said = await talk(client, id, 14, text);
      expectNothingLost(said, asked().map(messagesOf));
      expect(summarized().length).toBeGreaterThanOrEqual(3);
      expect(messagesOf(asked().at(-1)!)[0]).toEqual({
        role: 'system',
        content: expect.stringMatching(/^What was said before:\nSummary \d+\.$/),
      });
      for (const { body } of summarized() as { body: any }[]) {
        const taken = body.messages.reduce(
          (sum: number, one: LlmMessage) => sum + countTokens(one.content) + 6,
          0,
        );
        const most = body.max_completion_tokens ?? body.max_tokens;
        expect(most).toBeGreaterThan(0);
        expect(taken + most).toBeLessThanOrEqual(CONTEXT);
      }
    },
    60_000,
  );

  it.each(['user', 'assistant'])(
    'of recorded messages of one role (%s) alone is summarized as well: nothing is lost',
    async (role) => {
      noteSources();
      const client = await ctx.register();
      const id = await begin(client);
      const items = Array.from({ length: 14 }, (_, n) => ({ role, content: long(n).trim() }));
      await client.post(`conversations/${id}/messages/records`, { items }, { expect: 201 });
      const first = await say(client, id, 'And then?');
      await settled(id);
      await say(client, id, 'Well?');
      const request = messagesOf(asked().at(-1)!).map((one) => ({ ...one, content: one.content.trim() }));
      const before = [...items.map(({ content }) => content), 'And then?', first.assistantMessage.content];
      expectWhole(
        request,
        before.map((content) => content.trim()),
      );
      expect(Number((await rowOf(id)).until)).toBeGreaterThan(5);
    },
  );

  it('is booked with its summaries, once each', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    const said = await talk(client, id, 7);
    await eventually(async () => summarized().every(({ finished }) => finished));
    const { items } = (await client.get(`conversations/${id}/messages?limit=100`)).body;
    expect(items).toHaveLength(said.length);
    const turns = items.reduce(
      (sum: number, { usage }: any) => sum + (usage ? usage.inputTokens + usage.outputTokens : 0),
      0,
    );
    const points = (text: string) => [...text].length;
    const beside = summarized().reduce(
      (sum, call) => sum + 1 + messagesOf(call).reduce((all, { content }) => all + points(content), 0),
      0,
    );
    expect(beside).toBeGreaterThan(0);
    const { today } = (await client.get('users/me/usage')).body;
    expect(today.tokens).toMatchObject({ total: turns + beside, estimated: 0, reserved: 0 });
    expect(today.requests.used).toBe(7);
  });

  it('is seen whole by several that go on at once, from several processes', async () => {
    noteSources();
    const other = isMariaDb ? (await ctx.startAnother()).url : ctx.api.url;
    const client = await ctx.register();
    const ids = await Promise.all(Array.from({ length: 4 }, () => begin(client)));
    const all = await Promise.all(
      ids.map((id, n) => talk(n % 2 ? client : client.at(other), id, 8, (m) => `In ${id}, ${long(m)}`)),
    );
    for (const [n, id] of ids.entries()) {
      const own = asked().filter((call) => messagesOf(call).at(-1)!.content.startsWith(`In ${id}, `));
      expectNothingLost(all[n]!, own.map(messagesOf));
      expect((await rowOf(id)).summary).toMatch(/^Summary/);
    }
  }, 60_000);

  it('loses no turn to a model that fails to summarize, and is summarized when it no longer does', async () => {
    const failing = summaries + 2;
    summarizing = (n) => (n <= failing ? { status: 500 } : { pieces: ['Summary at last.'] });
    const client = await ctx.register();
    const id = await begin(client);
    for (let n = 1; n <= 5; n += 1) await say(client, id, long(n));
    await eventually(async () => (await rowOf(id)).summary === 'Summary at last.', 15_000);
    expect(summarized().length).toBeGreaterThanOrEqual(3);
    expect((await client.get('users/me/usage')).body.today.tokens.reserved).toBe(0);
  });

  it('is summarized too when a turn did not fit, though the rest of it is short', async () => {
    const client = await ctx.register();
    const id = await begin(client);
    ctx.upstream.choose = (body) => (isSummary(body) ? { pieces: ['Summary of it.'] } : { pieces: ['Yes.'] });
    await say(client, id, `First ${'of many words '.repeat(85)}`);
    expect((await rowOf(id)).summary).toBeNull();
    await say(client, id, `Second ${'of many words '.repeat(60)}`);
    expect(messagesOf(asked().at(-1)!)).toHaveLength(1);
    await eventually(async () => (await rowOf(id)).summary === 'Summary of it.', 10_000);
    await say(client, id, 'Third');
    expect(messagesOf(asked().at(-1)!)[0]!.content).toContain('Summary of it.');
  });

  it('is not summarized by the echo model, which can only repeat', async () => {
    const client = await ctx.register();
    const id = await beginWith(client, { provider: 'echo' });
    for (let n = 1; n <= 4; n += 1) await say(client, id, `Echo ${long(n)}`);
    await sleep(1_000);
    expect(await rowOf(id)).toEqual({ summary: null, until: 0 });
    expect(ctx.upstream.log.filter(({ body }) => JSON.stringify(body).includes('Echo '))).toEqual([]);
  });

  describe('of which a branch leaves before the end of the summary', () => {
    async function summarizedTalk() {
      const client = await ctx.register();
      const id = await begin(client);
      const said = await talk(client, id, 8);
      expect((await rowOf(id)).until).toBeGreaterThan(2);
      return { client, id, said, last: () => messagesOf(asked().at(-1)!).map(({ content }) => content) };
    }

    it('by an answer that is made again, and is gone back to', async () => {
      const { client, id, said, last } = await summarizedTalk();
      const again = await client.post(`messages/${said[1]!.id}/regenerate`, undefined, { expect: 201 });
      expect(last()).toEqual([said[0]!.content]);
      expect(await rowOf(id)).toEqual({ summary: null, until: 0 });
      const other = again.body.assistantMessage as Spoken;
      await say(client, id, 'And now?');
      expect(last()).toEqual([said[0]!.content, other.content, 'And now?']);
      await client.patch(`conversations/${id}`, { activeSeq: said.at(-1)!.seq }, { expect: 200 });
      await say(client, id, long(9));
      await eventually(async () => (await rowOf(id)).until > 2, 10_000);
      await client.patch(`conversations/${id}`, { activeSeq: other.seq }, { expect: 200 });
      expect(await rowOf(id)).toEqual({ summary: null, until: 0 });
      await say(client, id, 'Once more?');
      expect(last().slice(0, 3)).toEqual([said[0]!.content, other.content, 'And now?']);
      expect(last().at(-1)).toBe('Once more?');
    }, 60_000);

    it('by a message that is said otherwise', async () => {
      const { client, id, said, last } = await summarizedTalk();
      await say(client, id, 'Otherwise', { replyTo: said[1]!.id });
      expect(last()).toEqual([said[0]!.content, said[1]!.content, 'Otherwise']);
      expect(await rowOf(id)).toEqual({ summary: null, until: 0 });
      await say(client, id, 'From the beginning', { replyTo: null });
      expect(last()).toEqual(['From the beginning']);
    }, 60_000);

    it('keeps the summary where it leaves behind it', async () => {
      const { client, id, said, last } = await summarizedTalk();
      const before = await rowOf(id);
      await client.post(`messages/${said.at(-1)!.id}/regenerate`, undefined, { expect: 201 });
      expect(await rowOf(id)).toEqual(before);
      expect(last()[0]).toContain(before.summary);
    }, 60_000);

    it('never shows the summary of another branch, whatever the row has come to say', async () => {
      const { client, id, said, last } = await summarizedTalk();
      await say(client, id, 'Otherwise', { replyTo: said[1]!.id });
      await ctx.query(
        "UPDATE conversations SET summary = 'Of another branch.', summary_until = 6 WHERE id = ?",
        [id],
      );
      const { assistantMessage } = await say(client, id, 'Go on');
      expect(assistantMessage.seq).toBeGreaterThan(6);
      expect(last().slice(0, 3)).toEqual([said[0]!.content, said[1]!.content, 'Otherwise']);
    }, 60_000);
  });

  describe('that is deleted while its summary is made', () => {
    /** Until its summary is being made, which takes a while. */
    async function beingSummarized() {
      summarizing = () => ({ pieces: ['Too late.'], first: 1_200 });
      const client = await ctx.register();
      const id = await begin(client);
      for (let n = 1; n <= 5 && summarized().length === 0; n += 1) await say(client, id, long(n));
      await eventually(async () => summarized().length > 0, 10_000);
      return { client, id };
    }

    const isOver = () =>
      eventually(async () => summarized().every(({ closedAt }) => closedAt !== null), 10_000);
    const problems = () => ctx.logs().match(/.*(not tried again|"level":"error").*/g) ?? [];

    it('leaves nothing, and its cost is booked', async () => {
      const before = problems();
      const { client, id } = await beingSummarized();
      const { total } = (await client.get('users/me/usage')).body.today.tokens;
      await client.delete(`conversations/${id}`, undefined, { expect: 204 });
      await isOver();
      await eventually(
        async () => (await client.get('users/me/usage')).body.today.tokens.total > total,
        10_000,
      );
      expect(await ctx.query('SELECT id FROM conversations WHERE id = ?', [id])).toEqual([]);
      expect(problems()).toEqual(before);
    });

    it('with its account, leaves nothing', async () => {
      const before = problems();
      const { client, id } = await beingSummarized();
      const { account } = client;
      await client.delete('users/me', { password: account.password }, { expect: 204 });
      await isOver();
      await sleep(2_500);
      expect(await ctx.query('SELECT id FROM conversations WHERE id = ?', [id])).toEqual([]);
      expect(await ctx.query('SELECT * FROM usage_days WHERE user_id = ?', [account.id])).toEqual([]);
      expect(problems()).toEqual(before);
      const neighbour = await ctx.register();
      summarizing = () => ({ pieces: ['In time.'] });
      const own = await begin(neighbour);
      for (let n = 1; n <= 6; n += 1) await say(neighbour, own, long(n));
      await eventually(async () => (await rowOf(own)).summary === 'In time.', 10_000);
    });
  });

  it('with hardly room beside its system text goes on, and nothing hangs', async () => {
    const client = await ctx.register();
    const bot = (await client.post('chatbots', { name: 'Bot' }, { expect: 201 })).body;
    const id = await begin(client, { chatbotId: bot.id });
    for (let words = BUDGET; ; words -= 1) {
      await client.patch(
        `chatbots/${bot.id}`,
        { instructions: 'word '.repeat(words).trim() },
        { expect: 200 },
      );
      const { status } = await client.post(`conversations/${id}/messages`, { content: 'Hi' });
      if (status === 201) break;
      expect([status, words > BUDGET / 2]).toEqual([400, true]);
    }
    await say(client, id, 'Hi');
    await sleep(500);
    expect(await rowOf(id)).toEqual({ summary: null, until: 0 });
    const own = await begin(client);
    await talk(client, own, 6);
    expect((await rowOf(own)).summary).toMatch(/^Summary/);
    if (worker) expect(worker.logs()).not.toContain('not tried again');
  }, 60_000);
});
