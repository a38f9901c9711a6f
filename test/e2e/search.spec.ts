import { describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { idsOfPages, readPages } from '../support/paging.ts';
import { useApi } from '../support/suite.ts';
import { allIndexed } from '../support/tables.ts';
import { begin } from '../support/talk.ts';

/** What a search shows of a conversation. */
interface Hit {
  id: number;
  match: {
    messageId: number | null;
    seq: number | null;
    role: string | null;
    snippet: string;
    ranges: { start: number; end: number }[];
  };
}

const SOON_MS = 15_000;

describe('the search over conversations', () => {
  const ctx = useApi();

  const search = async (client: ApiClient, q: string, more = '') => {
    const path = `conversations?q=${encodeURIComponent(q)}${more}`;
    return (await client.get(path, { expect: 200 })).body as { items: Hit[]; nextCursor: string | null };
  };
  const found = async (client: ApiClient, q: string, more = '') =>
    (await search(client, q, more)).items.map(({ id }) => id);
  const marked = ({ match: { snippet, ranges } }: Hit) =>
    ranges.map(({ start, end }) => snippet.slice(start, end));

  /** Says something; the model answers with `answer`. */
  async function say(client: ApiClient, id: number, content: string, answer = 'Well.') {
    ctx.upstream.setDefaults({ pieces: [answer] });
    const { body } = await client.post(`conversations/${id}/messages`, { content }, { expect: 201 });
    return body as { userMessage: { id: number }; assistantMessage: { id: number } };
  }

  /** Waits until all that this user said can be found. */
  const indexed = (client: ApiClient) => allIndexed(ctx, client.account.id);

  /** A conversation in which this was said; nothing of it is in its title. */
  async function conversation(client: ApiClient, content: string, answer?: string): Promise<number> {
    const id = await begin(client, { title: 'Untitled' });
    await say(client, id, content, answer);
    return id;
  }

  it('finds what was said and what was answered, and shows where', async () => {
    const client = await ctx.register();
    const id = await begin(client, { title: 'Evening' });
    const { userMessage } = await say(
      client,
      id,
      `${'I am not sure yet. '.repeat(20)}A table\nfor two, please. ${'That is all. '.repeat(20)}`,
      'We have an excellent bouillabaisse tonight.',
    );
    const second = await say(client, id, 'And a dessert?', 'A crème brûlée.');
    await indexed(client);
    const { items, nextCursor } = await search(client, 'table');
    expect(nextCursor).toBeNull();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      id,
      match: { messageId: userMessage.id, seq: 1, role: 'user' },
    });
    expect(items[0]!.match.snippet).toContain('A table for two, please.');
    expect(items[0]!.match.snippet.length).toBeLessThanOrEqual(162);
    expect(marked(items[0]!)).toEqual(['table']);
    const [answer] = (await search(client, 'CREME brulee')).items;
    expect(answer!.match).toMatchObject({
      ...{ messageId: second.assistantMessage.id, seq: 4, role: 'assistant', snippet: 'A crème brûlée.' },
    });
    expect(marked(answer!)).toEqual(['crème', 'brûlée']);
    const [title] = (await search(client, 'evening')).items;
    expect(title!.match).toEqual({
      ...{ messageId: null, seq: null, role: null, snippet: 'Evening', ranges: [{ start: 0, end: 7 }] },
    });
    expect((await client.get('conversations')).body.items[0].match).toBeNull();
    expect((await client.get(`conversations/${id}`)).body.match).toBeNull();
  });

  it.each([
    ['天气', '今天天气很好，我们去公园吧', ['天气']],
    ['今天天气', '今天天气很好，我们去公园吧', ['今天天气']],
    ['公园 天气', '今天天气很好，我们去公园吧', ['天气', '公园']],
    ['猫', '我家有两只小猫', ['猫']],
    ['iphone手机', '我的手机是 iPhone 15', ['手机', 'iPhone']],
    ['ﾊﾟﾝ', '毎朝パンを食べます', ['パン']],
    ['김치', '저는 김치찌개를 좋아해요', ['김치']],
    ['HELLO', 'Ｈｅｌｌｏ there', ['Ｈｅｌｌｏ']],
    ['strasse', 'In der Straße', ['Straße']],
    ['restaur', 'The restaurant is open', ['restaurant']],
    ['open rest', 'The restaurant is open', ['restaurant', 'open']],
    ['"is open"', 'The restaurant is open', ['is open']],
    ['+open -is* (the) ~<>@ %', 'The restaurant is open', ['The', 'is', 'open']],
    ["o'clock", 'At eight o’clock', ['o', 'clock']],
    ['c++', 'Is C++ hard?', ['C']],
  ])('finds %j in %j', async (q, content, expected) => {
    const client = await ctx.register();
    const id = await conversation(client, content);
    await indexed(client);
    const { items } = await search(client, q);
    expect(items.map((item) => item.id)).toEqual([id]);
    expect(marked(items[0]!)).toEqual(expected);
  });

  it('does not find what is not there', async () => {
    const client = await ctx.register();
    await conversation(client, '今天天气很好 and the restaurant is open', 'The other message says closed.');
    await indexed(client);
    const others = [
      '天好',
      '今天很好',
      'rest open',
      'open closed',
      '"open is"',
      'taurant',
      'nothing',
      '天气 雨',
    ];
    for (const q of others) expect([q, await found(client, q)]).toEqual([q, []]);
    const noWords = ['👍', '!!!', '%', '_', '"', "'", '\\', '*', '\u{1f469}\u200d\u{1f469}', '🈚'];
    for (const q of noWords) expect([q, await found(client, q)]).toEqual([q, []]);
  });

  it('refuses what is blank or too long', async () => {
    const client = await ctx.register();
    for (const q of ['', '%20', '%E3%80%80', 'a'.repeat(201), '%00'])
      expect([q, (await client.get(`conversations?q=${q}`)).status]).toEqual([q, 400]);
    expect((await client.get('conversations?q=a&q=b')).status).toBe(400);
    expect(await found(client, '𠮷'.repeat(200))).toEqual([]);
    expect(await found(client, 'a b '.repeat(50))).toEqual([]);
    expect((await client.get('conversations?q=a&cursor=abc')).status).toBe(400);
  });

  it('finds the own conversations alone', async () => {
    const [client, other] = await Promise.all([ctx.register(), ctx.register()]);
    const mine = await conversation(client, 'the platypus sleeps');
    const theirs = await conversation(other, 'the platypus wakes');
    await begin(other, { title: 'Platypus' });
    await Promise.all([indexed(client), indexed(other)]);
    expect(await found(client, 'platypus')).toEqual([mine]);
    expect(await found(other, 'platypus wakes')).toEqual([theirs]);
    expect(await found(client, 'wakes')).toEqual([]);
  });

  it('keeps the order, filters and cursors of the list', async () => {
    const client = await ctx.register();
    const { body: bot } = await client.post('chatbots', { name: 'Bot' }, { expect: 201 });
    const ids: number[] = [];
    for (let n = 0; n < 9; n += 1) {
      const title = n % 3 === 0 ? `Walrus ${n}` : `Other ${n}`;
      ids.push(await begin(client, { title, ...(n % 2 === 0 && { chatbotId: bot.id }) }));
    }
    for (const n of [1, 4]) await say(client, ids[n]!, 'Where is the walrus?');
    await indexed(client);
    const expected = [ids[4], ids[1], ids[6], ids[3], ids[0]];
    expect(await found(client, 'walrus')).toEqual(expected);
    for (const limit of [1, 2, 5]) {
      const pages = await readPages(client, 'conversations?q=walrus', limit);
      expect(idsOfPages(pages)).toEqual(expected);
      expect(pages).toHaveLength(Math.ceil(5 / limit));
    }
    expect(await found(client, 'walrus', `&chatbotId=${bot.id}`)).toEqual([ids[4], ids[6], ids[0]]);
    expect(await found(client, 'walrus', '&topicId=987654321')).toEqual([]);
  });

  it('follows what changes: names, answers made again, other branches, deletions', async () => {
    const client = await ctx.register();
    const id = await begin(client, { title: 'Sloth' });
    const { assistantMessage } = await say(client, id, 'Tell me about it', 'It is an armadillo.');
    await client.patch(`conversations/${id}`, { title: 'Manatee' }, { expect: 200 });
    expect(await found(client, 'sloth')).toEqual([]);
    expect(await found(client, 'manatee')).toEqual([id]);
    ctx.upstream.setDefaults({ pieces: ['It is a pangolin.'] });
    await client.post(`messages/${assistantMessage.id}/regenerate`, {}, { expect: 201 });
    await say(client, id, 'And the okapi?', 'Also.');
    await indexed(client);
    // What is on another branch was said, too.
    for (const q of ['armadillo', 'pangolin', 'okapi'])
      expect([q, await found(client, q)]).toEqual([q, [id]]);
    const rows = await ctx.query('SELECT COUNT(*) AS n FROM search_terms WHERE conversation_id = ?', [id]);
    expect(Number(rows[0].n)).toBeGreaterThan(10);
    await client.delete(`conversations/${id}`, undefined, { expect: 204 });
    for (const q of ['armadillo', 'manatee']) expect([q, await found(client, q)]).toEqual([q, []]);
    expect(await ctx.query('SELECT seq FROM search_terms WHERE conversation_id = ?', [id])).toEqual([]);
  });

  it('loses its terms with the account', async () => {
    const client = await ctx.register();
    const id = await conversation(client, 'a coelacanth');
    await indexed(client);
    expect(await found(client, 'coelacanth')).toEqual([id]);
    await client.delete('users/me', { password: client.account.password }, { expect: 204 });
    expect(await ctx.query('SELECT seq FROM search_terms WHERE conversation_id = ?', [id])).toEqual([]);
  });

  it('finds what was asked while the answer is being written, and the answer when it has ended', async () => {
    const client = await ctx.register();
    const id = await begin(client, { title: 'Untitled' });
    ctx.upstream.setDefaults({ pieces: ['An axolotl ', 'and ', 'more '], gap: 100_000 });
    const turn = client.post(`conversations/${id}/messages`, { content: 'Which quokka?' });
    await expect.poll(() => found(client, 'quokka'), { timeout: SOON_MS }).toEqual([id]);
    expect(await found(client, 'axolotl')).toEqual([]);
    const [running] = await ctx.query('SELECT id FROM messages WHERE running_in = ?', [id]);
    await expect
      .poll(async () => (await client.get(`messages/${running.id}`)).body.content, { timeout: SOON_MS })
      .toContain('axolotl');
    await client.post(`messages/${running.id}/stop`, undefined, { expect: 200 });
    await turn;
    await expect.poll(() => found(client, 'axolotl'), { timeout: SOON_MS }).toEqual([id]);
    await indexed(client);
  });
});
