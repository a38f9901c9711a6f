import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PIECES } from '../../test/support/upstream/pieces.ts';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import { Circuits } from './circuits.js';
import { collect, textOf } from './language-model-calls.contract.js';
import type { LanguageModel } from './language-model.js';
import { OpenAiLanguageModel } from './openai.language-model.js';
import { ResilientLanguageModel } from './resilient.language-model.js';

const FAST = { firstTokenTimeoutMs: 2000, idleTimeoutMs: 2000, maxRetries: 2, backoffMs: 5 };
const TEXT = PIECES.join('');

describe('ResilientLanguageModel with circuits', () => {
  let upstream: Upstream;
  beforeAll(async () => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    upstream = await startUpstream();
  });
  afterEach(() => upstream.reset());
  afterAll(() => upstream.close());

  const one = (model: string, provider = 'openai') =>
    new OpenAiLanguageModel({ provider, apiKey: 'sk-test', baseURL: `${upstream.url}/v1`, model });
  const calls = (name: string) => upstream.callsTo(name).length;
  const OPEN = { type: 'error', kind: 'unavailable', retryable: true, providerCode: 'circuit_open' };
  const circuits = (openMs = 60_000) => new Circuits(openMs);
  const over = (shared: Circuits, ...models: string[]) => {
    const [first, ...rest] = models.map((model, i) => one(model, ['openai', 'bailian'][i]));
    const options = { ...FAST, maxRetries: 0, firstTokenTimeoutMs: 200 };
    return new ResilientLanguageModel([first as LanguageModel, ...rest], options, shared);
  };
  const times = async (count: number, model: LanguageModel) => {
    for (let i = 0; i < count; i += 10) await Promise.all(Array.from({ length: 10 }, () => collect(model)));
  };

  it.each(['status=500', 'reset=0', 'hang-head', 'error=0'])(
    'does not ask who fails with %s',
    async (fault) => {
      const shared = circuits();
      await times(30, over(shared, `a:${fault}`));
      expect(await collect(over(shared, `a:${fault}`))).toEqual([OPEN]);
      expect((await collect(over(shared, `a:${fault}`, 'b')))[0]).toMatchObject({ provider: 'bailian' });
      expect(calls('a')).toBe(30);
    },
  );

  it.each([
    'status=429',
    'status=401',
    'status=400',
    'status=429,code=insufficient_quota',
    'reset=3',
    'end=0',
  ])('still asks who fails with %s', async (fault) => {
    const shared = circuits();
    await times(40, over(shared, `a:${fault}`));
    expect(calls('a')).toBe(40);
  });

  it('leaves another model of the same provider alone', async () => {
    const shared = circuits();
    await times(30, over(shared, 'a:status=500'));
    expect(textOf(await collect(over(shared, 'b')))).toBe(TEXT);
  });

  it('passes over the second model of a chain as well', async () => {
    const shared = circuits();
    await times(30, over(shared, 'a:status=401', 'b:status=500'));
    upstream.reset();
    expect(await collect(over(shared, 'a:status=401', 'b:status=500'))).toMatchObject([{ kind: 'auth' }]);
    expect([calls('a'), calls('b')]).toEqual([1, 0]);
  });

  it('stops trying again when the circuit opens in between', async () => {
    const shared = circuits();
    await times(20, over(shared, 'a:status=500'));
    const retrying = (maxRetries: number, backoffMs: number) =>
      new ResilientLanguageModel(
        [one('a:status=500')],
        { ...FAST, maxRetries, backoffMs, maxBackoffMs: backoffMs },
        shared,
      );
    await collect(retrying(8, 1));
    // The thirtieth call: were the circuit not looked at, a minute's wait would follow.
    const events = await collect(retrying(1, 60_000));
    expect(events).toMatchObject([{ kind: 'unavailable', providerCode: 'server_error' }]);
    expect(calls('a')).toBe(30);
  });

  it('tries again after a while, with one call, which a stop gives back', async () => {
    const shared = circuits(200);
    await times(30, over(shared, 'a:hang-head,fail-times=31'));
    await new Promise((resolve) => setTimeout(resolve, 250));
    const model = over(shared, 'a:hang-head,fail-times=31');
    const controller = new AbortController();
    const probe = model.stream({ messages: [] }, controller.signal)[Symbol.asyncIterator]().next();
    await vi.waitFor(() => expect(calls('a')).toBe(31));
    expect(await collect(model)).toEqual([OPEN]);
    controller.abort();
    expect(await probe).toEqual({ done: true, value: undefined });
    expect(textOf(await collect(model))).toBe(TEXT);
    await Promise.all(Array.from({ length: 5 }, () => collect(model)));
    expect(calls('a')).toBe(37);
  });
});
