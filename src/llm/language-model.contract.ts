import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CallRecord } from '../../test/support/upstream/call.ts';
import { PIECES } from '../../test/support/upstream/pieces.ts';
import { SECRET_MESSAGE } from '../../test/support/upstream/protocol.ts';
import { startUpstream, type Upstream } from '../../test/support/upstream/upstream.ts';
import {
  collect,
  type ContractOptions,
  type Make,
  REQUEST,
  textOf,
} from './language-model-calls.contract.js';
import type { LanguageModel, LlmEvent } from './language-model.js';
import { splits } from './language-model-splits.contract.js';

export type ModelFactory = (options: ContractOptions) => LanguageModel;

const TEXT = PIECES.join('');

function terminals(events: LlmEvent[]): LlmEvent[] {
  return events.filter(({ type }) => type === 'done' || type === 'error');
}

/** What every adapter of `LanguageModel` promises, held against the test upstream. */
export function languageModelContract(name: string, factory: ModelFactory): void {
  describe(`${name} as a LanguageModel`, () => {
    let upstream: Upstream;
    beforeAll(async () => void (upstream = await startUpstream()));
    afterEach(() => upstream.reset());
    afterAll(() => upstream.close());

    const model = (switches = '', more: Partial<ContractOptions> = {}) =>
      factory({ upstream, switches, ...more });
    const lastCall = () => upstream.log.at(-1) as CallRecord;

    answers(model);
    splits(model);
    endings(model, lastCall);
    failures(model, lastCall);
  });
}

function answers(model: Make): void {
  it('gives the text, the usage, and one done as the last event', async () => {
    const events = await collect(model());
    expect(textOf(events)).toBe(TEXT);
    expect(events.at(-2)).toEqual({ type: 'usage', inputTokens: 11, outputTokens: 30 });
    expect(events.at(-1)).toMatchObject({ type: 'done', reason: 'stop' });
    expect(terminals(events)).toHaveLength(1);
    expect(events.some((event) => event.type === 'delta' && event.text === '')).toBe(false);
  });

  it('passes deltas on as they come', async () => {
    const times: number[] = [];
    await collect(model('gap=30,count=5'), () => times.push(performance.now()) < 0);
    expect((times[4] as number) - (times[0] as number)).toBeGreaterThan(80);
  });

  it('keeps thinking apart from the answer', async () => {
    const events = await collect(model('thinking=3'));
    expect(textOf(events)).toBe(TEXT);
    const thoughts = events.map((event) => (event.type === 'thinking' ? event.text : '')).join('');
    expect(thoughts).toBe('Let me think. 先想一想🤔');
    expect(events.findLastIndex(({ type }) => type === 'thinking')).toBeLessThan(
      events.findIndex(({ type }) => type === 'delta'),
    );
  });

  it.each(['no-done', 'crlf', 'bom', 'garbage=line', 'obfuscation'])(
    'understands a stream with %s',
    async (switches) => {
      const events = await collect(model(switches));
      expect(textOf(events)).toBe(TEXT);
      expect(events.at(-1)).toMatchObject({ type: 'done', reason: 'stop' });
    },
  );

  it('takes the later usage where it comes twice, and none where none comes', async () => {
    expect((await collect(model('usage-twice'))).findLast(({ type }) => type === 'usage')).toMatchObject({
      outputTokens: 30,
    });
    expect((await collect(model('no-usage'))).some(({ type }) => type === 'usage')).toBe(false);
  });

  it.each(['length', 'content_filter'])('says that the answer was cut by %s', async (finish) => {
    expect((await collect(model(`finish=${finish}`))).at(-1)).toMatchObject({ type: 'done', reason: finish });
  });

  it.each(['hang-tail', 'hang-tail,no-done'])(
    'is done soon after the answer is whole (%s)',
    async (switches) => {
      const events = await collect(model(switches));
      expect(events.at(-1)).toMatchObject({ type: 'done', reason: 'stop' });
      expect(events.at(-2)).toMatchObject({ type: 'usage', outputTokens: 30 });
    },
  );
}

