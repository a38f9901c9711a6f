import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PIECES } from '../../test/support/upstream/pieces.ts';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import { Circuits } from './circuits.js';
import { collect, textOf } from './language-model-calls.contract.js';
import { LanguageModel, type LlmEvent } from './language-model.js';
import { OpenAiLanguageModel } from './openai.language-model.js';
import { ResilientLanguageModel, type ResilienceOptions } from './resilient.language-model.js';

const FAST = { firstTokenTimeoutMs: 2000, idleTimeoutMs: 2000, maxRetries: 2, backoffMs: 5 };
const TEXT = PIECES.join('');

describe('ResilientLanguageModel', () => {
  let upstream: Upstream;
  beforeAll(async () => void (upstream = await startUpstream()));
  afterEach(() => upstream.reset());
  afterAll(() => upstream.close());

  const one = (model: string, provider = 'openai') =>
    new OpenAiLanguageModel({ provider, apiKey: 'sk-test', baseURL: `${upstream.url}/v1`, model });
  const chain = (models: string[], options: Partial<ResilienceOptions> = {}) => {
    const [first, ...rest] = models.map((model, i) => one(model, ['openai', 'bailian', 'echo'][i]));
    return new ResilientLanguageModel(
      [first as LanguageModel, ...rest],
      { ...FAST, ...options },
      new Circuits(60_000),
    );
  };
  const calls = (name: string) => upstream.callsTo(name).length;

  it('says who answers, before everything else', async () => {
    const events = await collect(chain(['a:count=2']));
    expect(events.map(({ type }) => type)).toEqual(['start', 'delta', 'delta', 'usage', 'done']);
    expect(events[0]).toEqual({ type: 'start', provider: 'openai', model: 'a:count=2' });
    expect(calls('a')).toBe(1);
  });

  it('says so before an empty answer, too, and keeps the order of its events', async () => {
    const events = await collect(chain(['a:count=0']));
    expect(events.map(({ type }) => type)).toEqual(['start', 'usage', 'done']);
  });

  it.each(['status=500', 'status=429', 'reset=0', 'end=0', 'error=0', 'hang-head', 'hang=0'])(
    'tries %s again until it works',
    async (fault) => {
      const events = await collect(chain([`a:fail-times=2,${fault}`], { firstTokenTimeoutMs: 100 }));
      expect(textOf(events)).toBe(TEXT);
      expect(events.filter(({ type }) => type === 'start')).toHaveLength(1);
      expect(calls('a')).toBe(3);
    },
  );

  it('gives up after the retries, with one error and no start', async () => {
    expect(await collect(chain(['a:status=503']))).toMatchObject([
      { type: 'error', kind: 'unavailable', retryable: true },
    ]);
    expect(calls('a')).toBe(3);
  });

  it.each(['insufficient_quota', 'invalid_api_key', 'context_length_exceeded', 'data_inspection_failed'])(
    'does not repeat a call that ended with %s',
    async (code) => {
      const events = await collect(chain([`a:status=429,code=${code}`]));
      expect(events).toMatchObject([{ type: 'error', retryable: false, providerCode: code }]);
      expect(calls('a')).toBe(1);
    },
  );

  it.each([
    ['status=500', 3],
    ['status=429,code=insufficient_quota', 1],
    ['status=401', 1],
    ['status=404', 1],
    ['hang-head', 3],
  ])('goes to the next provider after %s', async (fault, tries) => {
    const events = await collect(chain([`a:${fault}`, 'b'], { firstTokenTimeoutMs: 100 }));
    expect(events[0]).toEqual({ type: 'start', provider: 'bailian', model: 'b' });
    expect(textOf(events)).toBe(TEXT);
    expect([calls('a'), calls('b')]).toEqual([tries, 1]);
  });

  it.each(['invalid_parameter_error', 'context_length_exceeded', 'data_inspection_failed'])(
    'does not take %s to another provider',
    async (code) => {
      const events = await collect(chain([`a:status=400,code=${code}`, 'b']));
      expect(events).toMatchObject([{ type: 'error', providerCode: code }]);
      expect(calls('b')).toBe(0);
    },
  );

  it('drops the name of the model for the other provider', async () => {
    const request = {
      messages: [{ role: 'user' as const, content: 'x' }],
      model: 'a-big:status=500',
      temperature: 1,
    };
    const events = await collect(chain(['a', 'b']), undefined, request);
    expect(events[0]).toMatchObject({ provider: 'bailian', model: 'b' });
    expect([calls('a-big'), calls('b')]).toEqual([3, 1]);
    expect(upstream.callsTo('b')[0]?.body).toMatchObject({ temperature: 1 });
  });

  it('reports the failure of the preferred provider when all have failed', async () => {
    const events = await collect(chain(['a:status=429,code=Throttling', 'b:status=401']));
    expect(events).toMatchObject([
      { type: 'error', kind: 'rate_limit', retryable: true, providerCode: 'Throttling' },
    ]);
    expect([calls('a'), calls('b')]).toEqual([3, 1]);
  });

  it.each(['reset=5', 'end=5', 'error=5', 'hang=5'])('says nothing twice: %s is final', async (fault) => {
    const events = await collect(chain([`a:${fault}`, 'b'], { idleTimeoutMs: 100 }));
    expect(textOf(events)).toBe(PIECES.slice(0, 5).join(''));
    expect(events.at(-1)).toMatchObject({ type: 'error' });
    expect(events.filter(({ type }) => type === 'error')).toHaveLength(1);
    expect([calls('a'), calls('b')]).toEqual([1, 0]);
  });

  it('takes thinking for a beginning', async () => {
    const events = await collect(chain(['a:thinking=2,end=2', 'b']));
    expect(events.map(({ type }) => type)).toEqual(['start', 'thinking', 'thinking', 'error']);
    expect(calls('b')).toBe(0);
  });

  it('closes the socket of an attempt that is silent for too long', async () => {
    const start = Date.now();
    const events = await collect(chain(['a:hang-head'], { firstTokenTimeoutMs: 150, maxRetries: 0 }));
    expect(events).toEqual([{ type: 'error', kind: 'timeout', retryable: true }]);
    expect(Date.now() - start).toBeGreaterThanOrEqual(145);
    await vi.waitFor(() => expect(upstream.log[0]?.closedByClient).toBe(true), {
      timeout: 5_000,
      interval: 5,
    });
  });

  it('closes the socket of an answer that falls silent', async () => {
    const events = await collect(chain(['a:hang=3'], { idleTimeoutMs: 150 }));
    expect(events.at(-1)).toEqual({ type: 'error', kind: 'timeout', retryable: true });
    await vi.waitFor(() => expect(upstream.log[0]?.closedByClient).toBe(true), {
      timeout: 5_000,
      interval: 5,
    });
    expect(upstream.log[0]?.closedAfterChunks).toBe(3);
  });

  it('does not call an answer silent that is whole, though its stream stays open', async () => {
    const events = await collect(chain(['a:hang-tail,no-done'], { idleTimeoutMs: 100 }));
    expect(textOf(events)).toBe(TEXT);
    expect(events.at(-1)).toMatchObject({ type: 'done', reason: 'stop' });
    await vi.waitFor(() => expect(upstream.log[0]?.closedByClient).toBe(true), {
      timeout: 5_000,
      interval: 5,
    });
  });

  it('has no limit on the whole, and none on a slow reader', async () => {
    const model = chain(['a:gap=40,count=6'], { firstTokenTimeoutMs: 150, idleTimeoutMs: 150 });
    const events: LlmEvent[] = [];
    for await (const event of model.stream({ messages: [] }, new AbortController().signal)) {
      events.push(event);
      if (events.length === 2) await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(events.at(-1)).toMatchObject({ type: 'done' });
  });

  it('waits as long as the provider asks', async () => {
    const start = Date.now();
    const events = await collect(chain(['a:fail-times=1,status=429,retry-after-ms=300']));
    expect(Date.now() - start).toBeGreaterThanOrEqual(295);
    expect(textOf(events)).toBe(TEXT);
  });

  it('does not wait longer than it may', async () => {
    const events = await collect(chain(['a:status=429,retry-after=60', 'b']));
    expect(events[0]).toMatchObject({ provider: 'bailian' });
    expect(calls('a')).toBe(1);
  });

  it('ends at once when aborted, whatever it is waiting for', async () => {
    for (const model of [
      chain(['a:status=500'], { backoffMs: 60_000, maxBackoffMs: 60_000 }),
      chain(['a:hang-head']),
      chain(['a:hang=2']),
    ]) {
      const controller = new AbortController();
      const events: LlmEvent[] = [];
      const timer = setTimeout(() => controller.abort(), 100);
      const start = Date.now();
      for await (const event of model.stream({ messages: [] }, controller.signal)) events.push(event);
      clearTimeout(timer);
      expect(Date.now() - start).toBeLessThan(3_000);
      expect(events.some(({ type }) => type === 'error' || type === 'done')).toBe(false);
    }
    expect(upstream.log).toHaveLength(3);
  });

  it('closes the socket when it is left early', async () => {
    for await (const event of chain(['a:gap=20,count=1000']).stream(
      { messages: [] },
      new AbortController().signal,
    )) {
      if (event.type === 'delta') break;
    }
    await vi.waitFor(() => expect(upstream.log[0]?.closedByClient).toBe(true), {
      timeout: 5_000,
      interval: 5,
    });
  });

  it('turns an adapter that ends without an end, or throws, into an error', async () => {
    class Odd extends LanguageModel {
      readonly provider = 'odd';
      readonly defaultModel = 'odd';
      constructor(private readonly fail: boolean) {
        super();
      }
      override async *stream(): AsyncGenerator<LlmEvent> {
        yield { type: 'delta', text: 'a' };
        if (this.fail) throw new Error('broken');
      }
    }
    for (const fail of [false, true]) {
      const events = await collect(new ResilientLanguageModel([new Odd(fail)], FAST, new Circuits(60_000)));
      expect(events.slice(1)).toMatchObject([{ type: 'delta' }, { type: 'error', kind: 'protocol' }]);
    }
  });

  it('passes over a model that is too small for the request', async () => {
    const contextTokens = ({ defaultModel }: LanguageModel) => (defaultModel === 'b' ? 50 : undefined);
    const long = { messages: [{ role: 'user' as const, content: 'word '.repeat(100) }] };
    const model = chain(['a:status=401', 'b', 'c'], { contextTokens });
    expect((await collect(model, undefined, long))[0]).toMatchObject({ provider: 'echo', model: 'c' });
    expect((await collect(model))[0]).toMatchObject({ provider: 'bailian', model: 'b' });
    const last = chain(['a:status=401', 'b'], { contextTokens });
    expect(await collect(last, undefined, long)).toMatchObject([{ type: 'error', kind: 'auth' }]);
  });

  it('passes over a model that takes no pictures where there are some', async () => {
    const images = [{ mediaType: 'image/jpeg', data: Buffer.from('jpeg'), tokens: 85 }];
    const seen = { messages: [{ role: 'user' as const, content: 'Look', images }] };
    const model = chain(['a:status=401', 'b', 'c'], { takesImages: (one) => one.defaultModel !== 'b' });
    expect((await collect(model, undefined, seen))[0]).toMatchObject({ provider: 'echo', model: 'c' });
  });

  it('never passes over the preferred model for its size', async () => {
    const long = { messages: [{ role: 'user' as const, content: 'word '.repeat(100) }] };
    const events = await collect(chain(['a'], { contextTokens: () => 50 }), undefined, long);
    expect(textOf(events)).toBe(TEXT);
  });
});
