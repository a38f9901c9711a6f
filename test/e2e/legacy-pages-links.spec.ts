import { describe, expect, it } from 'vitest';
import { PASSWORD } from '../support/client.ts';
import { chromium, usePage } from '../support/page.ts';
import { eventually } from '../support/talk.ts';

/** The companion’s bots answer a GET, and the older frontends use it. */
describe.skipIf(!chromium)('GET /chat/new_chat in a browser', { timeout: 90_000 }, () => {
  const tools = usePage('assistant.html');
  const { ctx } = tools;

  it('works from a page of the same site, and from no other one', async () => {
    const { server, page } = tools;
    const account = { username: 'reader', password: PASSWORD };
    await page.call('send', 'POST', '/users/register/', account);
    const { body: login } = await page.call('send', 'POST', '/login/', account);
    const said = { user_id: login.user_id, chatbot_name: 'Bot', chatbot_type: 0 };
    const { body: bot } = await page.call('send', 'POST', '/bots/create', said);
    const link = `/chat/new_chat?user_id=${login.user_id}&chatbot_id=${bot.data[0].chatbot_id}&input=Hello`;
    const answer = await page.call('send', 'GET', link);
    expect(answer).toMatchObject({ status: 200, body: { code: 200, msg: 'ok', data: expect.any(String) } });
    const messages = () => ctx.query('SELECT id FROM messages');
    const asked = ctx.upstream.log.length;
    expect(await messages()).toHaveLength(2);

    const target = `${server.url}${link}`;
    await page.goTo(server.foreignUrl);
    // A picture, a request without CORS, a form and a link: the last two go along with the cookie of a Lax login.
    await page.evaluate(
      `new Promise((done) => { const picture = new Image(); picture.onerror = done; picture.src = '${target}'; })`,
    );
    await page.evaluate(
      `fetch('${target}', { mode: 'no-cors', credentials: 'include' }).then(() => undefined)`,
    );
    for (const leave of [
      `location.href = '${target}'`,
      `Object.assign(document.body.appendChild(document.createElement('a')), { href: '${target}' }).click()`,
    ]) {
      await page.goTo(server.foreignUrl);
      await page.evaluate(`void (${leave})`);
      const text = await eventually(async () => {
        const shown = await page.evaluate('location.pathname + document.body.innerText').catch(() => '');
        return shown.startsWith('/chat/new_chat') && shown;
      });
      // With the cookie, or it would be another error.
      expect(text).toMatch(/"code":-1,"msg":"[^"]*(site|origin)/i);
    }
    expect(await messages()).toHaveLength(2);
    expect(ctx.upstream.log).toHaveLength(asked);
  });
});
