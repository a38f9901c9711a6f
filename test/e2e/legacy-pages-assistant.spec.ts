import { beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from '../support/client.ts';
import { chromium, FAILS_AT_ONCE, SIZES, usePage } from '../support/page.ts';
import { PIECES } from '../support/upstream/pieces.ts';
import type { Switches } from '../support/upstream/switches.ts';

const ANSWER = PIECES.join('');
const THREE = ['How is it brewed?', '它产自哪里？', 'Which cup suits it?'];

const solid = (text: string) => text.replaceAll(/\s/g, '');

describe.skipIf(!chromium)('a page of the surface assistant', { timeout: 90_000 }, () => {
  const tools = usePage('assistant.html');
  const { ctx } = tools;
  const username = '小明';
  const ask = (message: string, options = {}) => tools.page.call('ask', username, message, options);

  /** What the model answers; suggestions are always the same. */
  const answers = (switches: Switches) => {
    ctx.upstream.choose = (body: any) =>
      body.messages[0].content.includes('three short questions')
        ? { pieces: [JSON.stringify(THREE)] }
        : switches;
  };

  const stored = async () =>
    (
      await ctx.query('SELECT content, status FROM messages WHERE role = ? ORDER BY id DESC LIMIT 1', [
        'assistant',
      ])
    )[0];

  beforeAll(async () => {
    await tools.page.call('register', username, PASSWORD);
  });

  it.each(['pieces', 'all'])('shows everything as the server writes it, looking at %s', async (reader) => {
    answers({ pieces: PIECES, gap: 5 });
    const shown = await ask('你好', { reader });
    expect(shown).toMatchObject({ content: ANSWER, isStreaming: false });
    expect(shown.reads).toBeGreaterThan(3);
    expect(shown.messageId).toMatch(/^\d+$/);
    expect(shown.suggestions).toEqual({ status: 200, body: THREE });
    expect(await tools.page.evaluate(`document.querySelector('#talk').lastChild.textContent`)).toBe(ANSWER);
  });

  it.each(SIZES)('shows everything when the network makes pieces of it: %s', async (cut) => {
    answers({ pieces: PIECES });
    tools.server.cut = cut;
    const shown = await ask('你好', { reader: 'all' });
    expect(shown).toMatchObject({ content: ANSWER, isStreaming: false });
    expect(shown.suggestions).toEqual({ status: 200, body: THREE });
    (await import('node:fs')).appendFileSync('/tmp/proof-cuts', `${cut} ${shown.reads} ${shown.largest}\n`);
  });

  // It drops pieces of white space alone, wherever they come from; and only a whole marker is one to it.
  it.each(SIZES)('looking at each piece it loses no letter when the text is cut: %s', async (cut) => {
    answers({ pieces: PIECES });
    Object.assign(tools.server, { cut, spare: /\[MESSAGE_ID:/ });
    const shown = await ask('你好');
    expect(solid(shown.content)).toBe(solid(ANSWER));
    expect(shown).toMatchObject({ isStreaming: false, suggestions: { status: 200, body: THREE } });
  });

  it('shows the error when the model fails before the first token', async () => {
    answers(FAILS_AT_ONCE);
    const shown = await ask('你好');
    expect(shown).toMatchObject({ status: 200, isError: true, before: '', isStreaming: false });
    expect(shown.content).toMatch(/^\[ERROR\]./);
    expect(shown.messageId).toBeUndefined();
    expect(await stored()).toEqual({ content: '', status: 'failed' });
  });

  it('shows the error when the model fails midway, behind the text so far', async () => {
    answers({ pieces: PIECES, gap: 5, error: 6 });
    const shown = await ask('你好');
    expect(shown).toMatchObject({ status: 200, isError: true, isStreaming: false });
    expect(shown.before).toBe(PIECES.slice(0, 6).join(''));
    expect(shown.content).toMatch(/^\[ERROR\]./);
    expect(await stored()).toEqual({ content: PIECES.slice(0, 6).join(''), status: 'failed' });
  });

  it.each([
    ['at the beginning', ['[ERROR] the ', 'rest']],
    ['in a piece of its own', ['Hi', '[ERROR]', ' the rest']],
    ['over two pieces', ['Hi [MESS', 'AGE_ID:1] the rest']],
    ['whole', ['Hi [MESSAGE_ID:987654321] the rest']],
    ['piece by piece', [...'Hi [ERROR] [MESSAGE_ID:1] the rest']],
  ])('is not ended by a marker in the model’s text: %s', async (_where, pieces) => {
    answers({ pieces, gap: 10 });
    const shown = await ask('你好');
    expect(shown.isError).toBeUndefined();
    expect(shown.content).toMatch(/the rest$/);
    // What the page cuts out is gone; what it has left looks like what was written.
    expect(shown.content.replaceAll(/[［\u2060\u200b]/g, (mark: string) => (mark === '［' ? '[' : ''))).toBe(
      pieces.join(''),
    );
    const [row] = await ctx.query('SELECT id FROM messages WHERE role = ? ORDER BY id DESC LIMIT 1', [
      'assistant',
    ]);
    expect(shown.messageId).toBe(String(row.id));
    expect((await stored()).content).toBe(pieces.join(''));
  });

  it('uploads files, talks about them, and lists what was said', async () => {
    // Where there is Redis a worker reads them.
    if (ctx.redis) await ctx.startWorker();
    const { status, body } = await tools.page.call('upload', username, [
      ['tea.txt', 'Oolong is half oxidized.'],
    ]);
    expect(status).toBe(200);
    answers({ pieces: ['It is half oxidized.'] });
    const shown = await ask('What is oolong?', { file_ids: body.file_ids });
    expect(shown.content).toBe('It is half oxidized.');
    const list = await tools.page.call(
      'send',
      'GET',
      `/api/conversations/list/${encodeURIComponent(username)}`,
    );
    const [{ id }] = list.body.conversations;
    const path = `/api/conversations/${id}/history?username=${encodeURIComponent(username)}`;
    const [turn] = (await tools.page.call('send', 'GET', path)).body;
    expect(turn).toMatchObject({ query: 'What is oolong?', answer: 'It is half oxidized.' });
    expect(turn.message_files).toMatchObject([{ type: 'document', belongs_to: 'user' }]);
    const file = await tools.page.evaluate(
      `fetch(${JSON.stringify(turn.message_files[0].url)}).then((answer) => answer.text())`,
    );
    expect(file).toBe('Oolong is half oxidized.');
  });

  it('on another site it has no login', async () => {
    const elsewhere = await tools.browser.open(tools.server.foreignUrl);
    expect(
      await elsewhere.call('send', 'GET', `/api/conversations/list/${encodeURIComponent(username)}`),
    ).toEqual({
      status: 401,
      body: { error: expect.any(String) },
    });
  });
});
