import { beforeAll, describe, expect, inject, it } from 'vitest';
import { Companion } from '../support/companion.ts';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';

const TURNS = 12;
const CONTEXT = 700;
/** A quarter is kept free for the answer. */
const ROOM = CONTEXT * 0.75 - 6;
const long = (n: number) => `Message ${n}: ${'I have more to say. '.repeat(6)}`.trim();
const isSummary = (body: any) => body.messages[0].content.startsWith('You keep the running summary');

describe('companion: memory', () => {
  const ctx = useApi({ env: { LLM_CONTEXT_TOKENS: String(CONTEXT), LLM_MAX_RETRIES: '0' } });

  beforeAll(async () => {
    if (inject('dialect') === 'mariadb') await ctx.startWorker();
  });

  /** Tokens that are still shown word for word. */
  const open = async (conversationId: number) => {
    const [row] = await ctx.query(
      `SELECT SUM(m.content_tokens + 6) AS tokens FROM messages m JOIN conversations c ON c.id = m.conversation_id
       WHERE c.id = ? AND m.seq > c.summary_until`,
      [conversationId],
    );
    return Number(row.tokens);
  };

  it.each([
    ['a plain bot', { chatbot_type: 0 }, ''],
    [
      'a persona bot, which stays in its role',
      { chatbot_type: 1, chatbot_persona: 'Jackie Chan' },
      'Jackie Chan',
    ],
  ])('the whole running chat is remembered by %s', { timeout: 60_000 }, async (_what, kind, persona) => {
    const one = new Companion(await ctx.register());
    const id = await one.bot(kind);
    const sources: string[] = [];
    ctx.upstream.reset();
    ctx.upstream.choose = (body: any) => {
      if (!isSummary(body)) return { pieces: ['I see.'] };
      sources.push(body.messages[1].content);
      return { pieces: [`Summary ${sources.length}.`] };
    };
    const { body } = await one.client.put(`chatbots/${id}/conversation`, undefined, { expect: 200 });
    for (let n = 1; n <= TURNS; n += 1) {
      expect((await one.say(id, long(n))).status).toBe(200);
      // As people talk: what has to be summarized is, before they go on.
      await eventually(async () => (await open(body.id)) < ROOM * 0.7, 15_000);
    }
    const last = ctx.upstream.log.filter((call) => !isSummary(call.body)).at(-1)!.body as any;
    const [system, ...shown] = last.messages as { role: string; content: string }[];
    expect(system!.role).toBe('system');
    expect(system!.content).toContain(persona);
    expect(system!.content).toMatch(/What was said before:\nSummary \d+\./);
    for (let n = 1; n <= TURNS; n += 1) {
      const isShown = shown.some(({ content }) => content === long(n));
      expect([n, isShown || sources.some((source) => source.includes(long(n)))]).toEqual([n, true]);
    }
    expect(shown.at(-1)).toEqual({ role: 'user', content: long(TURNS) });
    expect(((await one.history(id)).body as any).data).toHaveLength(2 * TURNS);
  });
});
