import { describe, expect, it, vi } from 'vitest';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';
import { answerOf, askWidget, eventsOf, type WidgetStream } from '../support/widget.ts';

const WHOLE = '/myapi/v1/chat-bot';
const QUESTION = { last_prompt: 'Hi' };
/** As a proxy says whom it asks for. */
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

async function refusalOf(stream: WidgetStream): Promise<unknown[]> {
  return [stream.status, JSON.parse(await stream.all())];
}

/** Processes that a test starts itself take their time on a busy machine. */
vi.setConfig({ testTimeout: 90_000 });

describe('widget: limits', () => {
  const ctx = useApi({ env: { RATE_LIMIT_SCALE: '1', TRUST_PROXY: '1' } });

  it('20 questions a minute from one address, of both routes together', async () => {
    const { url } = ctx.api;
    for (let n = 0; n < 20; n += 1) {
      const stream = await askWidget(url, QUESTION, { ...from('192.0.2.1'), ...(n % 2 && { path: WHOLE }) });
      await stream.all();
      expect([stream.status, stream.headers['ratelimit-remaining']]).toEqual([200, String(19 - n)]);
    }
    const refused = await askWidget(url, QUESTION, from('192.0.2.1'));
    expect(await refusalOf(refused)).toEqual([429, { success: false, message: 'Too many requests' }]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(refused.headers['access-control-expose-headers']).toContain('Retry-After');
    const whole = await askWidget(url, QUESTION, { ...from('192.0.2.1'), path: WHOLE });
    expect(await refusalOf(whole)).toEqual([
      429,
      { success: false, message: 'Too many requests', result: '' },
    ]);
    const config = await fetch(`${url}/myapi/v1/chat-bot-config`, from('192.0.2.1'));
    expect(config.status).toBe(200);
    expect((await askWidget(url, QUESTION, from('192.0.2.2'))).status).toBe(200);
  });

  it('what is no question is not counted', async () => {
    for (let n = 0; n < 25; n += 1) await askWidget(ctx.api.url, {}, from('192.0.2.3'));
    expect((await askWidget(ctx.api.url, QUESTION, from('192.0.2.3'))).status).toBe(200);
  });

  it('WIDGET_RATE and RATE_LIMIT_SCALE say how many', async () => {
    const api = await ctx.startAnother({ WIDGET_RATE: '4', RATE_LIMIT_SCALE: '0.5', REDIS_URL: undefined });
    const statuses = [];
    for (let n = 0; n < 3; n += 1)
      statuses.push((await askWidget(api.url, QUESTION, from('192.0.2.4'))).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('so many at once from one address, and over all', async () => {
    const api = await ctx.startAnother({ WIDGET_ANSWERS_PER_ADDRESS: '2', WIDGET_ANSWERS_AT_ONCE: '3' });
    ctx.upstream.setDefaults({ gap: 50, count: 2_000 });
    const running = [];
    for (const address of ['192.0.2.5', '192.0.2.5', '192.0.2.6'])
      running.push(await askWidget(api.url, QUESTION, from(address)));
    const third = await askWidget(api.url, QUESTION, from('192.0.2.5'));
    expect(await refusalOf(third)).toEqual([429, { success: false, message: 'Too many requests' }]);
    expect(third.headers['retry-after']).toBe('5');
    const fourth = await askWidget(api.url, QUESTION, from('192.0.2.7'));
    expect(await refusalOf(fourth)).toEqual([503, { success: false, message: 'Service busy' }]);
    running[0]!.leave();
    const next = await eventually(async () => {
      const stream = await askWidget(api.url, QUESTION, from('192.0.2.7'));
      return stream.status === 200 && stream;
    });
    for (const stream of [...running, next]) stream.leave();
    ctx.upstream.setDefaults({});
  });

  it('whoever leaves makes room at once, whatever was on its way to him', async () => {
    const api = await ctx.startAnother({ WIDGET_ANSWERS_PER_ADDRESS: '1', WIDGET_RATE: '1000' });
    ctx.upstream.setDefaults({ gap: 1, count: 100_000 });
    for (let n = 0; n < 12; n += 1) {
      const stream = await eventually(async () => {
        const one = await askWidget(api.url, QUESTION, from('192.0.2.8'));
        return one.status === 200 && one;
      });
      // Now in the pause between two events, now while one is waited for.
      await eventually(async () => stream.chunks.length > n);
      stream.leave();
    }
    ctx.upstream.setDefaults({});
  });

  it('WIDGET_REQUESTS_PER_DAY over all addresses, until midnight in UTC', async () => {
    const api = await ctx.startAnother({ WIDGET_REQUESTS_PER_DAY: '3' });
    const statuses = [];
    for (let n = 0; n < 3; n += 1)
      statuses.push((await askWidget(api.url, QUESTION, from(`198.51.100.${n}`))).status);
    expect(statuses).toEqual([200, 200, 200]);
    const refused = await askWidget(api.url, QUESTION, from('198.51.100.9'));
    expect(await refusalOf(refused)).toEqual([429, { success: false, message: 'Daily limit reached' }]);
    const midnight = new Date().setUTCHours(24, 0, 0, 0);
    const wait = Number(refused.headers['retry-after']) * 1_000;
    expect(Math.abs(Date.now() + wait - midnight)).toBeLessThan(60_000);
  });
});

describe('widget: visitors who leave', () => {
  const ctx = useApi({ env: { SHUTDOWN_GRACE_MS: '200' } });

  it.each(['midway', 'before the first piece', 'of a whole answer'])(
    '%s take the provider’s socket with them',
    async (when) => {
      ctx.upstream.reset();
      ctx.upstream.setDefaults(when === 'midway' ? { gap: 20, count: 5_000 } : { first: 20_000 });
      const { url } = ctx.api;
      if (when === 'midway') {
        const stream = await askWidget(url, QUESTION);
        await eventually(async () => eventsOf(stream.chunks).length >= 3);
        stream.leave();
      } else {
        const gone = new AbortController();
        const path = when === 'of a whole answer' ? WHOLE : '/myapi/v1/chat-bot/stream';
        const asked = fetch(url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(QUESTION),
          signal: gone.signal,
        });
        await eventually(async () => ctx.upstream.log.length > 0);
        gone.abort();
        await expect(asked).rejects.toThrow();
      }
      const call = await eventually(
        async () => ctx.upstream.log[0]!.closedAt !== null && ctx.upstream.log[0],
      );
      expect(call).toMatchObject({ closedByClient: true, finished: false });
      expect(call.chunksSent).toBeLessThan(500);
      ctx.upstream.setDefaults({});
      expect(ctx.upstream.log).toHaveLength(1);
    },
  );

  it('an answer that is being written when the process ends gets an end', async () => {
    const api = await ctx.startAnother();
    ctx.upstream.setDefaults({ gap: 20, count: 5_000 });
    const stream = await askWidget(api.url, QUESTION);
    await eventually(async () => stream.chunks.length > 0);
    api.signal('SIGTERM');
    const text = await stream.all();
    expect(
      text.endsWith('data: {"success": false, "message": "Service restarting", "finished": true}\n\n'),
    ).toBe(true);
    expect(answerOf(eventsOf(stream.chunks)).length).toBeGreaterThan(5);
    expect(await api.exited).toMatchObject({ code: 0 });
    ctx.upstream.setDefaults({});
  });
});
