import { describe, expect, it } from 'vitest';
import { useApi } from '../support/suite.ts';
import type { Answer } from '../support/client.ts';

const STREAM = '/myapi/v1/chat-bot/stream';
const CONFIG = '/myapi/v1/chat-bot-config';
const SITE = 'https://shop.example.com';

const corsOf = ({ headers }: Answer) =>
  Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => name.startsWith('access-control-') && !name.includes('expose'),
    ),
  );

const preflight = (origin: string) => ({
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  },
});

describe('widget: pages of other sites', () => {
  const ctx = useApi({ env: { CORS_ORIGINS: 'https://app.example.com' } });

  it('of every site may ask and read, without cookies', async () => {
    const asked = await ctx.client.request('OPTIONS', STREAM, preflight(SITE));
    expect([asked.status, asked.bytes.length]).toEqual([204, 0]);
    expect(corsOf(asked)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': '600',
    });
    const headers = { origin: SITE, 'sec-fetch-site': 'cross-site' };
    const answers = [
      await ctx.client.get('/health', { headers }),
      await ctx.client.get(CONFIG, { headers }),
      await ctx.client.get('/widget/bot.svg', { headers }),
      await ctx.client.post('/myapi/v1/chat-bot', { last_prompt: 'Hi' }, { headers, expect: 200 }),
      await ctx.client.post('/myapi/v1/chat-bot', {}, { headers, expect: 400 }),
      await ctx.client.get('/myapi/nothing', { headers, unchecked: true }),
      await ctx.client.post(STREAM, { last_prompt: 'Hi' }, { headers, unchecked: true, expect: 200 }),
    ];
    for (const answer of answers) {
      expect(corsOf(answer)).toEqual({ 'access-control-allow-origin': '*' });
      expect(answer.headers['cross-origin-resource-policy']).toBe('cross-origin');
    }
  });

  it('also of a site that the API itself is open to; the API stays as it was', async () => {
    const own = { origin: 'https://app.example.com' };
    expect(corsOf(await ctx.client.get(CONFIG, { headers: own }))).toEqual({
      'access-control-allow-origin': '*',
    });
    const api = await ctx.client.get('/health/live', { headers: own });
    expect(corsOf(api)).toEqual({
      'access-control-allow-origin': own.origin,
      'access-control-allow-credentials': 'true',
    });
    const foreign = await ctx.client.get('/health/live', { headers: { origin: SITE } });
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    const asked = await ctx.client.request('OPTIONS', 'conversations', preflight(SITE));
    expect(asked.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('widget: pages of WIDGET_ORIGINS', () => {
  const ctx = useApi({ env: { WIDGET_ORIGINS: `${SITE},https://www.example.com` } });
  const ask = (headers: Record<string, string>) =>
    ctx.client.post(STREAM, { last_prompt: 'Hi' }, { headers, unchecked: true });

  it('may ask, and no others', async () => {
    const asked = await ctx.client.request('OPTIONS', STREAM, preflight(SITE));
    expect(asked.headers).toMatchObject({ 'access-control-allow-origin': SITE, vary: 'Origin' });
    expect((await ask({ origin: SITE })).status).toBe(200);
    const foreign = 'https://other.example.net';
    const refused = await ctx.client.request('OPTIONS', STREAM, preflight(foreign));
    expect(refused.headers['access-control-allow-origin']).toBeUndefined();
    ctx.upstream.reset();
    const { status, body, headers } = await ask({ origin: foreign });
    expect([status, body]).toEqual([403, { success: false, message: 'Origin not allowed' }]);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(ctx.upstream.log).toHaveLength(0);
    expect((await ctx.client.get('/health', { headers: { origin: foreign } })).status).toBe(200);
  });

  it('nor is anybody kept out who is no page, or a page of this service', async () => {
    expect((await ask({})).status).toBe(200);
    expect((await ask({ origin: ctx.api.url })).status).toBe(200);
  });
});

describe('widget: a surface that is not mounted', () => {
  const ctx = useApi({ upstream: false, env: { LEGACY_SURFACES: 'tutor' } });

  it('is not there', async () => {
    for (const path of ['/health', CONFIG, '/widget/bot.svg', '/myapi/nothing']) {
      const { status, body, headers } = await ctx.client.get(path, { unchecked: true });
      expect([status, body.code]).toEqual([404, 'route_not_found']);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    expect(
      Object.keys((await ctx.client.get('/docs/openapi.json', { unchecked: true })).body.paths),
    ).not.toContain(CONFIG);
    expect((await ctx.client.get('/health/live')).status).toBe(200);
  });
});
