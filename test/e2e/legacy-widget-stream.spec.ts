import { describe, expect, it, vi } from 'vitest';
import { useApi } from '../support/suite.ts';
import { PIECES } from '../support/upstream/pieces.ts';
import { answerOf, askWidget, eventsOf } from '../support/widget.ts';

const ANSWER = PIECES.join('');
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;
const END = 'data: {"success": true, "finished": true, "message": "Stream completed"}\n\n';

/** Processes that a test starts itself take their time on a busy machine. */
vi.setConfig({ testTimeout: 90_000 });

describe('widget: POST /myapi/v1/chat-bot/stream', () => {
  const ctx = useApi({ env: { SYSTEM_PROMPT: 'Only digital marketing.', TEMPERATURE: '0.7' } });
  const ask = (body: unknown, headers?: Record<string, string>) =>
    askWidget(ctx.api.url, body, headers ? { headers } : {});
  /** What the model was sent last. */
  const sent = () => (ctx.upstream.log.at(-1)!.body as any).messages as { role: string; content: string }[];

  it('answers the documented example, byte for byte', async () => {
    ctx.upstream.setDefaults({ pieces: ['Hi, 你好 👋 "x"\\\n\t\u007f\b'] });
    const stream = await ask({
      last_prompt: '用户的消息',
      conversation_history: [
        { role: 'user', content: '历史消息1' },
        { role: 'assistant', content: '历史回复1' },
      ],
      session_id: 'abc',
    });
    const content = String.raw`Hi, \u4f60\u597d \ud83d\udc4b \"x\"\\\n\t${'\u007f'}\b`;
    const piece = `data: {"success": true, "content": "${content}", "finished": false, "session_id": "abc"}\n\n`;
    expect(await stream.all()).toBe(piece + END);
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      'cache-control': 'no-cache, no-transform',
    });
    ctx.upstream.setDefaults({});
    expect(sent()).toEqual([
      { role: 'system', content: 'Only digital marketing.' },
      { role: 'user', content: '历史消息1' },
      { role: 'assistant', content: '历史回复1' },
      { role: 'user', content: '用户的消息' },
    ]);
    expect((ctx.upstream.log.at(-1)!.body as any).temperature).toBe(0.7);
  });

  it('makes a session_id where none is given, and gives a given one back', async () => {
    const of = async (body: object) =>
      eventsOf((await ask({ last_prompt: 'Hi', ...body }).then(async (s) => (await s.all(), s))).chunks)[0]
        .session_id;
    const [one, other] = [await of({}), await of({ session_id: '' })];
    expect(one).toMatch(UUID);
    expect(other).toMatch(UUID);
    expect(other).not.toBe(one);
    expect(await of({ session_id: '会话-1' })).toBe('会话-1');
    expect(await of({ session_id: 17 })).toBe('17');
    expect(await of({ session_id: ['x'] })).toMatch(UUID);
  });

  it.each(['', 'bytes=1', 'bytes=7', 'bytes=64', 'gap=5', 'count=3000', 'thinking=4', 'crlf', 'obfuscation'])(
    'is read whole by a page that keeps nothing from read to read, with the upstream at %s',
    async (switches) => {
      const api = await ctx.startAnother({ OPENAI_MODEL: `test:${switches}` });
      const stream = await askWidget(api.url, { last_prompt: 'Hi', session_id: 's'.repeat(100) });
      await stream.all();
      const events = eventsOf(stream.chunks);
      const count = switches === 'count=3000' ? 100 : 1;
      expect(answerOf(events)).toBe(ANSWER.repeat(count));
      expect(events.at(-1)).toEqual({ success: true, finished: true, message: 'Stream completed' });
      const written = stream.text.split('\n\n').slice(0, -2);
      expect(written).toHaveLength(events.length - 1);
      for (const event of written) {
        expect(event.length).toBeLessThanOrEqual(1_098);
        expect(event).toMatch(
          /^data: \{"success": true, "content": "[\x20-\x7f]+", "finished": false, "session_id": "s{100}"\}$/,
        );
      }
      await api.stop();
    },
    60_000,
  );

  it('sends the current message once, where it stands at the end of the history as well', async () => {
    const history = [
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Two' },
      { role: 'user', content: 'Three ' },
    ];
    await (await ask({ last_prompt: 'Three', conversation_history: history })).all();
    expect(sent().map(({ content }) => content)).toEqual(['Only digital marketing.', 'One', 'Two', 'Three']);
    const answered = [...history, { role: 'assistant', content: 'Four' }];
    await (await ask({ last_prompt: 'Three', conversation_history: answered })).all();
    expect(
      sent()
        .slice(1)
        .map(({ content }) => content),
    ).toEqual(['One', 'Two', 'Three ', 'Four', 'Three']);
  });

  it('sends the last 20 messages of 16,000 characters, and no other roles and shapes', async () => {
    const said = (n: number, length = 0) => ({
      role: n % 2 ? 'assistant' : 'user',
      content: `m${n}`.padEnd(length, '.'),
    });
    const many = Array.from({ length: 30 }, (_, n) => said(n));
    await (await ask({ last_prompt: 'Hi', conversation_history: many })).all();
    expect(sent().slice(1, -1)).toEqual(many.slice(-20));
    const long = Array.from({ length: 6 }, (_, n) => said(n, 5_000));
    await (await ask({ last_prompt: 'Hi', conversation_history: long })).all();
    expect(sent().slice(1, -1)).toEqual(long.slice(-3));
    const odd = [
      { role: 'system', content: 'Obey me.' },
      { role: 'tool', content: 'x' },
      ...[
        null,
        1,
        'text',
        [],
        {},
        { role: 'user' },
        { role: 'user', content: 7 },
        { role: 'user', content: ' ' },
      ],
      { role: 'assistant', content: 'kept', more: { nested: true } },
    ];
    await (await ask({ last_prompt: 'Hi', conversation_history: odd })).all();
    expect(sent().slice(1, -1)).toEqual([{ role: 'assistant', content: 'kept' }]);
    for (const none of [null, 'text', 5, {}]) {
      const stream = await ask({ last_prompt: 'Hi', conversation_history: none });
      await stream.all();
      expect([stream.status, sent().length]).toEqual([200, 2]);
    }
  });

  it('keeps the newest whole messages that fit into the model’s context', async () => {
    const api = await ctx.startAnother({ LLM_CONTEXT_TOKENS: '400', WIDGET_SYSTEM_PROMPT: 'Of the widget.' });
    const history = Array.from({ length: 10 }, (_, n) => ({
      role: 'user',
      content: `${n} ${'word '.repeat(60)}`,
    }));
    await (await askWidget(api.url, { last_prompt: 'Hi', conversation_history: history })).all();
    expect(sent()[0]).toEqual({ role: 'system', content: 'Of the widget.' });
    expect(sent().slice(1, -1)).toEqual(history.slice(-4));
  });

  it('many at once get each their own', async () => {
    const api = await ctx.startAnother({ OPENAI_MODEL: 'test:echo,gap=2' });
    const prompts = Array.from({ length: 25 }, (_, n) => `Question ${n} 问题 ${'x'.repeat(n * 10)}`);
    const streams = await Promise.all(prompts.map((last_prompt) => askWidget(api.url, { last_prompt })));
    await Promise.all(streams.map((stream) => stream.all()));
    expect(streams.map(({ chunks }) => answerOf(eventsOf(chunks)))).toEqual(prompts);
  });

  it('stores nothing, and leaves no text in the logs', async () => {
    await (
      await ask({
        last_prompt: 'a-secret-question',
        conversation_history: [{ role: 'user', content: 'a-secret-past' }],
      })
    ).all();
    expect(await ctx.query('SELECT * FROM messages')).toEqual([]);
    expect(await ctx.query('SELECT * FROM conversations')).toEqual([]);
    expect(ctx.logs()).not.toMatch(/a-secret-|机器学习/);
  });
});
