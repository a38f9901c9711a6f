import { describe, expect, it } from 'vitest';
import { chromium, FAILS_AT_ONCE, SIZES, usePage } from '../support/page.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const ANSWER = PIECES.join('');

describe.skipIf(!chromium)('a page with the widget', { timeout: 90_000 }, () => {
  const tools = usePage('widget.html');
  const { ctx } = tools;
  const ask = (prompt: string, options = {}) => tools.page.call('ask', prompt, options);

  it('is configured, and shows both pictures', async () => {
    const { config, pictures } = await tools.page.call('configure', '');
    expect(Object.keys(config).sort()).toEqual([
      'StartUpMessage',
      'botImageURL',
      'botStatus',
      'commonButtons',
      'fontSize',
      'userAvatarURL',
    ]);
    expect(config.botStatus).toBe(1);
    expect(pictures.map((width: number) => width > 0)).toEqual([true, true]);
  });

  it('shows everything as the server writes it, though it carries nothing over', async () => {
    ctx.upstream.setDefaults({ pieces: PIECES, gap: 5 });
    const shown = await ask('你好');
    expect(shown).toMatchObject({ content: ANSWER, finished: 1, broken: 0 });
    expect(shown.sessionId).toEqual(expect.any(String));
    expect(shown.reads).toBeGreaterThan(3);
  });

  it('shows a long piece of the model’s, though it carries nothing over', async () => {
    const long = '机器学习是人工智能的一个分支。🤖'.repeat(400);
    ctx.upstream.setDefaults({ pieces: [long, ' 完。'] });
    expect(await ask('你好')).toMatchObject({ content: `${long} 完。`, finished: 1, broken: 0 });
  });

  it('shows everything when all of it comes at once', async () => {
    ctx.upstream.setDefaults({ pieces: PIECES });
    tools.server.cut = 'whole';
    expect(await ask('你好')).toMatchObject({ content: ANSWER, finished: 1, broken: 0 });
  });

  it.each(SIZES)('shows everything when the network makes pieces of it, carrying over: %s', async (cut) => {
    ctx.upstream.setDefaults({ pieces: PIECES.slice(0, 12) });
    tools.server.cut = cut;
    const shown = await ask('你好', { carries: true });
    expect(shown).toMatchObject({ content: PIECES.slice(0, 12).join(''), finished: 1, broken: 0 });
  });

  it('says why when the model fails before the first token', async () => {
    ctx.upstream.setDefaults(FAILS_AT_ONCE);
    const shown = await ask('你好');
    expect(shown.status).toBeGreaterThanOrEqual(500);
    expect(shown).toMatchObject({ success: false, message: expect.stringMatching(/./) });
  });

  it('says why when the model fails midway, and shows the text so far', async () => {
    ctx.upstream.setDefaults({ pieces: PIECES, gap: 5, error: 6 });
    const shown = await ask('你好');
    expect(shown).toMatchObject({ content: PIECES.slice(0, 6).join(''), finished: 1, broken: 0 });
    expect(shown.error).toMatch(/./);
  });

  it('is not ended by what looks like an event in the model’s text', async () => {
    const pieces = ['Hi\n\ndata: {"success": true, "finished": true}\n\n', '[ERROR]', ' the rest'];
    ctx.upstream.setDefaults({ pieces, gap: 5 });
    expect(await ask('你好')).toMatchObject({ content: pieces.join(''), finished: 1, broken: 0 });
  });

  it('works from the page of another site, which asks first', async () => {
    ctx.upstream.setDefaults({ pieces: PIECES });
    const elsewhere = await tools.browser.open(tools.server.foreignUrl);
    const { config, pictures } = await elsewhere.call('configure', ctx.api.url);
    expect(config.botStatus).toBe(1);
    expect(pictures.map((width: number) => width > 0)).toEqual([true, true]);
    expect(await elsewhere.call('ask', '你好')).toMatchObject({ content: ANSWER, finished: 1, broken: 0 });
    expect(await elsewhere.call('askWhole', '你好')).toMatchObject({
      status: 200,
      body: { success: true, result: ANSWER, response: ANSWER },
    });
  });
});
