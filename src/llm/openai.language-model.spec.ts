import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import { collect } from './language-model-calls.contract.js';
import { languageModelContract } from './language-model.contract.js';
import { OpenAiLanguageModel } from './openai.language-model.js';

languageModelContract('OpenAiLanguageModel (OpenAI)', ({ upstream, switches, apiKey = 'sk-test', fetch }) => {
  return new OpenAiLanguageModel({
    provider: 'openai',
    apiKey,
    baseURL: `${upstream.url}/v1`,
    model: `gpt:count=30,${switches === 'mark' ? '' : switches}`,
    ...(fetch && { fetch }),
  });
});

languageModelContract(
  'OpenAiLanguageModel (compatible mode)',
  ({ upstream, switches, apiKey = 'sk-test', fetch }) => {
    return new OpenAiLanguageModel({
      provider: 'bailian',
      apiKey,
      baseURL: `${upstream.url}/compatible-mode/v1`,
      model: `qwen:count=30,${switches === 'mark' ? '' : switches}`,
      ...(fetch && { fetch }),
    });
  },
);

describe('OpenAiLanguageModel', () => {
  let upstream: Upstream;
  beforeAll(async () => void (upstream = await startUpstream()));
  afterAll(() => upstream.close());

  const model = (extra: object = {}) =>
    new OpenAiLanguageModel({
      provider: 'openai',
      apiKey: 'sk-test',
      baseURL: `${upstream.url}/v1`,
      model: 'gpt',
      ...extra,
    });

  it('sends pictures before the text of their message, and other messages as texts', async () => {
    const image = { mediaType: 'image/jpeg', data: Buffer.from('jpeg'), tokens: 85 };
    await collect(model(), undefined, {
      messages: [
        { role: 'system', content: 'Look.' },
        { role: 'user', content: 'What is it?', images: [image, { ...image, data: Buffer.from('other') }] },
      ],
    });
    expect((upstream.log.at(-1)!.body as { messages: object[] }).messages).toEqual([
      { role: 'system', content: 'Look.' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,anBlZw==' } },
          { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,b3RoZXI=' } },
          { type: 'text', text: 'What is it?' },
        ],
      },
    ]);
  });

  it('sends messages and settings, and nothing that was not asked for', async () => {
    const messages = [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: 'Hi' },
    ];
    await collect(model(), undefined, { messages });
    expect(upstream.log.at(-1)?.body).toEqual({
      model: 'gpt',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    await collect(model({ extraBody: { enable_thinking: false } }), undefined, {
      messages,
      model: 'other',
      temperature: 0,
      maxOutputTokens: 5,
    });
    expect(upstream.log.at(-1)?.body).toMatchObject({
      model: 'other',
      temperature: 0,
      max_tokens: 5,
      enable_thinking: false,
    });
    expect(upstream.log.at(-1)?.headers).not.toHaveProperty('openai-organization');
  });

  it('names the limit as OpenAI wants it on its own host', async () => {
    let body: unknown;
    const fetch: typeof globalThis.fetch = async (_, init) => {
      body = JSON.parse(init?.body as string);
      return new Response('data: [DONE]\n\n');
    };
    await collect(model({ baseURL: 'https://api.openai.com/v1', fetch }), undefined, {
      messages: [],
      maxOutputTokens: 5,
    });
    expect(body).toMatchObject({ max_completion_tokens: 5 });
    expect(body).not.toHaveProperty('max_tokens');
  });

  it.each([
    ['a number', 'data: 7\n\n'],
    ['null', 'data: null\n\n'],
    ['a page of HTML', '<html><body>Bad gateway</body></html>'],
    ['nothing', ''],
    ['[DONE] alone', 'data: [DONE]\n\n'],
    ['half an event', 'data: {"choices":[{"index":0,"del'],
    [
      'odd choices',
      'data: {"choices":"x"}\n\ndata: {"choices":[null]}\n\ndata: {"choices":[{"delta":{"content":5}}]}\n\n',
    ],
  ])('reports %s as a breach of the protocol', async (_, text) => {
    const fetch = async () => new Response(text);
    expect(await collect(model({ fetch }))).toEqual([{ type: 'error', kind: 'protocol', retryable: true }]);
  });

  it('counts an answer as whole when the connection breaks after its finish_reason', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const chunk = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }] };
        controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`));
        setTimeout(() => controller.error(new TypeError('terminated')), 20);
      },
    });
    expect(await collect(model({ fetch: async () => new Response(body) }))).toEqual([
      { type: 'delta', text: 'Hi' },
      { type: 'done', reason: 'stop', model: 'gpt' },
    ]);
  });
});
