import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PIECES } from '../../test/support/upstream/pieces.ts';
import { piecesB64 } from '../../test/support/upstream/switches.ts';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import { BailianAppLanguageModel } from './bailian-app.language-model.js';
import { collect, textOf } from './language-model-calls.contract.js';
import { languageModelContract } from './language-model.contract.js';

languageModelContract('BailianAppLanguageModel', ({ upstream, switches, apiKey = 'sk-test', fetch }) => {
  return new BailianAppLanguageModel({
    apiKey,
    baseURL: upstream.url,
    appId: `app:count=30,${switches === 'mark' ? '' : switches}`,
    model: 'qwen-plus',
    ...(fetch && { fetch }),
  });
});

languageModelContract(
  'BailianAppLanguageModel (cumulative)',
  ({ upstream, switches, apiKey = 'sk-test', fetch }) => {
    return new BailianAppLanguageModel({
      apiKey,
      baseURL: upstream.url,
      appId: `app:count=30,ignore-incremental,${switches === 'mark' ? '' : switches}`,
      model: 'qwen-plus',
      ...(fetch && { fetch }),
    });
  },
);

describe('BailianAppLanguageModel', () => {
  let upstream: Upstream;
  beforeAll(async () => void (upstream = await startUpstream()));
  afterAll(() => upstream.close());

  const TEXT = PIECES.join('');
  const model = (switches = '', fetch = globalThis.fetch) =>
    new BailianAppLanguageModel({
      apiKey: 'sk-test',
      baseURL: upstream.url,
      appId: `app:${switches}`,
      model: 'qwen-plus',
      fetch,
    });
  const streamOf =
    (...events: object[]) =>
    async () =>
      new Response(events.map((event) => `data:${JSON.stringify(event)}\n\n`).join(''), {
        headers: { 'content-type': 'text/event-stream' },
      });

  it('sends pictures in a list of their own', async () => {
    const image = { mediaType: 'image/jpeg', data: Buffer.from('jpeg'), tokens: 85 };
    await collect(model(), undefined, {
      messages: [{ role: 'user', content: 'What is it?', images: [image] }],
    });
    expect((upstream.log.at(-1)!.body as { input: object }).input).toEqual({
      messages: [{ role: 'user', content: 'What is it?' }],
      image_list: ['data:image/jpeg;base64,anBlZw=='],
    });
  });

  it('sends the whole history, asks for increments, and keeps no session', async () => {
    const messages = [
      { role: 'user' as const, content: 'a' },
      { role: 'assistant' as const, content: 'b' },
      { role: 'user' as const, content: 'c' },
    ];
    await collect(model(), undefined, { messages, temperature: 0.5 });
    const call = upstream.log.at(-1);
    expect(call?.body).toEqual({
      input: { messages },
      parameters: { incremental_output: true, temperature: 0.5 },
      debug: {},
    });
    expect(call?.headers).toMatchObject({ 'x-dashscope-sse': 'enable', 'content-type': 'application/json' });
    await collect(model(), undefined, { messages, model: 'qwen-max' });
    expect(upstream.log.at(-1)?.body).toMatchObject({ parameters: { model_id: 'qwen-max' } });
  });

  it.each(['', 'cumulative', 'empty-final', 'empty-final,cumulative', 'workflow', 'workflow,cumulative'])(
    'reads an answer that is %s',
    async (switches) => {
      const events = await collect(model(switches));
      expect(textOf(events)).toBe(TEXT);
      expect(events.at(-1)).toEqual({ type: 'done', reason: 'stop', model: 'qwen-plus' });
    },
  );

  it.each([
    [['好', '好的', '好的呀'], 'cumulative,'],
    [['1', '0', '1'], ''],
  ])('reads the short answer %j', async (pieces, switches) => {
    expect(textOf(await collect(model(`${switches}pieces-b64=${piecesB64(pieces)}`)))).toBe(pieces.join(''));
  });

  it('reports a cumulative text that was rewritten, after the text before', async () => {
    const events = await collect(model('cumulative,rewrite=5'));
    expect(textOf(events)).toBe(PIECES.slice(0, 5).join(''));
    expect(events.at(-1)).toEqual({ type: 'error', kind: 'protocol', retryable: true });
  });

  it('does not take a rewritten final text for a finished answer', async () => {
    const events = await collect(model('cumulative,rewrite=29'));
    expect(events.at(-1)).toMatchObject({ type: 'error', kind: 'protocol' });
  });

  it.each(['event', 'status-line', 'bare'])(
    'reads an error inside the stream in the style %s',
    async (style) => {
      const events = await collect(
        model(`error=2,error-style=${style},code=Throttling.RateQuota,error-status=429`),
      );
      expect(events.at(-1)).toEqual({
        type: 'error',
        kind: 'rate_limit',
        retryable: true,
        providerCode: 'Throttling.RateQuota',
      });
    },
  );

  it.each(['event', 'status-line'])('falls back on the status inside the stream (%s)', async (style) => {
    const events = await collect(model(`error=0,error-style=${style},code=Odd,error-status=403`));
    expect(events).toEqual([{ type: 'error', kind: 'auth', retryable: false, providerCode: 'Odd' }]);
  });

  it('reports a rejected answer', async () => {
    expect(await collect(model('reject'))).toEqual([
      { type: 'error', kind: 'content_filter', retryable: false },
    ]);
  });

  it('reads an answer that is no stream', async () => {
    const fetch = (input: unknown, init: RequestInit | undefined) =>
      globalThis.fetch(input as string, { ...init, headers: { authorization: 'Bearer sk-test' } });
    const events = await collect(model('count=3', fetch as typeof globalThis.fetch));
    expect(textOf(events)).toBe(PIECES.slice(0, 3).join(''));
    expect(events.at(-1)).toMatchObject({ type: 'done', reason: 'stop' });
  });

  it('passes heartbeats and events without a text over', async () => {
    const fetch = async () =>
      new Response(
        ':HTTP_STATUS/200\n\ndata:\n\nevent:result\ndata:{"output":{"finish_reason":"null"}}\n\n' +
          'data:{"output":{"finish_reason":"null","text":"a"},"code":""}\n\ndata:{"output":{"finish_reason":"stop","text":""}}\n\n',
      );
    expect(await collect(model('', fetch))).toEqual([
      { type: 'delta', text: 'a' },
      { type: 'done', reason: 'stop' },
    ]);
  });

  it('keeps the nodes of a workflow apart', async () => {
    const say = (node: string, content: string, finish = 'null') => ({
      output: {
        finish_reason: finish,
        workflow_message: { node_id: node, node_msg_seq_id: 0, message: { content } },
      },
    });
    const fetch = streamOf(
      say('a', '你好世界'),
      say('a', '你好世界！'),
      say('b', '再见'),
      say('b', '再见了', 'stop'),
    );
    expect(textOf(await collect(model('', fetch)))).toBe('你好世界！再见了');
  });

  it('gives out what it held back when the stream fails', async () => {
    const say = (text: string) => ({ output: { finish_reason: 'null', text } });
    const events = await collect(model('', streamOf(say('1'), say('10'))));
    expect(events).toEqual([
      { type: 'delta', text: '1' },
      { type: 'delta', text: '10' },
      { type: 'error', kind: 'protocol', retryable: true },
    ]);
  });
});
