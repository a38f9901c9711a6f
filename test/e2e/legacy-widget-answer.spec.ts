import { describe, expect, it } from 'vitest';
import { sendRaw } from '../support/raw-http.ts';
import { useApi } from '../support/suite.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const WHOLE = '/myapi/v1/chat-bot';
const STREAM = '/myapi/v1/chat-bot/stream';
const ANSWER = PIECES.join('');
const JSON_TYPE = 'application/json; charset=utf-8';
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;

describe('widget: POST /myapi/v1/chat-bot', () => {
  const ctx = useApi();

  it('answers the documented example', async () => {
    ctx.upstream.reset();
    const body = {
      last_prompt: '用户的消息',
      conversation_history: [
        { role: 'user', content: '历史消息1' },
        { role: 'assistant', content: '历史回复1' },
      ],
    };
    for (const path of [WHOLE, `${WHOLE}/`]) {
      const answer = await ctx.client.post(path, body, { expect: 200 });
      expect(answer.headers['content-type']).toBe(JSON_TYPE);
      expect(answer.body).toEqual({
        success: true,
        message: 'Response Generated',
        result: ANSWER,
        response: ANSWER,
        session_id: expect.stringMatching(UUID),
      });
    }
    expect((ctx.upstream.log[0]!.body as any).messages).toEqual([
      ...body.conversation_history,
      { role: 'user', content: '用户的消息' },
    ]);
    const doubled = await sendRaw(
      ctx.api.url,
      'POST //myapi//v1/chat-bot',
      ['Content-Type: application/json', 'Content-Length: 20'],
      '{"last_prompt":"Hi"}',
    );
    expect(doubled.body).toMatchObject({ success: true, response: ANSWER });
  });

  it('gives the session_id back', async () => {
    const { body } = await ctx.client.post(WHOLE, { last_prompt: 'Hi', session_id: 's-1' });
    expect(body.session_id).toBe('s-1');
  });

  it('takes forms of both kinds, with the history as JSON', async () => {
    const fields = {
      last_prompt: 'Hi',
      conversation_history: '[{"role":"user","content":"Before"}]',
      session_id: 's',
    };
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    for (const body of [form, new URLSearchParams(fields)]) {
      const answer = await fetch(ctx.api.url + WHOLE, { method: 'POST', body });
      expect(await answer.json()).toMatchObject({ success: true, response: ANSWER, session_id: 's' });
      expect((ctx.upstream.log.at(-1)!.body as any).messages[0].content).toBe('Before');
    }
  });
});

describe('widget: what is no question', () => {
  const ctx = useApi();
  const JSON_HEADER = { 'content-type': 'application/json' };

  const cases: [what: string, request: RequestInit, status: number, message: string | RegExp][] = [
    ['no body', {}, 400, 'No data provided'],
    ['no bytes of JSON', { headers: JSON_HEADER, body: '' }, 400, 'No data provided'],
    ['null', { headers: JSON_HEADER, body: 'null' }, 400, 'No data provided'],
    [
      'no prompt',
      { headers: JSON_HEADER, body: '{"conversation_history":[]}' },
      400,
      'last_prompt is required',
    ],
    ['an empty object', { headers: JSON_HEADER, body: '{}' }, 400, 'last_prompt is required'],
    ['an empty prompt', { headers: JSON_HEADER, body: '{"last_prompt":""}' }, 400, 'last_prompt is required'],
    [
      'a blank prompt',
      { headers: JSON_HEADER, body: '{"last_prompt":" \\n"}' },
      400,
      'last_prompt is required',
    ],
    [
      'a prompt of null',
      { headers: JSON_HEADER, body: '{"last_prompt":null}' },
      400,
      'last_prompt is required',
    ],
    ['broken JSON', { headers: JSON_HEADER, body: '{"last_prompt":' }, 400, 'Invalid JSON'],
    ['a list', { headers: JSON_HEADER, body: '[]' }, 400, 'No data provided'],
    [
      'a prompt that is no text',
      { headers: JSON_HEADER, body: '{"last_prompt":{}}' },
      400,
      'last_prompt must be text',
    ],
    [
      'a prompt of 4,001 characters',
      { headers: JSON_HEADER, body: JSON.stringify({ last_prompt: 'x'.repeat(4_001) }) },
      400,
      'last_prompt must have at most 4000 characters',
    ],
    [
      'a session_id of 101 characters',
      { headers: JSON_HEADER, body: JSON.stringify({ last_prompt: 'Hi', session_id: 'x'.repeat(101) }) },
      400,
      'session_id must have at most 100 characters',
    ],
    ['U+0000', { headers: JSON_HEADER, body: '{"last_prompt":"a\\u0000"}' }, 400, /U\+0000/],
    ['half a character', { headers: JSON_HEADER, body: '{"last_prompt":"\\ud83d"}' }, 400, /well-formed/],
    [
      'a prototype',
      { headers: JSON_HEADER, body: '{"last_prompt":"Hi","__proto__":{"a":1}}' },
      400,
      'Invalid JSON',
    ],
    [
      'more than 1 MiB',
      { headers: JSON_HEADER, body: JSON.stringify({ last_prompt: 'Hi', x: 'x'.repeat(1_048_576) }) },
      413,
      'Request too large',
    ],
    ['XML', { headers: { 'content-type': 'text/xml' }, body: '<a/>' }, 415, 'Unsupported media type'],
  ];

  it.each(cases)('%s is refused, by both routes', async (_, request, status, message) => {
    ctx.upstream.reset();
    for (const [path, more] of [
      [STREAM, {}],
      [WHOLE, { result: '' }],
    ] as const) {
      const answer = await fetch(ctx.api.url + path, { method: 'POST', ...request });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, JSON_TYPE]);
      const expected = typeof message === 'string' ? message : expect.stringMatching(message);
      expect(await answer.json()).toEqual({ success: false, message: expected, ...more });
    }
    expect(ctx.upstream.log).toHaveLength(0);
  });

  it('4,000 characters are asked, those of several units counted as one', async () => {
    for (const last_prompt of ['x'.repeat(4_000), '👋'.repeat(4_000)])
      await ctx.client.post(WHOLE, { last_prompt }, { expect: 200 });
  });
});
