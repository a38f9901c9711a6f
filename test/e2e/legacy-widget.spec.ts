import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/child.ts';
import { sendRaw } from '../support/raw-http.ts';
import { useApi } from '../support/suite.ts';
import { eventually } from '../support/talk.ts';
import { askWidget } from '../support/widget.ts';

const CONFIG = '/myapi/v1/chat-bot-config';
const JSON_TYPE = 'application/json; charset=utf-8';

/** Processes that a test starts itself take their time on a busy machine. */
vi.setConfig({ testTimeout: 90_000 });

describe('widget: GET /health', () => {
  const ctx = useApi({ env: { SHUTDOWN_GRACE_MS: '3000' } });

  it('says that the service is healthy', async () => {
    for (const path of ['/health', '/health/', '//health']) {
      const { status, headers, body } = await sendRaw(ctx.api.url, `GET ${path}`);
      expect(status).toBe(200);
      expect(headers['content-type']).toBe(JSON_TYPE);
      expect(body).toEqual({
        service: 'Parley',
        status: 'healthy',
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      });
    }
  });

  it('says what is down, and when to ask again', async () => {
    const down = ctx.redis ? 'redis' : 'process';
    if (ctx.redis) await ctx.redis.kill();
    else {
      ctx.upstream.setDefaults({ count: 200, gap: 50 });
      await askWidget(ctx.api.url, { last_prompt: 'Go on' });
      ctx.api.signal('SIGTERM');
    }
    const { headers, body } = await eventually(async () => {
      const answer = await ctx.client.get('/health');
      return answer.status === 503 && answer;
    });
    expect(headers['retry-after']).toBe('5');
    expect(headers['content-type']).toBe(JSON_TYPE);
    expect(body).toEqual({
      service: 'Parley',
      status: 'unhealthy',
      version: expect.any(String),
      down: [down],
    });
    ctx.upstream.setDefaults({});
  });
});

describe('widget: GET /myapi/v1/chat-bot-config', () => {
  const ctx = useApi();

  it('has all six keys, and pictures that this service serves', async () => {
    const { headers, body } = await ctx.client.get(CONFIG, { expect: 200 });
    expect(headers['content-type']).toBe(JSON_TYPE);
    expect(body).toEqual({
      botStatus: 1,
      StartUpMessage: 'Hello! How can I help you?',
      fontSize: '16',
      userAvatarURL: `${ctx.api.url}/widget/user.svg`,
      botImageURL: `${ctx.api.url}/widget/bot.svg`,
      commonButtons: [
        { buttonText: 'What can you do?', buttonPrompt: 'What can you help me with?' },
        { buttonText: 'Get in touch', buttonPrompt: 'How can I get in touch with a person?' },
      ],
    });
    for (const url of [body.userAvatarURL, body.botImageURL] as string[]) {
      const picture = await ctx.client.get(new URL(url).pathname, { expect: 200 });
      expect(picture.headers).toMatchObject({
        'content-type': 'image/svg+xml; charset=utf-8',
        'cache-control': 'public, max-age=86400',
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'cross-origin',
        'access-control-allow-origin': '*',
      });
      expect(picture.bytes.toString()).toMatch(
        /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [\s\S]*<\/svg>\n$/,
      );
    }
  });

  it('repeats no host that is none', async () => {
    const { body } = await sendRaw(ctx.api.url, `GET ${CONFIG}`, ['Host: "><script>']);
    expect(body.botImageURL ?? '').not.toContain('script');
  });

  it('is what a file and variables say', async () => {
    const file = join(temporaryFolder('widget'), 'widget.json');
    const buttons = [{ buttonText: '价格', buttonPrompt: '多少钱？' }];
    writeFileSync(file, JSON.stringify({ StartUpMessage: '你好！', fontSize: 18, commonButtons: buttons }));
    const api = await ctx.startAnother({
      WIDGET_CONFIG_FILE: file,
      WIDGET_FONT_SIZE: '20',
      WIDGET_BOT_IMAGE_URL: 'https://cdn.example.com/bot.png',
      WIDGET_PUBLIC_URL: 'https://chat.example.com/',
    });
    const answer = await fetch(api.url + CONFIG);
    expect(await answer.json()).toEqual({
      botStatus: 1,
      StartUpMessage: '你好！',
      fontSize: '20',
      userAvatarURL: 'https://chat.example.com/widget/user.svg',
      botImageURL: 'https://cdn.example.com/bot.png',
      commonButtons: buttons,
    });
  });

  it('a wrong file stops the start in one line', async () => {
    const file = join(temporaryFolder('widget'), 'widget.json');
    writeFileSync(file, JSON.stringify({ fontSize: 'large' }));
    await expect(ctx.startAnother({ WIDGET_CONFIG_FILE: file })).rejects.toThrow(
      'WIDGET_CONFIG_FILE names a file that is wrong: fontSize must be a whole number from 8 to 72',
    );
  });

  it('botStatus is 0 where it is switched off, and where there is no language model', async () => {
    const off = await ctx.startAnother({ WIDGET_BOT_STATUS: '0' });
    const echo = await ctx.startAnother({ OPENAI_API_KEY: undefined });
    for (const api of [off, echo])
      expect(await (await fetch(api.url + CONFIG)).json()).toMatchObject({ botStatus: 0 });
  });

  it('botStatus is 0 while no language model can be reached, and nobody is called for it', async () => {
    const api = await ctx.startAnother({ LLM_MAX_RETRIES: '0' });
    const status = async () =>
      ((await (await fetch(api.url + CONFIG)).json()) as { botStatus: number }).botStatus;
    expect(await status()).toBe(1);
    ctx.upstream.setDefaults({ status: 500 });
    await askWidget(api.url, { last_prompt: 'Hi' });
    ctx.upstream.reset();
    expect(await status()).toBe(0);
    expect(ctx.upstream.log).toHaveLength(0);
    await (await askWidget(api.url, { last_prompt: 'Hi' })).all();
    expect(await status()).toBe(1);
  });
});

describe('widget: any other path under /myapi', () => {
  const ctx = useApi({ upstream: false });

  it.each([
    ['GET', '/myapi'],
    ['GET', '/myapi/'],
    ['GET', '/myapi/v1'],
    ['POST', '/myapi/v1/chat'],
    ['GET', '/myapi/v1/chat-bot'],
    ['GET', '/myapi/v1/chat-bot/stream'],
    ['DELETE', '/myapi/v1/chat-bot-config'],
    ['PUT', '/myapi//v2/anything?x=1'],
    ['PATCH', '/myapi/v1/chat-bot/stream/more'],
    ['OPTIONS', '/myapi/nothing'],
    ['PROPFIND', '/myapi/v1/chat-bot'],
  ])('%s %s is no endpoint', async (method, path) => {
    const options = method === 'POST' ? { raw: '{' } : {};
    const { status, headers, body } = await ctx.client.request(method, path, { ...options, unchecked: true });
    expect([status, headers['content-type']]).toEqual([404, JSON_TYPE]);
    expect(body).toEqual({ success: false, message: 'Endpoint not found' });
  });

  it('paths beside it are others’', async () => {
    for (const path of ['/myapis', '/my/api', '/widgets/bot.svg', '/healthy']) {
      const { status, body } = await ctx.client.get(path, { unchecked: true });
      expect([status, body.code]).toEqual([404, 'route_not_found']);
    }
  });
});
