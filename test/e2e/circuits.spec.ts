import { describe, expect, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import type { ApiClient } from '../support/client.ts';
import { useApi } from '../support/suite.ts';
import { begin, beginWith, eventually } from '../support/talk.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const ANSWER = PIECES.join('');
/** Calls after which a circuit may open. */
const VOLUME = 30;

describe('A circuit', () => {
  const ctx = useApi({
    env: { LLM_MAX_RETRIES: '0', LLM_FIRST_TOKEN_TIMEOUT_MS: '700', LLM_CIRCUIT_OPEN_MS: '600000' },
  });

  const answerOf = async (client: ApiClient, conversationId: number) => {
    const { body } = await client.post(`conversations/${conversationId}/messages`, { content: 'Hello' });
    return body.assistantMessage;
  };
  /** One turn each in new conversations with the model, six at a time. */
  const turns = async (client: ApiClient, count: number, model: string | undefined) => {
    const { body } = await client.post('chatbots', { name: 'Bot', ...(model !== undefined && { model }) });
    const answers: any[] = [];
    const worker = async () => {
      for (let turn = 0; turn < count / 6; turn += 1)
        answers.push(await answerOf(client, await begin(client, { chatbotId: body.id })));
    };
    await Promise.all(Array.from({ length: 6 }, worker));
    return answers;
  };
  const callsTo = (model: string) => ctx.upstream.callsTo(model).length;
  const count = (api: ApiProcess, text: RegExp) => [...api.logs().matchAll(text)].length;

  it('opens when a model is out of service: it is not asked, and the turn fails at once', async () => {
    const client = await ctx.register();
    const answers = await turns(client, VOLUME, 'gone:status=500');
    expect(answers.map(({ error }) => error.providerCode)).toEqual(Array(VOLUME).fill('server_error'));
    const answer = await answerOf(client, await beginWith(client, { model: 'gone:status=500' }));
    expect(answer).toMatchObject({
      status: 'failed',
      content: '',
      error: { code: 'llm_unavailable', providerCode: 'circuit_open' },
    });
    expect(callsTo('gone')).toBe(VOLUME);
    expect(count(ctx.api, /circuit of openai .{0,3}gone:status=500.{0,3} opens/g)).toBe(1);
  });

  it("is one model's: the provider's other models are asked", async () => {
    const client = await ctx.register();
    await turns(client, VOLUME, 'broken:reset=0');
    for (const model of ['sound', undefined]) {
      const [answer] = await turns(client, 1, model);
      expect(answer).toMatchObject({ status: 'completed', content: ANSWER });
    }
  });

  it.each(['status=429', 'status=401', 'status=400,code=invalid_parameter_error', 'end=3'])(
    'stays closed over %s',
    async (fault) => {
      const client = await ctx.register();
      const model = `refusing:${fault}`;
      await turns(client, VOLUME + 6, model);
      expect(ctx.upstream.callsTo(model)).toHaveLength(VOLUME + 6);
    },
  );

  it('stays closed when one call in ten fails', async () => {
    const client = await ctx.register();
    const answers = await turns(client, 120, 'shaky:status=500,fail-rate=10');
    expect(callsTo('shaky')).toBe(120);
    expect(answers.filter(({ status }) => status === 'completed').length).toBeGreaterThan(90);
  });

  it('leads to the next provider without a call', async () => {
    const api = await ctx.startAnother({
      ...{ DASHSCOPE_API_KEY: 'test-key', BAILIAN_BASE_URL: ctx.upstream.url, LLM_FALLBACK: 'bailian' },
      OPENAI_MODEL: 'first:status=503',
    });
    const client = (await ctx.register()).at(api.url);
    const before = await turns(client, VOLUME, undefined);
    const after = await turns(client, 12, undefined);
    for (const answer of [...before, ...after])
      expect(answer).toMatchObject({ status: 'completed', provider: 'bailian', content: ANSWER });
    expect(callsTo('first')).toBe(VOLUME);
  });

  it('closes again when a probe is answered', async () => {
    const api = await ctx.startAnother({ LLM_CIRCUIT_OPEN_MS: '300' });
    const client = (await ctx.register()).at(api.url);
    // The first two probes fail as well.
    const model = `back:status=500,fail-times=${VOLUME + 2}`;
    await turns(client, VOLUME, model);
    const id = await beginWith(client, { model });
    await eventually(async () => (await answerOf(client, id)).status === 'completed', 20_000);
    expect(callsTo('back')).toBe(VOLUME + 3);
    const answers = await turns(client, 12, model);
    expect(answers.map(({ content }) => content)).toEqual(Array(12).fill(ANSWER));
    expect(callsTo('back')).toBe(VOLUME + 15);
    expect([count(api, /circuit of .* opens/g), count(api, /circuit of .* closes/g)]).toEqual([1, 1]);
    expect(api.logs()).not.toMatch(/unhandled/i);
  });
});