function endings(model: Make, lastCall: () => CallRecord): void {
  it.each(['gap=20,count=1000', 'never-ending', 'hang=3'])(
    'closes the socket at once on abort (%s)',
    async (switches) => {
      const events = await collect(model(switches), ({ length }) => length === 3);
      const abortedAt = Date.now();
      await vi.waitFor(() => expect(lastCall().closedByClient).toBe(true), { timeout: 5_000, interval: 5 });
      expect(lastCall().closedAt as number).toBeLessThan(abortedAt + 2_000);
      expect(terminals(events)).toEqual([]);
    },
  );

  it.each(['hang-head', 'hang=0', 'gap=10000'])(
    'closes the socket when aborted while it waits (%s)',
    async (switches) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 100);
      const events: LlmEvent[] = [];
      const start = Date.now();
      for await (const event of model(switches).stream(REQUEST, controller.signal)) events.push(event);
      expect(Date.now() - start).toBeLessThan(3_000);
      await vi.waitFor(() => expect(lastCall().closedByClient).toBe(true), { timeout: 5_000, interval: 5 });
      expect(terminals(events)).toEqual([]);
    },
  );

  it('closes the socket when the iteration is left early', async () => {
    for await (const event of model('gap=20,count=1000').stream(REQUEST, new AbortController().signal)) {
      if (event.type === 'delta') break;
    }
    const leftAt = Date.now();
    await vi.waitFor(() => expect(lastCall().closedByClient).toBe(true), { timeout: 5_000, interval: 5 });
    expect(lastCall().closedAt as number).toBeLessThan(leftAt + 2_000);
  });

  it.each(['hang-tail', 'hang-tail,no-done'])(
    'closes the socket of an answer whose stream stays open after its end (%s)',
    async (switches) => {
      expect(terminals(await collect(model(switches)))).toHaveLength(1);
      await vi.waitFor(() => expect(lastCall().closedByClient).toBe(true), { timeout: 4000, interval: 20 });
    },
  );

  it('sends nothing where the signal is aborted already', async () => {
    const events: LlmEvent[] = [];
    for await (const event of model('mark').stream(REQUEST, AbortSignal.abort())) events.push(event);
    expect(events).toEqual([]);
  });

  it('leaves no listener on a signal that is used for many calls', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    for await (const event of model('count=2').stream(REQUEST, signal)) void event;
    expect(remove.mock.calls.length).toBeGreaterThanOrEqual(add.mock.calls.length);
  });

  it('uses the connection of a finished answer again', async () => {
    // A server of its own, as idle connections of other calls would do as well.
    const fresh = await startUpstream();
    for (let i = 0; i < 3; i += 1) {
      await collect(model('count=2', { upstream: fresh }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(fresh.log.map(({ closedByClient }) => closedByClient)).toEqual([false, false, false]);
    expect(new Set(fresh.log.map(({ clientPort }) => clientPort)).size).toBe(1);
    await fresh.close();
  });
}

function failures(model: Make, lastCall: () => CallRecord): void {
  const expectFailure = async (switches: string, error: object, text: string) => {
    const output = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
      vi.spyOn(console, level),
    );
    const events = await collect(model(switches));
    expect(events.at(-1)).toMatchObject({ type: 'error', ...error });
    expect(terminals(events)).toHaveLength(1);
    expect(textOf(events)).toBe(text);
    expect(JSON.stringify(events)).not.toContain(SECRET_MESSAGE);
    for (const spy of output) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  };
  const five = PIECES.slice(0, 5).join('');
  const two = PIECES.slice(0, 2).join('');

  it.each([
    ['reset=5', { kind: 'network', retryable: true }, five],
    ['reset=5,reset-how=fin', { kind: 'network', retryable: true }, five],
    ['end=5', { kind: 'protocol', retryable: true }, five],
    ['error=5', { kind: 'unavailable', retryable: true }, five],
    [
      'error=5,code=data_inspection_failed',
      { kind: 'content_filter', retryable: false, providerCode: 'data_inspection_failed' },
      five,
    ],
    ['garbage=json', { kind: 'protocol', retryable: true }, two],
    ['huge-line=100', { kind: 'protocol', retryable: false }, two],
    ['reset=0', { kind: 'network', retryable: true }, ''],
    ['status=500', { kind: 'unavailable', retryable: true }, ''],
    ['status=503,code=odd_code', { kind: 'unavailable', retryable: true, providerCode: 'odd_code' }, ''],
    ['status=429,retry-after=3', { kind: 'rate_limit', retryable: true, retryAfterMs: 3000 }, ''],
    [
      'status=429,code=insufficient_quota',
      { kind: 'quota', retryable: false, providerCode: 'insufficient_quota' },
      '',
    ],
    ['status=400', { kind: 'invalid_request', retryable: false }, ''],
    ['status=404', { kind: 'not_found', retryable: false }, ''],
  ])('reports %s', async (switches, error, text) => expectFailure(switches, error, text));

  it('takes no more of a huge line than it must', async () => {
    await collect(model('huge-line=100'));
    await vi.waitFor(() => expect(lastCall().closedByClient).toBe(true));
    expect(lastCall().bytesSent).toBeLessThan(16 * 1024 * 1024);
  });

  it('reports a wrong key', async () => {
    const events = await collect(model('', { apiKey: 'sk-bad' }));
    expect(events).toMatchObject([{ type: 'error', kind: 'auth', retryable: false }]);
  });

  it('reports a server that is not there', async () => {
    const gone = await startUpstream();
    const subject = model('', { upstream: gone });
    await gone.close();
    expect(await collect(subject)).toMatchObject([
      { type: 'error', kind: 'network', retryable: true, providerCode: 'ECONNREFUSED' },
    ]);
  });
}
